"""JSON Pointers (RFC 6901) that are safe to show and to log."""

from __future__ import annotations

from collections.abc import Iterable

MAX_TOKEN = 64
"""Characters of one reference token that are shown."""
MAX_POINTER = 256
"""Characters of a pointer that are shown."""


def json_pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of `path`; the empty string for the whole document.

    SECURITY: member names come from the client. Long ones are cut, and characters that could
    break a log line, a terminal or the reading direction become `?` (B-328).
    """
    # RFC 6901 §3: `~` is written `~0` and `/` is written `~1`.
    pointer = "".join(
        "/" + str(part)[:MAX_TOKEN].replace("~", "~0").replace("/", "~1") for part in path
    )
    pointer = pointer[:MAX_POINTER]
    if pointer.isprintable():
        return pointer
    return "".join(char if char.isprintable() else "?" for char in pointer)
