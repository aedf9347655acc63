"""Percent-encoding (RFC 3986 §2.1), as lenient receivers undo it."""

from __future__ import annotations

import re

_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_WIDE = re.compile(r"%u([0-9A-Fa-f]{4})")
# A UTF-8 sequence longer than its character needs, which some decoders still read (RFC 3629 §3).
_OVERLONG = re.compile(rb"[\xc0\xc1]([\x80-\xbf])|\xe0[\x80-\x9f]([\x80-\xbf])")


def decode(text: str) -> str:
    """`text` with every complete escape undone; `%u0027` too, which some servers read."""
    if "%" not in text:
        return text
    if "%u" in text or "%U" in text:
        text = _WIDE.sub(lambda match: chr(int(match[1], 16)), text.replace("%U", "%u"))
    return _RUN.sub(_run, text)


def _run(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match[0].replace("%", ""))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _OVERLONG.sub(_shortest, raw).decode("utf-8", "replace")


def _shortest(match: re.Match[bytes]) -> bytes:
    lead, last = match[0][0], match[0][-1]
    if lead == 0xE0:
        return chr((match[0][1] & 0x1F) << 6 | (last & 0x3F)).encode("utf-8")
    return bytes([(lead & 0x01) << 6 | (last & 0x3F)])
