"""Where a template engine would find expressions in a text: the blocks between its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
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
    "[#": "]",
    "[%": "%]",
    "[=": "]",
    "@(": ")",
    "{": "}",
}
_OPENERS = re.compile(
    r"\{\{|\{%|\$!?\s{0,4}\{|[#*%~@]\{|<%|<[#@](?=[a-z])|\[#(?=[a-z]{2,9}\s)|\[%|\[=|@\(|\{(?=[$a-z\d'\"]|=?\s?\{?\d)",
    re.I,
)
_BRACES = re.compile(r"[{}]")
_PARENTHESES = re.compile(r"[()]")
_MOST_MARKS: Final = 32
_MOST: Final = 16
_LONGEST: Final = 600
_UNCLOSED: Final = 120
_MOST_CHARACTERS: Final = 1_500


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
    left, characters = _MOST, _MOST_CHARACTERS
    for match in _OPENERS.finditer(text):
        opener = "".join(match[0].split())
        if opener == "{" and text.endswith("{", 0, match.start()):
            continue
        left -= 1
        if left < 0 or characters < 0:
            # What is left is one more block, as it were, rather than nothing.
            yield Block("", text[match.start() :], match.start(), len(text), closed=False)
            return
        start = match.end()
        end = _end(text, start, _CLOSERS[opener])
        closed = end <= len(text) and text.endswith(_CLOSERS[opener], start, end)
        inside = text[
            start : end - len(_CLOSERS[opener]) if closed else min(end, start + _UNCLOSED)
        ]
        characters -= len(inside)
        yield Block(opener, inside, match.start(), end, closed)


def _end(text: str, start: int, closer: str) -> int:
    """After the `closer` that belongs to a block whose inside begins at `start`."""
    limit = min(len(text), start + _LONGEST)
    if closer not in {"}", ")"}:
        found = text.find(closer, start, limit)
        return found + len(closer) if found >= 0 else limit
    opening = "{" if closer == "}" else "("
    depth = 1
    marks = _BRACES if closer == "}" else _PARENTHESES
    for match in islice(marks.finditer(text, start, limit), _MOST_MARKS):
        depth += 1 if match[0] == opening else -1
        if not depth:
            return match.end()
    return limit
