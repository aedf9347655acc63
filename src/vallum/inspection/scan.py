"""Many patterns at once, in time linear in the text (B-122)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

import hyperscan

_FLAGS = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_MULTILINE

_NUMBER: Final = struct.Struct(">I")
"""How many patterns there are, and each one's number, before the library's form of a database."""

VERSION: Final = "2"
"""Of the form of a database; to be raised when it changes."""

Scan = Callable[[bytes], Sequence[int]]
"""The indexes of the patterns that occur in a text, in any order and as often as they do."""

Places = Callable[[bytes, list[tuple[int, int]]], None]
"""Adds the numbers of the patterns that occur in a text, and where each match ends.

Raises TooManyMatches.
"""

TooManyMatches = hyperscan.ScanTerminated

_MOST_MATCHES: Final = 2048
"""In one text; one with more is taken to match everything."""


class BadPatternError(ValueError):
    """A pattern that cannot be matched in linear time, or is no pattern."""


def engine_version() -> str:
    """What a database depends on besides its patterns: library, processor, flags."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[b"a"])
    return f"{database.info()!s} {_FLAGS}"


def compile_patterns(patterns: Sequence[str], numbers: Sequence[int] | None = None) -> bytes:
    """Compile patterns to a database that this machine's processor can load.

    The library has none without patterns; that of no patterns is empty.

    Args:
        patterns: in the library's dialect.
        numbers: what matches of each are reported as; their indexes where nothing is said.

    Raises:
        BadPatternError: names the first pattern that cannot be compiled.
    """
    numbers = range(len(patterns)) if numbers is None else numbers
    head = _NUMBER.pack(len(patterns)) + b"".join(map(_NUMBER.pack, numbers))
    if not patterns:
        return head
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    expressions = [pattern.encode("utf-8") for pattern in patterns]
    try:
        database.compile(
            expressions=expressions,
            ids=list(numbers),
            elements=len(expressions),
            flags=[_FLAGS] * len(expressions),
        )
    except hyperscan.error as error:
        raise BadPatternError(f"cannot compile the patterns: {error}") from error
    return head + bytes(hyperscan.dumpb(database))


def load_scan(database: bytes) -> Scan:
    """The function that scans with a database of `compile_patterns`. For one thread.

    Raises:
        BadPatternError: the database is of another version or processor.
    """
    numbers = numbers_of(database)
    if not numbers:
        return lambda data: ()
    scan_block = _load(database)

    def scan(data: bytes) -> Sequence[int]:
        found: list[int] = []
        try:
            scan_block(data, _note, 0, found)
        except TooManyMatches:
            return numbers
        return found

    return scan


def load_places(database: bytes) -> Places:
    """The function that scans with a database and tells places too. For one thread.

    Raises:
        BadPatternError: the database is of another version or processor.
    """
    if not numbers_of(database):
        return lambda data, found: None
    scan_block = _load(database)

    def scan(data: bytes, found: list[tuple[int, int]]) -> None:
        scan_block(data, _note_place, 0, found)

    return scan


def numbers_of(database: bytes) -> Sequence[int]:
    """What a database of `compile_patterns` may report."""
    return [number for (number,) in _NUMBER.iter_unpack(database[: _size(database)])][1:]


def _size(database: bytes) -> int:
    """Of what stands before the library's form of a database."""
    return int((1 + _NUMBER.unpack_from(database)[0]) * _NUMBER.size)


def _load(database: bytes) -> Callable[..., None]:
    try:
        loaded = hyperscan.loadb(database[_size(database) :], hyperscan.HS_MODE_BLOCK)
        loaded.scratch = hyperscan.Scratch(loaded)
    except hyperscan.error as error:
        raise BadPatternError(f"cannot load the patterns: {error}") from error
    scan: Callable[..., None] = loaded.scan
    return scan


def _note(index: int, start: int, end: int, flags: int, found: Any) -> bool:
    """Keep a match; True ends the scan."""
    found.append(index)
    return len(found) >= _MOST_MATCHES


def _note_place(index: int, start: int, end: int, flags: int, found: Any) -> bool:
    """Keep a match and its place; True ends the scan."""
    found.append((index, end))
    return len(found) >= _MOST_MATCHES
