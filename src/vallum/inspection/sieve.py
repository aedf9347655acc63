"""Many patterns in many texts: text without marks is not searched for what needs one."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

from vallum.inspection.marks import PLAIN, alternatives, needs_mark
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
_PLAIN_OR_BORDER: Final = PLAIN + b"\n"
_MEDIUM: Final = 1024
"""Bytes of joined texts that it does not pay to sort into those with marks and those without."""
_LENGTH: Final = struct.Struct(">I")

VERSION: Final = f"3 {PLAIN.hex()}"
"""Of what `compile_sieve` makes, and of what it takes for plain; to be raised when it changes."""

_NOTHING: Final[Mapping[str, str]] = {}

Found = Mapping[int, set[int]]
"""Index of a text → the numbers of the patterns that match in it."""


def compile_sieve(patterns: Sequence[str]) -> bytes:
    """What a `Sieve` of these patterns is made of.

    Raises:
        BadPatternError: names the first pattern that cannot be compiled.
    """
    parts = {
        number: "|".join(part for part in alternatives(pattern) if not needs_mark(part))
        for number, pattern in enumerate(patterns)
    }
    plain = {number: part for number, part in parts.items() if part}
    whole = compile_patterns(patterns)
    return _LENGTH.pack(len(whole)) + whole + compile_patterns(list(plain.values()), list(plain))


class Sieve:
    """Finds patterns in texts. For one thread."""

    __slots__ = ("_instead", "_numbers", "_plain", "_whole")

    def __init__(self, compiled: bytes, instead: Mapping[str, str] = _NOTHING) -> None:
        """
        Args:
            compiled: by `compile_sieve`.
            instead: characters beyond ASCII, and what is searched in place of each.

        Raises:
            BadPatternError: on a machine or with a library of another kind.
        """
        middle = _LENGTH.size + _LENGTH.unpack_from(compiled)[0]
        whole, plain = compiled[_LENGTH.size : middle], compiled[middle:]
        self._whole = load_places(whole)
        self._plain = load_places(plain)
        self._numbers = set(numbers_of(whole))
        self._instead = tuple(instead.items())

    def __call__(self, texts: Sequence[str]) -> Found:
        """What matches where. Texts are searched joined, so a few matches may be of two texts."""
        data = self._bytes(texts)
        found: dict[int, set[int]] = {}
        everything = range(len(texts))
        try:
            if _is_plain(data, len(texts)):
                self._find(self._plain, data, texts, everything, found)
            elif len(data) <= _MEDIUM:
                self._find(self._whole, data, texts, everything, found)
            else:
                marked = [
                    index for index in everything if not _is_plain(self._bytes([texts[index]]), 1)
                ]
                plain = sorted({*everything}.difference(marked))
                for scan, indexes in ((self._whole, marked), (self._plain, plain)):
                    own = [texts[index] for index in indexes]
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


def _is_plain(data: bytes, texts: int) -> bool:
    """Whether there is no mark in so many joined texts."""
    if data.translate(None, _PLAIN_OR_BORDER):
        return False
    return data.count(b"\n") == len(_SEPARATOR) * (texts - 1)
