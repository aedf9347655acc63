"""Many patterns at once, in time linear in the text (B-122)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import hyperscan

_FLAGS = (
    hyperscan.HS_FLAG_CASELESS
    | hyperscan.HS_FLAG_DOTALL
    | hyperscan.HS_FLAG_MULTILINE
    | hyperscan.HS_FLAG_SINGLEMATCH
)

Scan = Callable[[bytes], list[int]]
"""The indexes of the patterns that occur in a text, each once, in any order."""


class BadPatternError(ValueError):
    """A pattern that cannot be matched in linear time, or is no pattern."""


def engine_version() -> str:
    """Version and processor features of what compiles the patterns."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[b"a"])
    return bytes(database.info()).decode("ascii", "replace")


def compile_patterns(patterns: Sequence[str]) -> bytes:
    """Compile patterns to a database that this machine's processor can load.

    Raises:
        BadPatternError: names the first pattern that cannot be compiled.
    """
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
    return bytes(hyperscan.dumpb(database))


def load_scan(database: bytes) -> Scan:
    """The function that scans with a database of `compile_patterns`. For one thread.

    Raises:
        BadPatternError: the database is of another version or processor.
    """
    try:
        loaded = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
        loaded.scratch = hyperscan.Scratch(loaded)
    except hyperscan.error as error:
        raise BadPatternError(f"cannot load the patterns: {error}") from error
    scan_block = loaded.scan

    def scan(data: bytes) -> list[int]:
        found: list[int] = []
        scan_block(data, _note, context=found)
        return found

    return scan


def _note(index: int, start: int, end: int, flags: int, found: Any) -> None:
    found.append(index)
