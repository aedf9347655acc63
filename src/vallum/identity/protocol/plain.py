"""Names and places of applications in words that cannot deceive (B-173)."""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

_MOST_NAME: Final = 60
_MOST_MARKS: Final = 2


def plain_name(name: str) -> str:
    """A name as a page may show it: no control or bidi characters, no piles of marks, short.

    Pages escape it; this is about what escaping lets through.
    """
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", name[:1000]):
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
        else:
            marks = 0
        # Cf: direction marks and joiners; Z: every space becomes one space, line ends too.
        if category[0] == "C" and character not in "\t\n\r":
            continue
        if marks <= _MOST_MARKS:
            kept.append(" " if category[0] in "CZ" else character)
    text = " ".join("".join(kept).split())
    return f"{text[:_MOST_NAME]}…" if len(text) > _MOST_NAME else text or "An unnamed application"


def plain_place(uri: str) -> str:
    """Where a redirect URI leads, in words."""
    parts = urlsplit(uri)
    if parts.scheme == "https":
        return parts.netloc
    if parts.scheme == "http":
        return "a program on this device"
    return f"an application on this device ({parts.scheme})"
