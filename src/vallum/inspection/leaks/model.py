"""What a detector of leaks is, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

Span = tuple[int, int]
"""Start and end of a found piece; the end may be `TO_THE_END`."""

TO_THE_END: Final = 2**62
"""All that follows belongs to what was found."""

Find = Callable[[str, str], Iterator[Span]]
"""Text (at most `LONGEST_TEXT` characters) and the name it goes by (the property's, in lower case;
empty where it has none) to what is found in it. Linear in the text, and pure."""


class Form(NamedTuple):
    """One form in which a kind of data shows itself."""

    rule: str
    """`kind.what`, stable."""
    words: str
    """For an operator."""
    triggers: tuple[str, ...]
    """As those of detectors: what wakes `find` up; no alarm by itself."""
    find: Find


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A kind of data that should not go out."""

    kind: str
    forms: tuple[Form, ...]
    mask: Callable[[str], str]
    """What goes out in place of a found piece."""


def each(pattern: re.Pattern[str]) -> Find:
    """Finds every match."""
    return lambda text, _: (match.span() for match in pattern.finditer(text))


def first_and_rest(pattern: re.Pattern[str]) -> Find:
    """Finds the first match, and counts all behind it to it."""

    def find(text: str, name: str) -> Iterator[Span]:
        match = pattern.search(text)
        if match is not None:
            yield match.start(), TO_THE_END

    return find


def mask_all(text: str) -> str:
    """Nothing of it, not even its length."""
    return "***"


def mask_but_last_four(text: str) -> str:
    """Stars for all letters and digits but the last four; separators stay."""
    count = sum(char.isalnum() for char in text)
    masked = []
    for char in text:
        masked.append("*" if char.isalnum() and count > 4 else char)
        count -= char.isalnum()
    return "".join(masked)


def mask_email(text: str) -> str:
    """The first letter and the domain."""
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}***@{domain}"
