"""JSON bodies: RFC 8259 without leniency, and only what every parser reads alike (RFC 7493).

`parse_json` is orjson followed by the checks that no parser makes. The cheap proof runs first:
when the members of the value read are as many as the bytes can possibly spell, no name occurs
twice, and so on. A body that the proof does not cover, innocent or not, is read a second time by
`json_exact`, whose verdict stands. `tests/properties` holds the two to the same verdicts.

What is refused although its grammar is right: duplicate names (B-097, B-098), NUL in a name,
the names that JavaScript gives a meaning to (B-105), numbers that two readers could take
differently (B-100), and whatever is deeper, wider or longer than the limits (B-101, B-102).
`-0` is taken: every reader takes it as equal to 0, and the bytes are forwarded as they are.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import Any, Final

import orjson

from vallum.wire.json_exact import (
    MAX_DIGITS,
    MAX_SAFE_INTEGER,
    JSONLimits,
    MalformedJSON,
    check_members,
)

__all__ = ["DEFAULT_LIMITS", "JSONLimits", "MalformedJSON", "parse_json", "read_grammar"]

DEFAULT_LIMITS: Final = JSONLimits()
"""What a body may be unless the operation says otherwise."""

_NOT_MARKS: Final = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789.", b"0000000000")
_LONG_NUMBER: Final = b"0" * MAX_DIGITS
_SAFE_FLOAT: Final = float(MAX_SAFE_INTEGER)


def parse_json(body: bytes, limits: JSONLimits = DEFAULT_LIMITS) -> object:
    """Read one JSON text.

    Raises:
        MalformedJSON: it is not JSON, or not within I-JSON and `limits`.
    """
    value = read_grammar(body, limits)
    if not _is_plainly_safe(value, body, limits):
        check_members(body, limits)
    return value


def read_grammar(body: bytes, limits: JSONLimits = DEFAULT_LIMITS) -> Any:
    """Read one JSON text by its grammar and depth alone; duplicate names keep the last value.

    Raises:
        MalformedJSON: `encoding` (RFC 8259 §8.1: UTF-8, no byte order mark), `syntax` or `depth`.
    """
    # SECURITY: depth is bounded before anything is built (B-101). Brackets inside strings only
    # make the count larger, so a small count needs no closer look.
    if body.count(b"[") + body.count(b"{") > limits.depth and _is_deeper(body, limits.depth):
        raise MalformedJSON("depth", "")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedJSON(_why_refused(body), "") from None


def _is_deeper(body: bytes, depth: int) -> bool:
    """Whether brackets outside strings nest deeper than `depth`; exact for valid JSON."""
    if b"\\" in body:
        # Pairs first, so that in `\\"` the quote is seen to end the string.
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A string without brackets is now an empty one, and two quotes side by side change nothing
    # for what follows: what is left to cut out are brackets inside strings.
    marks = body.translate(None, _NOT_MARKS).replace(b'""', b"")
    outside = b"".join(marks.split(b'"')[::2])
    steps = array("b", outside.translate(_STEPS))
    return max(accumulate(steps), default=0) > depth


def _why_refused(body: bytes) -> str:
    # orjson also refuses numbers that overflow a double and lone surrogates: the grammar allows
    # both, I-JSON does not (RFC 7493 §2.1, §2.2). Both are `syntax` to the caller.
    if body[:3] == b"\xef\xbb\xbf" or b"\x00" in body[:4]:
        return "encoding"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "encoding"
    return "syntax"


def _is_plainly_safe(value: object, body: bytes, limits: JSONLimits) -> bool:
    """The cheap proof. False says nothing more than that an exact look is needed."""
    if len(body) > limits.string and _has_long_string(body, limits.string):
        return False
    if b"\\" in body and b"\\u0000" in body:
        return False
    members = 0
    width = limits.width
    has_float = False
    nodes: list[Any] = [value] if type(value) in (dict, list) else [[value]]
    for node in nodes:
        if len(node) > width:
            return False
        children = node
        if type(node) is dict:
            # FORBIDDEN_NAMES, spelled out because three look-ups are faster than a set operation.
            if "__proto__" in node or "constructor" in node or "prototype" in node:
                return False
            members += len(node)
            children = node.values()
        for child in children:
            kind = type(child)
            if kind is str:
                continue
            if kind is int:
                if not -MAX_SAFE_INTEGER <= child <= MAX_SAFE_INTEGER:
                    return False
            elif kind is dict or kind is list:
                nodes.append(child)
            elif kind is float:
                # Zero may be an underflow, a large one an integer that was rounded.
                if not -_SAFE_FLOAT < child < _SAFE_FLOAT or child == 0.0:
                    return False
                has_float = True
    if not has_float and members == body.count(b":"):
        return True
    # What was written compactly and comes out the same was read whole: no duplicate was lost, and
    # every number is as short as it can be.
    return orjson.dumps(value) == body or (
        members == _most_members(body) and _LONG_NUMBER not in body.translate(_DIGITS_TO_ZERO)
    )


def _most_members(body: bytes) -> int:
    # Every name is followed by its colon, directly or after whitespace, so this many members at
    # most are spelled out. A duplicate makes the members read fewer than that.
    return body.translate(None, b" \t\r\n").count(b'":')


def _has_long_string(body: bytes, longest: int) -> bool:
    # An escape only shortens a string, so the raw pieces between quotes are an upper bound.
    return max(map(len, body.replace(b'\\"', b"  ").split(b'"'))) > longest
