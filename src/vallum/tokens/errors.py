"""How the room says no."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "jwt.alg",
    "jwt.audience",
    "jwt.binding",
    "jwt.claims",
    "jwt.confirmation",
    "jwt.crit",
    "jwt.embedded-key",
    "jwt.expired",
    "jwt.header",
    "jwt.inactive",
    "jwt.issuer",
    "jwt.key-unknown",
    "jwt.kid",
    "jwt.lifetime",
    "jwt.malformed",
    "jwt.not-yet",
    "jwt.revoked",
    "jwt.roles",
    "jwt.scope",
    "jwt.signature",
    "jwt.subject",
    "jwt.too-long",
    "jwt.type",
]
"""Why a token was refused: for the record, never for the caller."""


class InvalidToken(Exception):  # noqa: N818  (a verdict on a token, not an error of ours)
    """A token that was not accepted. Holds nothing of the token."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class RefusedKey(ValueError):  # noqa: N818
    """A key that must not verify anything; the message is a stable code such as `weak-rsa`."""


class InvalidKeySet(ValueError):  # noqa: N818
    """A JWK Set that cannot be used as a whole; the message says why, without any key."""
