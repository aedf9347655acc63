"""The one spelling of a name (B-121)."""

from __future__ import annotations

import pytest

from vallum.inspection.identifiers import is_canonical_identifier


@pytest.mark.parametrize(
    "text",
    [
        "alice",
        "Alice",
        "tenant_1",
        "a+b@example.com",
        "münchen",
        "naïve",
        "пользователь",
        "李明",
        "東京タワー",
        "김철수",
        "عمر",
        "Ελλάδα",
        "हिन्दी",
        "用户abc",
    ],
)
def test_plain_names_are_canonical(text: str) -> None:
    assert is_canonical_identifier(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("a b", "space"),
        ("a\tb", "control"),
        ("ａｄｍｉｎ", "full-width"),
        ("𝐚dmin", "mathematical"),
        ("adm\u0131n", "dotless i"),
        ("\u0130stanbul", "dotted I"),
        ("\ufb01le", "ligature"),
        ("straße", "folds to ss"),
        ("\u212aelvin", "Kelvin sign"),
        ("e\u0301", "not composed"),
        ("ad\u200bmin", "zero-width space"),
        ("a\u200db", "zero-width joiner"),
        ("a\u202eb", "right-to-left override"),
        ("x\ufe0f", "variation selector"),
        ("x\u3164", "Hangul filler"),
        ("x\u0378", "unassigned"),
        ("x\ue000", "private use"),
        ("раypal", "Cyrillic and Latin"),
        ("Ωmega", "Greek and Latin"),
        ("1\u0663", "digits of two systems"),
        ("\u0301a", "starts with a mark"),
        ("x\u0316\u0317\u0318", "a pile of marks"),
        ("a\u2044b", "symbol"),
        ("alice\n", "a line break at its end"),
    ],
)
def test_other_spellings_are_not(text: str, why: str) -> None:
    assert not is_canonical_identifier(text), why
