"""Base64url as JOSE writes it (RFC 7515 §2), with one spelling for each value."""

from __future__ import annotations

import re
from binascii import a2b_base64
from typing import Final

_ALPHABET: Final = re.compile(rb"[A-Za-z0-9_-]*")
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")

# What the last character may be when 2 or 3 characters remain: those whose unused bits are zero.
_LAST_OF_TWO: Final = frozenset(b"AQgw")
_LAST_OF_THREE: Final = frozenset(b"AEIMQUYcgkosw048")


def decode(text: bytes) -> bytes:
    """The bytes that `text` stands for.

    Raises:
        ValueError: padding, a character outside the alphabet, an impossible length, or unused
            bits that are not zero: two texts never stand for the same bytes (B-138).
    """
    if _ALPHABET.fullmatch(text) is None:
        raise ValueError("not base64url")
    rest = len(text) % 4
    if rest == 0:
        return a2b_base64(text.translate(_TO_STANDARD))
    # RFC 4648 §3.5: a decoder MAY reject when the pad bits are not zero. We do.
    if rest == 1 or text[-1] not in (_LAST_OF_TWO if rest == 2 else _LAST_OF_THREE):
        raise ValueError("not canonical base64url")
    return a2b_base64(text.translate(_TO_STANDARD) + b"==")


def decode_text(text: object) -> bytes:
    """As `decode`, for a value that came out of JSON.

    Raises:
        ValueError: not a string, or not canonical base64url.
    """
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("not base64url")
    return decode(text.encode("ascii"))
