"""Verifies the signed statement with which a Vallum gateway says who is calling."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import time
from dataclasses import dataclass
from typing import Any, Final, Literal

FIELD: Final = "vallum-identity"
"""Name of the request field."""

MAX_SIZE: Final = 16 * 1024
LEEWAY: Final = 10.0
"""Seconds by which the clocks of gateway and API may differ."""

Kind = Literal["user", "client", "workload"]

# There is one header and it is compared, not interpreted: a statement cannot choose how it is
# verified (RFC 8725 §3.1).
_HEADER: Final = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"vallum+jwt"}').rstrip(b"=")
_STATEMENT: Final = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")


class InvalidIdentity(Exception):  # noqa: N818  (a verdict on a request)
    """The request carries no statement that this API may believe. Answer 401."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A verified caller."""

    kind: Kind
    issuer: str
    """Who vouches for the caller."""
    subject: str
    """Unique together with `issuer`."""
    scopes: frozenset[str]
    roles: frozenset[str]
    credential: str
    """Which credential was used: an identifier that is safe to log."""
    expires_at: int
    """Unix seconds at which the statement ends."""


def verify_identity(
    header: str | bytes | None,
    *,
    key: str | bytes,
    audience: str,
    method: str,
    path: str,
    now: float | None = None,
) -> Identity:
    """Verify the statement of one request completely.

    Args:
        header: value of the field `Vallum-Identity`, or None when the request has none.
        key: shared with the gateway: 32 bytes or more, or their hexadecimal digits.
        audience: this API's name in the gateway's policy.
        method: of the request.
        path: of the request, percent-decoded and without query, as WSGI (`SCRIPT_NAME` +
            `PATH_INFO`) and ASGI (`scope["path"]`) have it.
        now: Unix seconds; None: the present.

    Raises:
        InvalidIdentity: no statement, or not one for this request.
        ValueError: `key` is too short to protect anything.
    """
    secret = bytes.fromhex(key) if isinstance(key, str) else key
    if len(secret) < 32:
        raise ValueError("the key must have 32 bytes or more (64 hexadecimal digits)")
    claims = _verified_claims(header, secret)
    _check_times(claims, time.time() if now is None else now)
    expected = {"iss": "vallum", "aud": audience, "htm": method, "path": path}
    for name, value in expected.items():
        if claims.get(name) != value:
            raise InvalidIdentity(f"the statement is for another {name}")
    return _identity(claims)


def _verified_claims(header: str | bytes | None, secret: bytes) -> dict[str, Any]:
    if header is None:
        raise InvalidIdentity("the request has no statement")
    try:
        text = header.encode("ascii") if isinstance(header, str) else header
    except UnicodeEncodeError:
        raise InvalidIdentity("malformed") from None
    match = _STATEMENT.fullmatch(text) if len(text) <= MAX_SIZE else None
    if match is None or match[1] != _HEADER:
        raise InvalidIdentity("malformed")
    digest = hmac.digest(secret, text[: match.end(2)], "sha256")
    # Comparing texts makes sure that there is one spelling of the signature only.
    if not hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), match[3]):
        raise InvalidIdentity("the signature is wrong")
    try:
        claims = json.loads(base64.urlsafe_b64decode(match[2] + b"=" * (-len(match[2]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidIdentity("malformed") from None
    if not isinstance(claims, dict):
        raise InvalidIdentity("malformed")
    return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    if type(issued_at) is not int or type(expires_at) is not int:
        raise InvalidIdentity("malformed")
    if now >= expires_at + LEEWAY:
        raise InvalidIdentity("expired")
    if issued_at > now + LEEWAY:
        raise InvalidIdentity("from the future")


def _identity(claims: dict[str, Any]) -> Identity:
    kind = claims.get("kind")
    if kind not in ("user", "client", "workload"):
        raise InvalidIdentity("malformed")
    roles = claims.get("roles")
    if not isinstance(roles, list):
        raise InvalidIdentity("malformed")
    return Identity(
        kind=kind,
        issuer=_text(claims, "sub_iss"),
        subject=_text(claims, "sub"),
        scopes=frozenset(_text(claims, "scope").split()),
        roles=frozenset(map(str, roles)),
        credential=_text(claims, "credential"),
        expires_at=claims["exp"],
    )


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise InvalidIdentity("malformed")
    return value
