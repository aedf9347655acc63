"""The signed statement that tells an upstream who is calling (GW-5).

A JWT with HS256 under a key that the gateway and one upstream share, valid for a minute at most
and only for the method and path of the request it travels with. `clients/python` verifies it.
"""

from __future__ import annotations

import hmac
from binascii import b2a_base64
from typing import Any, Final

import orjson

from vallum.core.principal import Principal
from vallum.core.secret import Secret

FIELD: Final = b"vallum-identity"
"""The field that carries the statement; what clients send under this name never passes."""

ISSUER: Final = "vallum"
LIFETIME: Final = 60.0
"""Seconds between `iat` and `exp`."""

REUSE: Final = 30.0
"""Seconds for which a statement is handed out again."""

MAX_CACHED: Final = 4096

_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")


def _encode(value: bytes) -> bytes:
    return b2a_base64(value, newline=False).rstrip(b"=").translate(_TO_BASE64URL)


HEADER: Final = _encode(b'{"alg":"HS256","typ":"vallum+jwt"}')
"""Always these bytes: a verifier compares, it does not negotiate."""


class InternalStatements:
    """Makes the statements for one upstream."""

    __slots__ = ("_audience", "_cache", "_key")

    def __init__(self, key: Secret, audience: str) -> None:
        """
        Args:
            key: shared with this upstream alone, 32 bytes or more.
            audience: the upstream's name; a statement is worth nothing elsewhere (GW-6).

        Raises:
            ValueError: the key is shorter than RFC 7518 §3.2 asks for, or there is no audience.
        """
        if len(key.reveal()) < 32:
            raise ValueError("the key of an upstream must have 32 bytes or more")
        if not audience:
            raise ValueError("a statement needs an audience")
        self._key = key
        self._audience = audience
        self._cache: dict[tuple[int, str, str], tuple[Principal, float, bytes]] = {}

    def header(self, principal: Principal, method: str, path: str, now: float) -> bytes:
        """The value of the field.

        Args:
            principal: the verified caller.
            method: of the request that goes upstream.
            path: decoded path of that request, without query.
            now: wall-clock Unix seconds.
        """
        key = (id(principal), method, path)
        cached = self._cache.get(key)
        # The entry holds the principal, so that its id() cannot have become another's.
        if cached is not None and cached[0] is principal and 0.0 <= now - cached[1] < REUSE:
            return cached[2]
        expires_at = now + LIFETIME
        if principal.expires_at is not None:
            expires_at = min(expires_at, principal.expires_at)
        value = self._sign(_claims(principal), method, path, now, expires_at)
        if expires_at - now > REUSE:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            self._cache[key] = (principal, now, value)
        return value

    def _sign(
        self, claims: dict[str, Any], method: str, path: str, now: float, expires_at: float
    ) -> bytes:
        claims["iss"] = ISSUER
        claims["aud"] = self._audience
        claims["iat"] = int(now)
        # Rounded down both: never valid for longer than a minute or than the credential.
        claims["exp"] = int(expires_at)
        claims["htm"] = method
        claims["path"] = path
        signing_input = HEADER + b"." + _encode(orjson.dumps(claims))
        return (
            signing_input + b"." + _encode(hmac.digest(self._key.reveal(), signing_input, "sha256"))
        )


def _claims(principal: Principal) -> dict[str, Any]:
    return {
        "kind": principal.kind,
        "sub": principal.subject,
        "sub_iss": principal.issuer,
        "credential": principal.credential,
        "scope": " ".join(sorted(principal.scopes)),
        "roles": sorted(principal.roles),
    }
