"""Many patterns at once, in time linear in the text (B-122)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

import hyperscan

_FLAGS = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_MULTILINE

_COUNT: Final = struct.Struct(">I")
"""How many patterns there are; stands before the library's own form of a database."""

Scan = Callable[[bytes], Sequence[int]]
"""The indexes of the patterns that occur in a text, in any order and as often as they do."""

Places = Callable[[bytes], Sequence[tuple[int, int]]]
"""The same with the places where matches end; 0: anywhere."""

_MOST_MATCHES: Final = 2048
"""In one text; one with more is taken to match everything."""


class BadPatternError(ValueError):
    """A pattern that cannot be matched in linear time, or is no pattern."""


def engine_version() -> str:
    """What a database depends on besides its patterns: library, processor, flags."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[b"a"])
    return f"{database.info()!s} {_FLAGS}"


def compile_patterns(patterns: Sequence[str]) -> bytes:
    """Compile patterns to a database that this machine's processor can load.

    The library has none without patterns; that of no patterns is empty.

    Raises:
        BadPatternError: names the first pattern that cannot be compiled.
    """
    if not patterns:
        return _COUNT.pack(0)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    expressions = [pattern.encode("utf-8") for pattern in patterns]
    try:
        database.compile(
            expressions=expressions,
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=[_FLAGS] * len(expressions),
        )
    except hyperscan.error as error:
        raise BadPatternError(f"cannot compile the patterns: {error}") from error
    return _COUNT.pack(len(expressions)) + bytes(hyperscan.dumpb(database))


def load_scan(database: bytes) -> Scan:
    """The function that scans with a database of `compile_patterns`. For one thread.

    Raises:
        BadPatternError: the database is of another version or processor.
    """
    count = _count(database)
    if not count:
        return lambda data: ()
    scan_block = _load(database).scan
    everything = range(count)

    def scan(data: bytes) -> Sequence[int]:
        found: list[int] = []
        try:
            scan_block(data, _note, 0, found)
        except hyperscan.ScanTerminated:
            return everything
        return found

    return scan


def load_places(database: bytes) -> Places:
    """The function that scans with a database and tells places too. For one thread.

    Raises:
        BadPatternError: the database is of another version or processor.
    """
    count = _count(database)
    if not count:
        return lambda data: ()
    scan_block = _load(database).scan
    everything = tuple((index, 0) for index in range(count))

    def scan(data: bytes) -> Sequence[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        try:
            scan_block(data, _note_place, 0, found)
        except hyperscan.ScanTerminated:
            return everything
        return found

    return scan


def _count(database: bytes) -> int:
    return int(_COUNT.unpack_from(database)[0])


def _load(database: bytes) -> Any:
    try:
        loaded = hyperscan.loadb(database[_COUNT.size :], hyperscan.HS_MODE_BLOCK)
        loaded.scratch = hyperscan.Scratch(loaded)
    except hyperscan.error as error:
        raise BadPatternError(f"cannot load the patterns: {error}") from error
    return loaded


def _note(index: int, start: int, end: int, flags: int, found: Any) -> bool:
    """Keep a match; True ends the scan."""
    found.append(index)
    return len(found) >= _MOST_MATCHES


def _note_place(index: int, start: int, end: int, flags: int, found: Any) -> bool:
    """Keep a match and its place; True ends the scan."""
    found.append((index, end))
    return len(found) >= _MOST_MATCHES
