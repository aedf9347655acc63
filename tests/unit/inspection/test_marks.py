"""What is looked for only in texts with certain marks is in no text without them."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.inspection.decoders.layers import SIGNS
from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.marks import CALM, PLAIN, alternatives, needs_mark

_PATTERNS = [pattern for pattern, _ in SIGNS]
_PATTERNS += [trigger for each in DETECTORS for trigger in each.triggers]


_MARKED = [
    (pattern, plain)
    for plain in (PLAIN, CALM)
    for pattern in _PATTERNS
    if needs_mark(pattern, plain)
]


@cache
def _texts_of(pattern: str) -> st.SearchStrategy[str]:
    """Texts that are one match of a pattern and nothing else; a character for each byte."""
    plain = pattern.encode().decode("latin-1").replace(r"\z", r"\Z")
    flags = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.ASCII
    bytes_ = st.characters(max_codepoint=255)
    return st.from_regex(re.compile(plain, flags), fullmatch=True, alphabet=bytes_)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_match_of_a_pattern_that_needs_a_mark_has_one(data: st.DataObject) -> None:
    pattern, plain = data.draw(st.sampled_from(_MARKED))
    assert data.draw(_texts_of(pattern)).encode("latin-1").translate(None, plain)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            r"['\"]\s*or\b",
            r"(?:'|\()x",
            r"(?:'|x)=",
            r"\w+\s*\(\s*'",
            r"(?i:[;|])x{0,3}y",
            r"\$\{",
        ),
        *(r"[^\x80-\xff\w\s.,?!-]", r"(?:\{\{)+a", r"(?>=a|=b)\z", r"\x00", r"\n\n", r"[(]{2}a"),
    ],
)
def test_patterns_that_need_a_mark(pattern: str) -> None:
    assert needs_mark(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"union\s+select", r"['\"]?or\b", r"(?:'|x)y", r"[^\w\s]\w", r"[^a](?:=|b)", r"(?:=)*a"),
        *(r"(?=\()a", r"(?:\(){0,2}a", r".\b", r"^$", r"\xe2\x80", r"a|=", r"(?:a|)", r"\D"),
        *("(", r"[[:punct:]]", r"a\Kb"),
    ],
)
def test_patterns_that_plain_text_may_match_or_that_are_not_understood(pattern: str) -> None:
    assert not needs_mark(pattern)


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("a", ["a"]),
        ("a|b|", ["a", "b", ""]),
        ("(?:a|b)c|d", ["(?:a|b)c", "d"]),
        (r"a\|b|c", [r"a\|b", "c"]),
        (r"[|]|[^|]|[]|]|[^]|]", ["[|]", "[^|]", "[]|]", "[^]|]"]),
        (r"[\]|]|\(|x\\|y", [r"[\]|]", r"\(", r"x\\", "y"]),
        (r"(?:[)]|a)|b", [r"(?:[)]|a)", "b"]),
    ],
)
def test_alternatives_are_told_apart(pattern: str, parts: list[str]) -> None:
    assert alternatives(pattern) == parts


def test_alternatives_are_what_the_pattern_was() -> None:
    for pattern in _PATTERNS:
        for part in alternatives(pattern):
            re.compile(part.replace(r"\z", r"\Z"))


def test_most_patterns_need_a_mark() -> None:
    assert len(_MARKED) > len(_PATTERNS) * 4 / 5


@pytest.mark.parametrize(
    "text",
    [
        "We will take the 9.30 train, if it is on time, and be there by noon!",
        "Сказал, что не придёт. 商品が届きません。",
        "anna-maria, 18.50 a month? Yes",
    ],
)
def test_sentences_are_plain(text: str) -> None:
    assert not text.encode().translate(None, PLAIN)
