"""Ways of writing a text that a receiver undoes, and the places where a text may stand."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from vallum.inspection.model import Location

Coding = Callable[[str], str]

PLACES: Final[tuple[Location, ...]] = ("path", "query", "header", "cookie", "body")


def once(text: str) -> str:
    """Percent-encoded."""
    return quote(text, safe="")


def twice(text: str) -> str:
    """Percent-encoded, and that again."""
    return once(once(text))


def escaped(text: str) -> str:
    """Every letter as an escape of JSON."""
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def references(text: str) -> str:
    """Every letter as a character reference of HTML."""
    return "".join(f"&#{ord(letter)};" for letter in text)


def hexadecimal_references(text: str) -> str:
    """The same in hexadecimal."""
    return "".join(f"&#x{ord(letter):x};" for letter in text)


def wide(text: str) -> str:
    """Every mark of ASCII as its full-width form."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def base64_of(text: str) -> str:
    """In base64."""
    return base64.b64encode(text.encode()).decode()
