"""Percent-encoding (RFC 3986 §2.1), as lenient receivers undo it."""

from __future__ import annotations

import re
from typing import Final

_BYTES: Final = {
    f"{high}{low}".encode(): bytes([int(high + low, 16)])
    for high in "0123456789abcdefABCDEF"
    for low in "0123456789abcdefABCDEF"
}
_ESCAPE = re.compile(rb"%(?=[0-9A-Fa-f]{2})")
_WIDE = re.compile(r"%u([0-9A-Fa-f]{4})")
# A UTF-8 sequence longer than its character needs, which some decoders still read (RFC 3629 §3).
# Some do not ask whether the second byte of a path's marks belongs to one: `%c0%2f`, `%c1%1c`.
_OVERLONG = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xc0[\x2e\x2f]|\xc1[\x1c\x5c]|"
    rb"(?:\xf0\x80|\xf8\x80\x80|\xfc\x80\x80\x80)[\x80-\x9f][\x80-\xbf]"
)


def decode(text: str) -> str:
    """`text` with every complete escape undone; `%u0027` too, which some servers read."""
    if "%" not in text:
        return text
    if "%u" in text or "%U" in text:
        text = _WIDE.sub(lambda match: chr(int(match[1], 16)), text.replace("%U", "%u"))
    # Lone halves of surrogate pairs, which `%ud800` spells, are no characters.
    raw = _unescaped(text.encode("utf-8", "replace"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        for sequence in set(_OVERLONG.findall(raw)):
            raw = raw.replace(sequence, _shortest(sequence))
        return raw.decode("utf-8", "replace")


def _unescaped(raw: bytes) -> bytes:
    first, *rest = _ESCAPE.split(raw)
    return first + b"".join([_BYTES[piece[:2]] + piece[2:] for piece in rest])


def _shortest(sequence: bytes) -> bytes:
    lead, last = sequence[-2], sequence[-1]
    if len(sequence) > 2:
        return chr((lead & 0x1F) << 6 | (last & 0x3F)).encode("utf-8")
    return bytes([(lead & 0x01) << 6 | (last & 0x3F)])
