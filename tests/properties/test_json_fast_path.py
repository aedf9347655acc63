"""The cheap proof of `wire.json` never lets through what the exact look refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum.wire.json import JSONLimits, MalformedJSON, parse_json, read_grammar
from vallum.wire.json_exact import check_members

LIMITS = JSONLimits(depth=6, width=4, string=24)

_NAMES = st.sampled_from(
    ["a", "b", "a:", 'a"', "\\", "", "__proto__", "constructor", "\0", "é", "x" * 25, "https://x"]
)
_NUMBERS = st.sampled_from(
    "0 -0 1 1.0 1e3 0.0 1e-999 -1.5 1e20 9007199254740991 9007199254740993 "
    f"100000000000000000000 {'1' * 33} 0.{'1' * 33} 0.{'0' * 40}1".split()
)
_SPACES = st.sampled_from(["", " ", "\n", "\t ", "\r"])


@st.composite
def _texts(draw: st.DrawFn, depth: int = 0) -> str:
    """JSON texts as a hostile hand would write them: odd spaces, escapes, duplicates."""
    kind = draw(st.sampled_from(["number", "string", "literal", "array", "object"]))
    if kind == "number":
        return draw(_NUMBERS)
    if kind == "literal":
        return draw(st.sampled_from(["true", "false", "null"]))
    if kind == "string" or depth > 4:
        return _quoted(draw, draw(_NAMES))
    space = draw(_SPACES)
    parts = draw(st.lists(_texts(depth=depth + 1), max_size=5))
    if kind == "array":
        return f"[{space}{','.join(parts)}{space}]"
    members = [f"{_quoted(draw, draw(_NAMES))}{draw(_SPACES)}:{draw(_SPACES)}{p}" for p in parts]
    return f"{{{space}{','.join(members)}{space}}}"


def _quoted(draw: st.DrawFn, text: str) -> str:
    if draw(st.booleans()):
        return '"' + "".join(f"\\u{ord(character):04x}" for character in text) + '"'
    return json.dumps(text, ensure_ascii=draw(st.booleans()))


def _exact(body: bytes) -> Any:
    value = read_grammar(body, LIMITS)
    check_members(body, LIMITS)
    return value


def _verdict(read: Any, *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except MalformedJSON as refusal:
        return (refusal.code, refusal.pointer)


@settings(max_examples=150, deadline=None)
@given(_texts())
def test_fast_verdict_is_the_exact_verdict(text: str) -> None:
    body = text.encode("utf-8")
    assert _verdict(parse_json, body, LIMITS) == _verdict(_exact, body)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=40) | st.text(alphabet='{}[]",:\\0123e.-u\n ', max_size=40).map(str.encode)
)
def test_whatever_is_read_is_read_as_others_read_it(body: bytes) -> None:
    try:
        value = parse_json(body)
    except MalformedJSON:
        return
    assert value == json.loads(body) == orjson.loads(body)


@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text().filter(lambda name: "\0" not in name), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_ordinary_values_pass(value: Any) -> None:
    limits = JSONLimits()
    if "__proto__" not in repr(value) and "constructor" not in repr(value):
        assert parse_json(orjson.dumps(value), limits) == value
        assert parse_json(json.dumps(value, indent=1).encode(), limits) == value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.text(alphabet='[]{}"\\:,a'),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(alphabet='[{"\\}]'), inner, max_size=3)
        ),
        max_leaves=10,
    ),
    st.integers(0, 5),
)
def test_depth_is_exact(value: Any, depth: int) -> None:
    verdict = _verdict(read_grammar, orjson.dumps(value), JSONLimits(depth=depth))
    assert (verdict == ("depth", "")) == (_depth(value) > depth)
