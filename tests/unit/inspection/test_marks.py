"""What is looked for only in texts with certain marks is in no text without them."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.inspection.decoders.layers import SIGNS
from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.marks import GROUP_OF, GROUPS, PLAIN, alternatives, groups_of

_PATTERNS = [pattern for pattern, _ in SIGNS]
_PATTERNS += [trigger for each in DETECTORS for trigger in each.triggers]


@cache
def _texts_of(pattern: str) -> st.SearchStrategy[str]:
    """Texts that are one match of a pattern and nothing else; a character for each byte."""
    plain = pattern.encode().decode("latin-1").replace(r"\z", r"\Z")
    flags = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.ASCII
    bytes_ = st.characters(max_codepoint=255)
    return st.from_regex(re.compile(plain, flags), fullmatch=True, alphabet=bytes_)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_match_has_a_mark_of_the_groups_of_its_pattern(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(_PATTERNS))
    text = data.draw(_texts_of(pattern))
    groups = groups_of(pattern)
    assert groups == (PLAIN,) or {GROUP_OF[byte] for byte in text.encode("latin-1")} & set(groups)


@pytest.mark.parametrize(
    ("pattern", "marks"),
    [
        (r"union\s+select", ""),
        (r"['\"]\s*or\b", "'"),
        (r"['\"]?or\b", ""),
        (r"(?:'|\()x", "'("),
        (r"(?:'|x)=", "="),
        (r"(?:'=|=\()", "="),
        (r"\w+\s*\(\s*'", "("),
        (r"(?i:[;|])x{0,3}y", ";"),
        (r"[^\w\s.,?!-]\Z", ""),
        (r"[^\x80-\xff\w\s.,?!-]", "':(;<*"),
        (r"\$\{", "{"),
        (r"(?:\{\{)+a", "{"),
        (r"(?:\{\{)*a", ""),
        (r"(?>=a|=b)\z", "="),
        (r"(?=\()a", ""),
        (r"\x00", "*"),
        (r"\n\n", ";"),
        (r"(", ""),
        (r"[[:punct:]]=", ""),
    ],
)
def test_what_a_pattern_needs(pattern: str, marks: str) -> None:
    groups = {number for number, own in enumerate(GROUPS, 1) if set(marks.encode()) & set(own)}
    assert set(groups_of(pattern)) == (groups or {PLAIN})


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
    plain = [pattern for pattern in _PATTERNS if groups_of(pattern) == (PLAIN,)]
    assert len(plain) < len(_PATTERNS) / 5


@pytest.mark.parametrize(
    "text",
    [
        "We will take the 9.30 train, if it is on time, and be there by noon!",
        "Сказал, что не придёт. 商品が届きません。",
        "anna-maria, 18.50 a month? Yes",
    ],
)
def test_sentences_are_plain(text: str) -> None:
    assert not any(text.encode().translate(GROUP_OF))
