"""Patterns in texts: what is found sorted by marks is what is found by looking for everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.inspection.scan import compile_patterns, load_scan
from vallum.inspection.sieve import Sieve, compile_sieve

_PATTERNS = (
    *("union", r"'\s*or", r"^ls", r"rm$", r"[^\n]\n\n?x", r"\(\)", r"=1", r";\s*ls", r"\r\n"),
    *(r"%41", r"\xc3\xa9x", r"\n\n\n\nq|\A\nq", r"https?://\d"),
)
_SIEVE = Sieve(compile_sieve(_PATTERNS))
_ALONE = load_scan(compile_patterns(_PATTERNS))
_PIECES = st.sampled_from(
    [
        *(
            "union",
            "'",
            " or",
            "ls",
            "rm",
            "\n",
            "x",
            "(",
            ")",
            "=1",
            ";",
            "\r",
            "%41",
            "é",
            "q",
            " ",
        ),
        *("http://1", "plain words", "é" * 90, "a" * 400),
    ]
)
_TEXTS = st.lists(st.lists(_PIECES, max_size=8).map("".join), max_size=12)


@given(_TEXTS)
def test_each_text_gets_what_it_gets_alone(texts: list[str]) -> None:
    found = _SIEVE(texts)
    for index, text in enumerate(texts):
        alone = set(_ALONE(text.encode()))
        assert alone <= found.get(index, set()), (text, alone, found)


@given(st.lists(st.sampled_from(["union", "a", "é", "", "b"]), max_size=40))
def test_matches_are_of_the_text_that_they_are_in(texts: list[str]) -> None:
    found = _SIEVE(texts)
    assert dict(found) == {index: {0} for index, text in enumerate(texts) if text == "union"}


@pytest.mark.parametrize("text", ["", "plain", "plain " * 1000, "it's (=1) " * 1000])
def test_a_text_without_a_match_has_no_entry(text: str) -> None:
    assert dict(_SIEVE([text])) == ({0: {6}} if "=1" in text else {})


@pytest.mark.parametrize("many", [1, 200])
def test_borders_are_no_line_feeds_of_texts(many: int) -> None:
    texts = ["plain", "x"] * many
    assert not _SIEVE(texts)
    texts[-1] = "a\nx"
    assert dict(_SIEVE(texts)) == {len(texts) - 1: {4}}


def test_a_text_with_thousands_of_matches_is_taken_to_match_everything_that_it_may() -> None:
    found = _SIEVE(["union" * 5000, "(" * 3, "plain"])
    assert found[0] >= {0}
    assert found[1] >= {0}, "who hides one text behind another gains nothing"


def test_nothing_is_found_with_no_patterns() -> None:
    assert not Sieve(compile_sieve(()))(["anything' or 1=1"])


@given(_TEXTS)
def test_what_is_searched_instead_of_a_character_stands_where_it_stood(texts: list[str]) -> None:
    sieve = Sieve(compile_sieve(_PATTERNS), {"\u2019": "'", "\u00e9": "x"})
    plainly = [text.replace("\u00e9", "x") for text in texts]

    assert dict(sieve(texts)) == dict(_SIEVE(plainly))
