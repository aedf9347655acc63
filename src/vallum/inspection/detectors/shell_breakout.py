"""Texts that leave a quoted word of a shell's line, run something, and open the quotes again.

Whoever writes `"; touch x; "` or `' | id #` completes a line that somebody else has begun. So a
word of everyday language counts here as the command that it is, and so does what has no name at
all: a redirection, a path, a command put together in variables.
"""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.detectors.shell_words import is_told_first, known, spoken
from vallum.inspection.model import Judgement

TRIGGER: Final = (
    r"^[\w.-]{0,40}[\"'][ \t)]{0,4}(?:[;|&]|\n\n?[^\n])|\w[\"'][ \t)]{0,4}[;|&]{1,2}\s?[a-z./~>${(]"
)

_LEAVES = re.compile(r"[\w .,@=&-]{0,80}([\"'])[ \t)]{0,4}(?=[;|&\n])")
_COMMENT = re.compile(r"[\s;]#[^\n\"']{0,80}\Z")
_REFERENCE = re.compile(r"&#?\w{1,31};")
_SEPARATORS = re.compile(r"[;|&\n]+")
_REDIRECTION = re.compile(r"\d?>{1,2}[ \t]?[\w./~-]")
_PATH = re.compile(r"(?:~|\.{1,2})?/[a-z?*\[]", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w{0,30})=")
_MOST_PIECES: Final = 24
_MOST_WORDS: Final = 4


def breakout(text: str) -> Judgement | None:
    """The judgement on a text that closes a quote, goes on as a shell's line and reopens it."""
    leaves = _LEAVES.match(text)
    if leaves is None:
        return None
    rest = text[leaves.end() :].rstrip()
    reopens = rest.rfind(leaves[1])
    if reopens >= 0:
        inside = rest[:reopens]
    else:
        comment = _COMMENT.search(rest, max(0, len(rest) - 90))
        if comment is None:
            return None
        inside = rest[: comment.start()]
    pieces = _SEPARATORS.split(_REFERENCE.sub(" ", inside), _MOST_PIECES)
    for piece in pieces[:_MOST_PIECES]:
        bare = piece.strip(" \t\r(){}!")
        if bare and _runs(bare, inside):
            return Judgement("shell.command", 6, text.strip()[:120])
    return None


def _runs(piece: str, inside: str) -> bool:
    """Whether a shell would do something with `piece`, and nobody would say it."""
    if _REDIRECTION.match(piece) or _PATH.match(piece):
        return True
    assigned = _ASSIGNMENT.match(piece)
    if assigned is not None:
        return f"${assigned[1]}" in inside or f"${{{assigned[1]}" in inside
    name, _, rest = piece.partition(" ")
    if known(name) is None:
        return False
    return spoken(piece) <= _MOST_WORDS or is_told_first(rest)
