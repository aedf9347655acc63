"""YAML text for a drafted policy: quoting, comments, aligned lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# Text that every YAML reader takes as this text: no indicator, no number, no word of YAML 1.1.
_PLAIN = re.compile(r"(?:\.{1,2}/)*[A-Za-z_/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
_QUOTES = re.compile(r'["\\\\]')
_WORDS = frozenset(
    ("true", "false", "yes", "no", "on", "off", "y", "n", "null", "none", "inf", "nan")
)
_WIDEST_NAME = 56
_WIDEST_VALUE = 110


class Line(NamedTuple):
    """One operation of the draft."""

    name: str
    """As YAML."""
    value: str
    """As YAML."""
    comment: str


def quoted(text: str) -> str:
    """Text as a YAML scalar that stands anywhere, also between brackets."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and len(text) < 200:
        return text
    # YAML 1.2 §5.7: escapes of eight digits hold any character, and need no surrogates.
    escaped = (c if c.isprintable() else f"\\U{ord(c):08x}" for c in _QUOTES.sub(r"\\\g<0>", text))
    return f'"{"".join(escaped)}"'


def listed(items: Sequence[str]) -> str:
    """One item as it is, several as a list."""
    if len(items) == 1:
        return quoted(items[0])
    return f"[{', '.join(quoted(item) for item in items)}]"


def comment(text: str) -> str:
    """Text of the contract for a comment.

    SECURITY: a line break in a title or a path would end the comment and begin policy.
    """
    return "".join(c if c.isprintable() else " " for c in text).strip()[:160]


def aligned(lines: Iterable[Line], indent: str) -> Iterable[str]:
    """Lines in three columns, as far as names and values are not extremely long."""
    rows = list(lines)
    names = min(max(len(row.name) for row in rows), _WIDEST_NAME) + 1
    values = min(max(len(row.value) for row in rows), _WIDEST_VALUE)
    for row in rows:
        name = f"{row.name}:"
        note = f"  # {row.comment}" if row.comment else ""
        yield f"{indent}{name:<{names}} {row.value:<{values}}{note}"
