"""Patterns of shell syntax, each tried only on texts that hold one of a few literals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Mark(NamedTuple):
    """A pattern, what it shows, and the literals (in text case) without one of which it cannot."""

    rule: str
    score: int
    needs: tuple[str, ...]
    pattern: re.Pattern[str]


def mark(rule: str, score: int, needs: str, pattern: str) -> Mark:
    """A mark; `needs` are parted by spaces."""
    return Mark(rule, score, tuple(needs.split()), re.compile(pattern))


def seen(marks: Sequence[Mark], text: str) -> Iterator[tuple[Mark, re.Match[str]]]:
    """The marks that occur in a text in lower case, and where each does first."""
    for each in marks:
        for need in each.needs:
            if need in text:
                match = each.pattern.search(text)
                if match is not None:
                    yield each, match
                break
