r"""Backslash escapes of JSON, JavaScript, C and shells: `\u0027`, `\x27`, `\047`, `\47`, `\"`."""

from __future__ import annotations

import re

from vallum.inspection.decoders.replacing import replaced

_ESCAPE = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|([0-3][0-7]{2}|[4-7][0-7])|"
    r"([nrtbf0])|([\"'/\\`]))"
)
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}


def decode(text: str) -> str:
    """`text` with every complete escape undone once."""
    if "\\" not in text:
        return text
    return replaced(text, _ESCAPE, _escape)


def _escape(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits:
        point = int(digits, 16)
        # Halves of a surrogate pair are no characters: what they spell is not ASCII anyway.
        return "\ufffd" if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF else chr(point)
    if match[4]:
        return chr(int(match[4], 8))
    return _NAMED[match[5]] if match[5] else match[6]
