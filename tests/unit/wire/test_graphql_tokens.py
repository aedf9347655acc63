"""The tokens of a document: what is counted, what is refused, and how long that takes."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, parse
from hypothesis import given
from hypothesis import strategies as st

from vallum.wire.graphql import (
    LONGEST_NAME,
    MOST_NESTED,
    MalformedGraphQL,
    TokenLimits,
    scan_document,
)

ROOM = TokenLimits(tokens=10**9, aliases=10**9, directives=10**9, fragments=10**9)


def code(text: str, limits: TokenLimits = ROOM) -> str:
    with pytest.raises(MalformedGraphQL) as caught:
        scan_document(text, limits)
    assert text not in str(caught.value)
    return caught.value.code


def test_tokens_and_comments() -> None:
    text = '{ a(x: "s#t", y: """b"c""", z: -1.5e3) @d ...F # one\n} #two'

    assert scan_document(text, ROOM) == (18, ("one", "two"))


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("{ a: b c: d }", 2),
        ("{ a : b #x\n c\n:\nd }", 2),
        ("query A($a: Int, $b: [Int] = [1]) { a(b: $a, c: {d: 1, e: {f: 2}}) { g: h } }", 1),
        ('{ a(b: "c: d") }', 0),
        ("{ a @b(c: 1) { d: e } }", 1),
    ],
)
def test_aliases_are_told_from_arguments(text: str, aliases: int) -> None:
    scan_document(text, ROOM._replace(aliases=aliases))
    if aliases:
        assert code(text, ROOM._replace(aliases=aliases - 1)) == "aliases"


def test_limits_hold_exactly() -> None:
    assert scan_document("{ a b }", ROOM._replace(tokens=4)).total == 4
    assert code("{ a b }", ROOM._replace(tokens=3)) == "tokens"
    scan_document("{ a @b @c }", ROOM._replace(directives=2))
    assert code("{ a @b @c }", ROOM._replace(directives=1)) == "directives"
    scan_document("{" * MOST_NESTED, ROOM)
    assert code("{" * (MOST_NESTED + 1)) == "nesting"
    scan_document("a" * LONGEST_NAME, ROOM)
    assert code("a" * (LONGEST_NAME + 1)) == "name"
    scan_document('...F ... { "..."', ROOM._replace(fragments=2))
    assert code("...F ... {", ROOM._replace(fragments=1)) == "fragments"


@pytest.mark.parametrize("text", ["{ a ? }", '{ a(b: "c) }', '"""a"', "'a'", "{ \u2028 }", "\x00"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert code(text) == "syntax"


@pytest.mark.parametrize(
    "piece", ['"', '"""', '\\"', '"\\', '""x', '"""\\"', "#", "1.", "1e", " ", ",", "-", "...", "."]
)
def test_no_text_makes_it_look_twice(piece: str) -> None:
    for text in (piece * 20_000, '"""' + piece * 20_000, '"' + piece * 20_000):
        try:
            scan_document(text, ROOM)
        except MalformedGraphQL as error:
            assert error.code in {"syntax", "nesting", "name"}  # noqa: PT017  (either will do)


_PIECES = st.sampled_from(
    ["{", "}", "a", "b", ":", "(", ")", "$x", "1", "-2.5e1", '"s"', '"\\""', '"""t"""', "@d", "...",
     "...F", "on", "query", "fragment", "[", "]", "!", "=", "|", " ", "\n", ",", "# c\n", "\ufeff"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=40))
def test_it_counts_what_the_parser_counts(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        document = parse(text)
    except GraphQLError:
        return
    assert scan_document(text, ROOM).total == document.token_count
