"""The exact look at a JSON text: every name, number and string as it was written.

Slow, and only asked where the cheap proof of `vallum.wire.json` does not hold. It reads texts
whose grammar and depth have been checked already.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NamedTuple

from vallum.wire.pointer import json_pointer

# RFC 7493 §2.2: integers in [-(2**53)+1, (2**53)-1] are exact in every reader.
MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every reader takes exactly."""

FORBIDDEN_NAMES: Final = frozenset({"__proto__", "constructor", "prototype"})
"""Names that change an object's nature where it is merged carelessly (B-105)."""

MAX_DIGITS: Final = 32
"""Significant digits of a number (B-100)."""

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE][-+]?[0-9]+)?")


class MalformedJSON(Exception):  # noqa: N818  (named for what it says about the text)
    """A JSON text that is refused. `code` says why; the text itself is never in it."""

    def __init__(self, code: str, pointer: str) -> None:
        """
        Args:
            code: `encoding`, `syntax`, `depth`, `width`, `string-length`, `duplicate`, `name` or
                `number`.
            pointer: JSON Pointer of the place, or empty for the whole text.
        """
        super().__init__(f"{code} at `{pointer}`")
        self.code = code
        self.pointer = pointer


class JSONLimits(NamedTuple):
    """Bounds on the shape of a JSON text (TR-2)."""

    depth: int = 32
    """Levels of arrays and objects."""
    width: int = 2_000
    """Members of one object, items of one array."""
    string: int = 64 * 1024
    """Bytes of one string or name in UTF-8."""
    int64: bool = False
    """Whether integers may use all 64 bits, because the contract says `format: int64`."""


class _Object(list[tuple[str, Any]]):
    """An object with its members in order, duplicates too."""


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number
)


def check_members(body: bytes, limits: JSONLimits) -> None:
    """Judge every name, number and string of a JSON text that orjson has accepted.

    Raises:
        MalformedJSON: with the pointer of the first place that breaks a rule.
    """
    _check(_DECODER.decode(body.decode("utf-8")), (), limits)


def check_number(text: str, *, int64: bool) -> None:
    """Judge a number as written (RFC 8259 §6).

    Raises:
        ValueError: not a JSON number, or two readers could take it differently.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError("not a JSON number")
    digits = match[1] + (match[2] or "")
    if len(digits.strip("0")) > MAX_DIGITS or len(match[1]) > MAX_DIGITS:
        raise ValueError("too many digits")
    if match.end(1) == len(text):
        integer = int(text)
        if abs(integer) > MAX_SAFE_INTEGER and not (int64 and -(2**63) <= integer < 2**63):
            raise ValueError("integer outside the interoperable range")
        return
    value = float(text)
    # RFC 7493 §2.2: no greater magnitude than a double; an underflow to zero is as wrong.
    if math.isinf(value) or (value == 0 and digits.strip("0")):
        raise ValueError("number outside the range of a double")


def _check(value: object, path: tuple[str | int, ...], limits: JSONLimits) -> None:
    if isinstance(value, _Object):
        _check_object(value, path, limits)
    elif isinstance(value, _Number):
        try:
            check_number(value, int64=limits.int64)
        except ValueError:
            raise MalformedJSON("number", json_pointer(path)) from None
    elif isinstance(value, str):
        _check_string(value, path, limits)
    elif isinstance(value, list):
        if len(value) > limits.width:
            raise MalformedJSON("width", json_pointer(path))
        for index, item in enumerate(value):
            _check(item, (*path, index), limits)


def _check_object(members: _Object, path: tuple[str | int, ...], limits: JSONLimits) -> None:
    if len(members) > limits.width:
        raise MalformedJSON("width", json_pointer(path))
    seen: set[str] = set()
    for name, value in members:
        here = (*path, name)
        # RFC 7493 §2.3: no duplicate names, compared after unescaping.
        if name in seen:
            raise MalformedJSON("duplicate", json_pointer(here))
        seen.add(name)
        if "\x00" in name or name in FORBIDDEN_NAMES:
            raise MalformedJSON("name", json_pointer(here))
        _check_string(name, path, limits)
        _check(value, here, limits)


def _check_string(text: str, path: tuple[str | int, ...], limits: JSONLimits) -> None:
    if len(text) * 4 > limits.string and len(text.encode("utf-8")) > limits.string:
        raise MalformedJSON("string-length", json_pointer(path))
