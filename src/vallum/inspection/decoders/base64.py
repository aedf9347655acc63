"""Base64 (RFC 4648 §4 and §5), where it decodes to text."""

from __future__ import annotations

import binascii
import re

_SHORTEST = 12
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f-]+")
_STANDARD = str.maketrans("-_", "+/")
_MOST_RUNS = 8
_LONGEST_RUN = 16 * 1024
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def decode(text: str) -> str:
    """`text` with each run that spells UTF-8 text replaced by it; the first eight runs only."""
    if len(text) < _SHORTEST:
        return text
    left = _MOST_RUNS
    pieces: list[str] = []
    position = 0
    for match in _RUN.finditer(text):
        if left == 0:
            break
        left -= 1
        spelled = _spelled(match[0][:_LONGEST_RUN])
        if spelled is not None:
            pieces += (text[position : match.start()], spelled)
            position = match.end()
    return "".join((*pieces, text[position:])) if pieces else text


def _spelled(run: str) -> str | None:
    # Words, paths and identifiers are common; text spelled in base64 always mixes both cases.
    if run.islower() or run.isupper() or _HEXADECIMAL.fullmatch(run):
        return None
    digits = run.rstrip("=").translate(_STANDARD)
    digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    try:
        found = binascii.a2b_base64(digits + "=" * (-len(digits) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    # Random bytes are rarely UTF-8 and hardly ever free of control characters.
    return None if _CONTROLS.search(found) else found
