"""Character references of HTML (HTML Standard §13.5)."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final

from vallum.inspection.decoders.replacing import replaced

_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+);?|[a-zA-Z][a-zA-Z0-9]{1,31};?)")
# Names that need no semicolon, whatever stands behind them.
_BARE: Final = {name: text for name, text in html5.items() if name[-1:] != ";"}
_LONGEST_BARE: Final = max(map(len, _BARE))
_SHORTEST_BARE: Final = min(map(len, _BARE))


def decode(text: str) -> str:
    """`text` with every character reference undone, with and without its semicolon."""
    if "&" not in text:
        return text
    return replaced(text, _REFERENCE, _undone)


def _undone(match: re.Match[str]) -> str:
    reference = match[0]
    if reference[1] == "#":
        return unescape(reference)
    name = reference[1:]
    if name in html5:
        return html5[name]
    for length in range(min(len(name), _LONGEST_BARE), _SHORTEST_BARE - 1, -1):
        plain = _BARE.get(name[:length])
        if plain is not None:
            return plain + name[length:]
    return reference
