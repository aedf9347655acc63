"""JSON Pointers (RFC 6901): read, written, and made safe to show and to log."""

from __future__ import annotations

from collections.abc import Iterable

MAX_TOKEN = 64
"""Characters of one reference token that are shown."""
MAX_POINTER = 256
"""Characters of a pointer that are shown."""


def pointer_steps(pointer: str) -> tuple[str, ...]:
    """The names and indexes that a JSON Pointer leads through; none for the whole document."""
    # RFC 6901 §4: `~1` is read first, so that `~01` becomes `~1` and not `/`.
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def escape_step(name: str) -> str:
    """A name as it is written between two `/` of a JSON Pointer: `~` as `~0`, `/` as `~1`."""
    # RFC 6901 §3: `~` first, so that the `~` of `~1` stays.
    return name.replace("~", "~0").replace("/", "~1")


def json_pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of `path`, to be shown alone; the empty string for the whole document.

    SECURITY: member names come from the client. Long ones are cut, and characters that could
    break a log line, a terminal or the reading direction become `?` (B-328).
    """
    pointer = "".join("/" + escape_step(str(part)[:MAX_TOKEN]) for part in path)[:MAX_POINTER]
    if pointer.isprintable():
        return pointer
    return "".join(char if char.isprintable() else "?" for char in pointer)
