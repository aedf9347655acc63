"""Random identifiers and secrets, and how those that are presented to us are kept."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final

TOKEN_BYTES: Final = 32


def new_token() -> str:
    """A secret that nobody can guess: 256 bits as base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_id(prefix: str) -> str:
    """An identifier that may be shown and logged, such as `user_…`; 128 bits."""
    return f"{prefix}_{secrets.token_hex(16)}"


def kept(token: str) -> bytes:
    """What is kept of a token of `new_token`: with 128 bits or more, a plain hash is one-way."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
