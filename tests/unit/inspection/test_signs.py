"""Every character that a decoder turns into ASCII, or drops, is a sign of a coding."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest

from vallum.inspection.decoders.layers import SIGNS
from vallum.inspection.decoders.unicode import TYPOGRAPHY, fold, reveal
from vallum.inspection.scan import compile_patterns, load_scan

_SEARCH = load_scan(compile_patterns([pattern for pattern, _ in SIGNS]))
_HARMLESS = {
    *"\u00a0\u00a8\u00aa\u00af\u00b2\u00b3\u00b8\u00b9\u00ba\u00bc\u00bd\u00be\u3000\u309b\u309c",
    *map(chr, range(0x0132, 0x0141)),
    *map(chr, range(0x01C4, 0x01F4)),
    *"\u037a\u0384\u0385\u1e9a\u1fbd\u1fbf\u1fc0\u1fc1",
    *map(chr, range(0x1FCD, 0x1FEF)),
    *"\u1ffe\U000107a5",
    *map(chr, range(0x3200, 0x3400)),
    *"\ufc5e\ufc5f\ufc60\ufc61\ufc62\ufc63\U0001d165\U0001d15e",
    *map(chr, range(0x1FBF0, 0x1FBFA)),
}
"""Digits, letters of ordinals, fractions, digraphs, accents without a letter, units and numbers of
other writings, blanks: no mark and no word of an attack is made of them alone."""
_READABLE = frozenset(string.printable)


def _characters() -> Iterator[str]:
    return (chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point < 0xE000)


def _decoders(character: str) -> set[str]:
    return {name for number in _SEARCH(character.encode()) for name in SIGNS[number][1]}


def test_b121_what_folds_to_ascii_is_a_sign() -> None:
    folded = [
        each
        for each in _characters()
        if each not in TYPOGRAPHY
        and each not in _HARMLESS
        and not _READABLE.isdisjoint(fold(each))
        and "unicode" not in _decoders(each)
    ]
    assert [f"{ord(each):04x}" for each in folded] == []


def test_b121_what_nobody_sees_is_a_sign() -> None:
    unseen = [each for each in _characters() if each not in TYPOGRAPHY and not reveal(each)]

    assert len(unseen) > 100
    assert [each for each in unseen if "invisible" not in _decoders(each)] == []


@pytest.mark.parametrize(("character", "plain"), TYPOGRAPHY.items())
def test_typography_is_what_the_decoders_make_of_it(character: str, plain: str) -> None:
    assert reveal(fold(f"a{character}b")) == f"a{plain}b"
