"""Nonces for DPoP proofs (RFC 9449 §8, §9) that nobody has to remember.

A nonce is the time of its making with a MAC over it:

    base64url( milliseconds (6 bytes) │ HMAC-SHA-256 (first 16 bytes) )

All processes that have the key know each other's nonces; another server's are strangers (B-199).
"""

from __future__ import annotations

import hmac
from binascii import b2a_base64
from typing import Final

from vallum.core.secret import Secret
from vallum.tokens import base64url

LIFETIME: Final = 300.0
"""Seconds for which a nonce is good."""

REUSE: Final = 5.0
"""Seconds for which the same nonce is handed out again."""

SKEW: Final = 2.0
"""Seconds by which the clocks of two processes of one server may differ."""

_TIME_BYTES: Final = 6
_MAC_BYTES: Final = 16
_TEXT_LENGTH: Final = 30
_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")


class UnknownNonce(Exception):  # noqa: N818  (a verdict on a nonce)
    """A nonce that this server did not make, or made too long ago."""


class Nonces:
    """Makes and knows the nonces of one server."""

    __slots__ = ("_key", "_made_at", "_present")

    def __init__(self, key: Secret) -> None:
        """
        Args:
            key: of 32 bytes or more, for this purpose and this server alone.

        Raises:
            ValueError: the key is shorter.
        """
        if len(key.reveal()) < 32:
            raise ValueError("the key of nonces has 32 bytes or more")
        self._key = key
        self._made_at = -REUSE
        self._present = ""

    def issue(self, now: float) -> str:
        """A nonce for the next proof; `now` is wall-clock Unix seconds."""
        if not 0.0 <= now - self._made_at < REUSE:
            stamp = int(now * 1000).to_bytes(_TIME_BYTES, "big")
            text = b2a_base64(stamp + self._mac(stamp), newline=False)
            self._present = text.rstrip(b"=").translate(_TO_BASE64URL).decode("ascii")
            self._made_at = now
        return self._present

    def made_at(self, nonce: str, now: float) -> float:
        """When a nonce was made, in Unix seconds.

        Raises:
            UnknownNonce: not by this server, or not within the last five minutes.
        """
        if len(nonce) != _TEXT_LENGTH:
            raise UnknownNonce
        try:
            value = base64url.decode_text(nonce)
        except ValueError:
            raise UnknownNonce from None
        stamp = value[:_TIME_BYTES]
        if not hmac.compare_digest(value[_TIME_BYTES:], self._mac(stamp)):
            raise UnknownNonce
        made_at = int.from_bytes(stamp, "big") / 1000
        if not -SKEW <= now - made_at < LIFETIME:
            raise UnknownNonce
        return made_at

    def _mac(self, stamp: bytes) -> bytes:
        return hmac.digest(self._key.reveal(), stamp, "sha256")[:_MAC_BYTES]
