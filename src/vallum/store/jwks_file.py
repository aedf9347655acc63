"""A JWK Set from a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

Loader = Callable[[], Awaitable[bytes]]
"""Gets the text of a JWK Set, or raises `LoadError`."""

MAX_DOCUMENT: Final = 256 * 1024
"""Bytes of a JWK Set or a metadata document."""


class LoadError(ValueError):
    """A document could not be had; the message says why."""


def from_file(path: Path) -> Loader:
    """Reads a file, again each time."""

    async def load() -> bytes:
        return read_file(path)

    return load


def read_file(path: Path) -> bytes:
    """The text of a JWK Set file, at most one byte more than is allowed.

    Raises:
        LoadError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise LoadError(f"cannot read `{path}`: {error.strerror}") from error
