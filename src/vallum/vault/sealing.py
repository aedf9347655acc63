"""Sealing: authenticated encryption of single values at rest (AES-256-GCM)."""

from __future__ import annotations

from secrets import token_bytes
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vallum.core.secret import Secret

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class SealBroken(Exception):  # noqa: N818  (a verdict on a value)
    """A sealed value was changed, moved to another place, or sealed under another key."""


class Sealer:
    """Seals values under one key. Each value is bound to the place where it is kept.

    Nonces are random: at most 2**32 values may be sealed under one key (NIST SP 800-38D §8.3).
    """

    __slots__ = ("_cipher", "_derived", "_key")

    def __init__(self, key: Secret) -> None:
        """
        Args:
            key: 32 bytes, kept outside of the database.

        Raises:
            ValueError: it has another length.
        """
        if len(key.reveal()) != KEY_BYTES:
            raise ValueError("a sealing key has 32 bytes")
        self._key = key
        self._derived: dict[bytes, Secret] = {}
        self._cipher = AESGCM(self.derive(b"seal").reveal())

    def seal(self, value: bytes, place: str) -> bytes:
        """Encrypt `value` for `place`, such as `totp.seed/<row>`; 29 bytes longer than it."""
        nonce = token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for `place`.

        Raises:
            SealBroken: this is not what was sealed there.
        """
        if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
            raise SealBroken(place)
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, place.encode())
        except InvalidTag:
            raise SealBroken(place) from None

    def derive(self, purpose: bytes) -> Secret:
        """A key of 32 bytes for another purpose; tells nothing about this one (RFC 5869).

        Purposes are few and ours: each key is remembered.
        """
        known = self._derived.get(purpose)
        if known is None:
            kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"vallum/" + purpose)
            known = self._derived[purpose] = Secret(kdf.derive(self._key.reveal()))
        return known
