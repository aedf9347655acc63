"""The name that a public key has by its value alone (RFC 7638)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

# RFC 7638 §3.2 and RFC 8037 §2: the members that make the key, in lexicographic order.
_MEMBERS: Final = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}
_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")


def base64url_digest(value: bytes) -> str:
    """SHA-256 of `value` as base64url: the form of thumbprints, of `ath` and of `x5t#S256`."""
    text = b2a_base64(sha256(value).digest(), newline=False)
    return text.rstrip(b"=").translate(_TO_BASE64URL).decode("ascii")


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a public key.

    Raises:
        ValueError: a key of an unknown type, or one that lacks a member.
    """
    names = _MEMBERS.get(str(jwk.get("kty")))
    if names is None:
        raise ValueError("a key of an unknown type")
    values = [jwk.get(name) for name in names]
    # Base64url and the names of curves hold nothing that JSON would escape.
    if not all(isinstance(value, str) and _is_plain(value) for value in values):
        raise ValueError("a key that lacks a member")
    pairs = zip(names, values, strict=True)
    text = ",".join(f'"{name}":"{value}"' for name, value in pairs)
    return base64url_digest(f"{{{text}}}".encode("ascii"))


def _is_plain(value: str) -> bool:
    return value.isascii() and value.replace("-", "").replace("_", "").isalnum()
