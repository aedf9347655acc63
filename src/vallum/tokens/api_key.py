"""API keys as text: `vlm_<id>_<secret><checksum>` (AN-2).

The id (96 bits) finds the key in the store and is safe to show; the secret (256 bits) is shown
once and kept nowhere. The checksum lets secret scanners, and the gateway before any look-up, tell
a key from a typing error. All in base 62, so that a double click selects all of it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from typing import Final, NamedTuple
from zlib import crc32

from vallum.core.secret import Secret

PREFIX: Final = "vlm"
"""First word of every key; secret scanners look for it."""

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_BYTES, _ID_DIGITS = 12, 17
_SECRET_BYTES, _SECRET_DIGITS = 32, 43
_CHECKSUM_DIGITS: Final = 6

_KEY: Final = re.compile(
    rb"(vlm_([0-9A-Za-z]{%d})_[0-9A-Za-z]{%d})([0-9A-Za-z]{%d})"
    % (_ID_DIGITS, _SECRET_DIGITS, _CHECKSUM_DIGITS)
)


class InvalidAPIKey(Exception):  # noqa: N818  (a verdict on a credential)
    """A text that is not an API key, or not the one it says it is."""


class NewAPIKey(NamedTuple):
    """A key that was just made."""

    id: str
    text: Secret
    """The whole key, for the one who asked for it and for nobody else."""


def generate(random: Callable[[int], bytes]) -> NewAPIKey:
    """Make a key.

    Args:
        random: a cryptographic source of so many bytes, such as `secrets.token_bytes`.
    """
    key_id = _base62(random(_ID_BYTES), _ID_DIGITS)
    body = f"{PREFIX}_{key_id}_{_base62(random(_SECRET_BYTES), _SECRET_DIGITS)}".encode("ascii")
    return NewAPIKey(key_id, Secret(body + _checksum(body)))


def read_id(text: bytes) -> str:
    """The id of a key, if the text can be one at all.

    Raises:
        InvalidAPIKey: wrong form or wrong checksum.
    """
    match = _KEY.fullmatch(text)
    if match is None or _checksum(match[1]) != match[3]:
        raise InvalidAPIKey("not an API key")
    return match[2].decode("ascii")


def key_hash(text: bytes, pepper: Secret) -> bytes:
    """What is stored of a key: HMAC-SHA-256 under the deployment's pepper."""
    return hmac.digest(pepper.reveal(), text, "sha256")


def verify_hash(text: bytes, stored: bytes, pepper: Secret) -> None:
    """Check a key against what is stored of it, in constant time (B-153).

    Raises:
        InvalidAPIKey: another key.
    """
    if not hmac.compare_digest(key_hash(text, pepper), stored):
        raise InvalidAPIKey("another API key")


def _base62(value: bytes, digits: int) -> str:
    number = int.from_bytes(value, "big")
    text = []
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text.append(_DIGITS[digit])
    return "".join(reversed(text))


def _checksum(body: bytes) -> bytes:
    return _base62(crc32(body).to_bytes(4, "big"), _CHECKSUM_DIGITS).encode("ascii")
