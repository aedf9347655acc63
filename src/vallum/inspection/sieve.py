"""Many patterns in many texts: text without marks is not searched for what needs one.

What a search costs is mostly the size of what it reads: all patterns together outgrow the caches of
a processor. So there are three databases, of what plain text can match, of what calm text can, and
of everything.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

from vallum.inspection.marks import CALM, PLAIN, alternatives, needs_mark
from vallum.inspection.scan import (
    Places,
    TooManyMatches,
    compile_patterns,
    load_places,
    numbers_of,
)

_SEPARATOR: Final = "\n\n\n"
"""Three, so that a pattern can tell a line feed of a text from the border between two texts."""
_BORDER: Final = _SEPARATOR.encode()
_TIERS: Final = (PLAIN, CALM)
"""Texts of these bytes are searched for what they can match, by the first that has all of them."""
_ALLOWED: Final = tuple(tier + b"\n" for tier in _TIERS)
_MEDIUM: Final = 1024
"""Bytes of joined texts that it does not pay to sort by their marks."""
_LENGTH: Final = struct.Struct(">I")

VERSION: Final = "4 " + " ".join(tier.hex() for tier in _TIERS)
"""Of what `compile_sieve` makes, and of what it takes for plain; to be raised when it changes."""

_NOTHING: Final[Mapping[str, str]] = {}

Found = Mapping[int, set[int]]
"""Index of a text → the numbers of the patterns that match in it."""


def compile_sieve(patterns: Sequence[str]) -> bytes:
    """What a `Sieve` of these patterns is made of.

    Raises:
        BadPatternError: names the first pattern that cannot be compiled.
    """
    packed = [_compile_tier(patterns, tier) for tier in _TIERS]
    packed.append(compile_patterns(patterns))
    return b"".join(_LENGTH.pack(len(each)) + each for each in packed)


def _compile_tier(patterns: Sequence[str], plain: bytes) -> bytes:
    parts = {
        number: "|".join(part for part in alternatives(pattern) if not needs_mark(part, plain))
        for number, pattern in enumerate(patterns)
    }
    left = {number: part for number, part in parts.items() if part}
    return compile_patterns(list(left.values()), list(left))


class Sieve:
    """Finds patterns in texts. For one thread."""

    __slots__ = ("_instead", "_numbers", "_scans")

    def __init__(self, compiled: bytes, instead: Mapping[str, str] = _NOTHING) -> None:
        """
        Args:
            compiled: by `compile_sieve`.
            instead: characters beyond ASCII, and what is searched in place of each.

        Raises:
            BadPatternError: on a machine or with a library of another kind.
        """
        parts, start = [], 0
        while start < len(compiled):
            begin = start + _LENGTH.size
            start = begin + _LENGTH.unpack_from(compiled, start)[0]
            parts.append(compiled[begin:start])
        self._scans = tuple(load_places(part) for part in parts)
        self._numbers = set(numbers_of(parts[-1]))
        self._instead = tuple(instead.items())

    def __call__(self, texts: Sequence[str]) -> Found:
        """What matches where. Texts are searched joined, so a few matches may be of two texts."""
        data = self._bytes(texts)
        found: dict[int, set[int]] = {}
        everything = range(len(texts))
        try:
            tier = _tier(data, len(texts))
            if not tier or len(data) <= _MEDIUM:
                self._find(self._scans[tier], data, texts, everything, found)
            else:
                tiers: list[list[int]] = [[] for _ in self._scans]
                for index in everything:
                    tiers[_tier(self._bytes([texts[index]]), 1)].append(index)
                for scan, indexes in zip(self._scans, tiers, strict=True):
                    own = [texts[index] for index in indexes]
                    if own:
                        self._find(scan, self._bytes(own), own, indexes, found)
        except TooManyMatches:
            return dict.fromkeys(everything, self._numbers)
        return found

    def _bytes(self, texts: Sequence[str]) -> bytes:
        text = _SEPARATOR.join(texts)
        if not text.isascii():
            for character, plain in self._instead:
                # Looking is much cheaper than replacing one by none or by several.
                if character in text:
                    text = text.replace(character, plain)
        return text.encode("utf-8", "replace")

    def _find(
        self,
        scan: Places,
        data: bytes,
        texts: Sequence[str],
        indexes: Sequence[int],
        found: dict[int, set[int]],
    ) -> None:
        """Add the matches in joined texts, which have these indexes."""
        places: list[tuple[int, int]] = []
        scan(data, places)
        if not places:
            return
        if len(indexes) == 1:
            found.setdefault(indexes[0], set()).update(number for number, _ in places)
            return
        starts = self._starts(data, texts)
        for number, end in places:
            # A match that ends in a separator is of the text before it.
            found.setdefault(indexes[bisect_left(starts, end) - 1], set()).add(number)

    def _starts(self, data: bytes, texts: Sequence[str]) -> list[int]:
        """Where joined texts start, and where the last one ends."""
        parts = data.split(_BORDER)
        if len(parts) != len(texts):  # There are borders within texts.
            parts = [self._bytes([text]) for text in texts]
        return list(accumulate((len(part) + len(_BORDER) for part in parts), initial=0))


def _tier(data: bytes, texts: int) -> int:
    """Which scan finds all that so many joined texts can match."""
    for tier, allowed in enumerate(_ALLOWED):
        if not data.translate(None, allowed):
            # A line feed within a text is a mark.
            is_border = data.count(b"\n") == len(_SEPARATOR) * (texts - 1)
            return tier if is_border else len(_TIERS)
    return len(_TIERS)
