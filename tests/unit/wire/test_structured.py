"""Structured fields, read strictly and written in their one form (RFC 9651)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.wire.structured import (
    MAX_ITEMS,
    MAX_LENGTH,
    MAX_MEMBERS,
    MAX_PARAMETERS,
    InnerList,
    Item,
    MalformedField,
    Token,
    parse_dictionary,
    serialise_item,
    serialise_list,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"a=1", 1),
        (b"a=-0", 0),
        (b"a=-42", -42),
        (b"a=999999999999999", 999_999_999_999_999),
        (b'a=""', ""),
        (b'a="x y"', "x y"),
        (b'a="q\\"b\\\\"', 'q"b\\'),
        (b"a=::", b""),
        (b"a=:AA==:", b"\0"),
        (b"a=:aGVsbG8=:", b"hello"),
        (b"a=?0", False),
        (b"a=?1", True),
        (b"a", True),
        (b"  a=1  ", 1),
    ],
)
def test_reads_values(text: bytes, value: object) -> None:
    member = parse_dictionary(text)["a"]
    assert isinstance(member, Item)
    assert (type(member.value), member.value) == (type(value), value)
    assert member.parameters == {}


@pytest.mark.parametrize("text", [b"a=tok", b"a=*", b"a=T:o/k'e!n"])
def test_a_token_is_not_a_string(text: bytes) -> None:
    member = parse_dictionary(text)["a"]
    assert isinstance(member, Item)
    assert type(member.value) is Token
    assert serialise_item(member) == text.decode()[2:]


def test_reads_members_lists_and_parameters() -> None:
    found = parse_dictionary(b'a=(  "x";n=1;f  tok );p="q" ,\tb;x=?0, *c-1.d_=2')
    assert list(found) == ["a", "b", "*c-1.d_"]
    inner = found["a"]
    assert isinstance(inner, InnerList)
    assert inner.items == (Item("x", {"n": 1, "f": True}), Item(Token("tok"), {}))
    assert inner.parameters == {"p": "q"}
    assert found["b"] == Item(value=True, parameters={"x": False})
    assert serialise_list(inner) == '("x";n=1;f tok);p="q"'
    assert parse_dictionary(b"") == parse_dictionary(b"  ") == {}
    assert parse_dictionary(b"a=()")["a"] == InnerList((), {})


@pytest.mark.parametrize(
    "text",
    [
        b"=1",
        b"A=1",
        b"1=1",
        b"a=",
        b"a =1",
        b"a= 1",
        b"a=1,",
        b",a=1",
        b"a=1,,b=2",
        b"a=1 b=2",
        b"a=1;",
        b"a=1;B",
        b"a=1 ;b",
        b"a=1;b;b",
        b"a=1, a=2",
        b"a, a",
        b"a=1.0",
        b"a=1.",
        b"a=--1",
        b"a=-",
        b"a=+1",
        b"a=1e3",
        b"a=1000000000000000",
        b"a=0x1",
        b'a="x',
        b'a=x"',
        b'a="\\x"',
        b'a="\t"',
        b'a="\xc3\xa9"',
        b"a='x'",
        b"a=:A:",
        b"a=:AA:",
        b"a=:AB==:",
        b"a=:AA==",
        b"a=:AA=A:",
        b"a=:A A=:",
        b"a=:AA-_:",
        b"a=?2",
        b"a=?",
        b"a=@1700000000",
        b'a=%"x"',
        b"a=(",
        b"a=(1",
        b"a=(1,2)",
        b"a=(1\t2)",
        b'a=("x""y")',
        b"a=((1))",
        b"a=)",
        b"\ta=1",
        b"a=1\t",
        b"a=1\n",
        b"a=\x00",
    ],
)
def test_refuses(text: bytes) -> None:
    with pytest.raises(MalformedField):
        parse_dictionary(text)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda n: b", ".join(b"k%d" % i for i in range(n)), MAX_MEMBERS),
        (lambda n: b"a=(" + b" ".join([b"1"] * n) + b")", MAX_ITEMS),
        (lambda n: b"a" + b"".join(b";k%d" % i for i in range(n)), MAX_PARAMETERS),
        (lambda n: b"a=" + b"x" * (n - 2), MAX_LENGTH),
    ],
    ids=["members", "items", "parameters", "length"],
)
def test_bounds(make: object, most: int) -> None:
    assert callable(make)
    assert parse_dictionary(make(most))
    with pytest.raises(MalformedField):
        parse_dictionary(make(most + 1))


_BARE = st.one_of(
    st.booleans(),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    st.binary(max_size=20),
    st.from_regex(r"[A-Za-z*][A-Za-z0-9!#:/.-]{0,10}", fullmatch=True).map(Token),
)
_PARAMETERS = st.dictionaries(
    st.from_regex(r"[a-z*][a-z0-9_.*-]{0,8}", fullmatch=True), _BARE, max_size=5
)
_ITEMS = st.builds(Item, _BARE, _PARAMETERS)


@given(st.builds(InnerList, st.lists(_ITEMS, max_size=6).map(tuple), _PARAMETERS))
def test_what_is_written_is_read_again(inner: InnerList) -> None:
    text = b"x=" + serialise_list(inner).encode("ascii")
    found = parse_dictionary(text)["x"]
    assert found == inner
    assert isinstance(found, InnerList)
    assert serialise_list(found).encode("ascii") == text[2:]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        found = parse_dictionary(text)
    except MalformedField:
        return
    assert all(isinstance(member, Item | InnerList) for member in found.values())
