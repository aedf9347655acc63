"""Where a template engine would find expressions in a text: the blocks between its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_CLOSERS: Final = {
    "{{": "}}",
    "{%": "%}",
    "${": "}",
    "$!{": "}",
    "#{": "}",
    "*{": "}",
    "%{": "}",
    "~{": "}",
    "@{": "}",
    "<%": "%>",
    "<#": ">",
    "<@": ">",
    "[%": "%]",
    "[=": "]",
    "@(": ")",
    "{": "}",
}
_OPENERS = re.compile(
    r"\{\{|\{%|\$!?\s{0,4}\{|[#*%~@]\{|<%|<[#@](?=[a-z])|\[%|\[=|@\(|\{(?=[$a-z\d'\"]|\s?\d)", re.I
)
_MOST: Final = 24
_LONGEST: Final = 1_000


class Block(NamedTuple):
    """What a template engine would evaluate."""

    opener: str
    inside: str
    start: int
    end: int
    """After its closing mark, or the end of what was read."""
    closed: bool


def blocks(text: str) -> Iterator[Block]:
    """The blocks of `text`, at most 24; those within others too."""
    left = _MOST
    for match in _OPENERS.finditer(text):
        opener = match[0].replace(" ", "")
        if opener == "{" and text.endswith("{", 0, match.start()):
            continue
        left -= 1
        if left < 0:
            return
        start = match.end()
        end = _end(text, start, _CLOSERS[opener])
        closed = end <= len(text) and text.endswith(_CLOSERS[opener], start, end)
        inside = text[start : end - len(_CLOSERS[opener]) if closed else end]
        yield Block(opener, inside, match.start(), end, closed)


def _end(text: str, start: int, closer: str) -> int:
    """After the `closer` that belongs to a block whose inside begins at `start`."""
    limit = min(len(text), start + _LONGEST)
    if closer not in {"}", ")"}:
        found = text.find(closer, start, limit)
        return found + len(closer) if found >= 0 else limit
    opening = "{" if closer == "}" else "("
    depth = 1
    for index in range(start, limit):
        mark = text[index]
        if mark == opening:
            depth += 1
        elif mark == closer:
            depth -= 1
            if not depth:
                return index + 1
    return limit
