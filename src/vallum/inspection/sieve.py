"""Many patterns in many texts: each text is searched for what its marks leave possible.

What is small is searched for everything at once: its bytes cost less than a second call, whose
tables are in no cache.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

from vallum.inspection.marks import GROUP_OF, GROUPS, PLAIN, alternatives, groups_of
from vallum.inspection.scan import (
    BadPatternError,
    Places,
    TooManyMatches,
    compile_patterns,
    load_places,
    numbers_of,
)

_SEPARATOR: Final = "\n\n\n"
"""Three, so that a pattern can tell a line feed of a text from the border between two texts."""
_OF_LINE_FEED: Final = GROUP_OF[10]
_SMALL: Final = 1024
"""Bytes of joined texts that are not worth to be sorted by their marks."""
_LENGTH: Final = struct.Struct(">I")

VERSION: Final = f"2 {GROUP_OF.hex()}"
"""Of what `compile_sieve` makes, and of how it files patterns; to be raised when either changes."""

Found = Mapping[int, set[int]]
"""Index of a text → the numbers of the patterns that match in it."""


def compile_sieve(patterns: Sequence[str]) -> bytes:
    """What a `Sieve` of these patterns is made of.

    Raises:
        BadPatternError: names the first pattern that cannot be compiled.
    """
    filed: list[list[tuple[str, int]]] = [[] for _ in range(1 + len(GROUPS))]
    for number, pattern in enumerate(patterns):
        alike: dict[tuple[int, ...], list[str]] = {}
        for part in alternatives(pattern):
            alike.setdefault(groups_of(part), []).append(part)
        for groups, parts in alike.items():
            for group in groups:
                filed[group].append(("|".join(parts), number))
    databases = [compile_patterns(patterns)]
    for each in filed:
        parts, numbers = [part for part, _ in each], [number for _, number in each]
        databases.append(compile_patterns(parts, numbers))
    # The table stays with the databases: what is filed by one cannot be looked up by another.
    return GROUP_OF + b"".join(_LENGTH.pack(len(each)) + each for each in databases)


class Sieve:
    """Finds patterns in texts. For one thread."""

    __slots__ = ("_numbers", "_of_group", "_plain", "_table", "_whole")

    def __init__(self, compiled: bytes) -> None:
        """
        Args:
            compiled: by `compile_sieve`.

        Raises:
            BadPatternError: on a machine or with a library of another kind.
        """
        self._table = compiled[:256]
        # Line feeds are between all texts; those in texts are counted.
        self._plain = b"\n" + bytes(byte for byte in range(256) if self._table[byte] == PLAIN)
        scans: list[Places] = []
        self._numbers: set[int] = set()
        at = len(self._table)
        while at < len(compiled):
            start = at + _LENGTH.size
            at = start + _LENGTH.unpack_from(compiled, at)[0]
            scans.append(load_places(compiled[start:at]))
            self._numbers.update(numbers_of(compiled[start:at]))
        if len(scans) != 2 + len(GROUPS):
            raise BadPatternError("these are patterns of another version")
        self._whole, *self._of_group = scans

    def __call__(self, texts: Sequence[str]) -> Found:
        """What matches where. Texts are searched joined, so a few matches may be of two texts."""
        data = _SEPARATOR.join(texts).encode("utf-8", "replace")
        found: dict[int, set[int]] = {}
        places: list[tuple[int, int]] = []
        try:
            if len(data) <= _SMALL:
                self._whole(data, places)
            elif data.translate(None, self._plain) or _has_line_feed(data, texts):
                self._search_sorted(texts, found)
            else:
                self._of_group[PLAIN](data, places)
        except TooManyMatches:
            return dict.fromkeys(range(len(texts)), self._numbers)
        if places:
            _note(found, places, range(len(texts)), texts)
        return found

    def _search_sorted(self, texts: Sequence[str], found: dict[int, set[int]]) -> None:
        """Search texts by their own marks each, where that pays."""
        of_group: list[list[int]] = [[] for _ in self._of_group]
        of_group[PLAIN] = list(range(len(texts)))
        for index, text in enumerate(texts):
            piece = text.encode("utf-8", "replace")
            groups = set(piece.translate(self._table, self._plain))
            if b"\n" in piece:
                groups.add(_OF_LINE_FEED)
            for group in groups:
                of_group[group].append(index)
        for scan, indexes in zip(self._of_group, of_group, strict=True):
            if indexes:
                own = [texts[index] for index in indexes]
                places: list[tuple[int, int]] = []
                scan(_SEPARATOR.join(own).encode("utf-8", "replace"), places)
                if places:
                    _note(found, places, indexes, own)


def _has_line_feed(data: bytes, texts: Sequence[str]) -> bool:
    """Whether there are more than between the texts."""
    return data.count(b"\n") > len(_SEPARATOR) * (len(texts) - 1)


def _note(
    found: dict[int, set[int]],
    places: Sequence[tuple[int, int]],
    indexes: Sequence[int],
    texts: Sequence[str],
) -> None:
    """Add matches in joined texts, which have these indexes."""
    if len(indexes) == 1:
        found.setdefault(indexes[0], set()).update(number for number, _ in places)
        return
    starts = list(accumulate(map(_size, texts), initial=0))
    for number, end in places:
        # A match that ends in a separator is of the text before it.
        found.setdefault(indexes[bisect_left(starts, end) - 1], set()).add(number)


def _size(text: str) -> int:
    """Bytes of a text and what follows it."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return size + len(_SEPARATOR)
