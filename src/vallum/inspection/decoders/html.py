"""Character references of HTML (HTML Standard §13.5)."""

from __future__ import annotations

from html import unescape


def decode(text: str) -> str:
    """`text` with every character reference undone, with and without its semicolon."""
    return unescape(text) if "&" in text else text
