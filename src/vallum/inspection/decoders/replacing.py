"""Undoing the same few escapes many times in one text."""

from __future__ import annotations

import re
from collections.abc import Callable


def replaced(text: str, pattern: re.Pattern[str], undo: Callable[[re.Match[str]], str]) -> str:
    """`text` with `undo` applied to each match, which must depend on what was matched alone."""
    known: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        # Who writes tens of thousands of escapes writes few that differ.
        escape = match[0]
        plain = known.get(escape)
        if plain is None:
            plain = known[escape] = undo(match)
        return plain

    return pattern.sub(replace, text)
