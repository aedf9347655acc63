"""What an ID token must say before we believe who somebody is (OpenID Connect Core §3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from vallum.tokens.algorithms import ALGORITHMS
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwks import KeySet
from vallum.tokens.jws import verify_signature
from vallum.tokens.jwt import UnverifiedToken

LEEWAY: Final = 30.0
"""Seconds that a provider's clock may differ from ours."""
OLDEST: Final = 600.0
"""Seconds since `iat`: it was made for a sign-in that began at most so long ago."""

_LONGEST_SUBJECT: Final = 255
_TYPES: Final = frozenset({None, "jwt", "application/jwt"})


class IdTokenRefused(Exception):  # noqa: N818  (a verdict on a token)
    """An ID token that was not believed. Holds nothing of the token but the rule it broke."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the ID token of one sign-in must say."""

    issuer: str
    aliases: tuple[str, ...]
    """Other spellings of the issuer that are documented."""
    client_id: str
    nonce: str
    algorithms: tuple[str, ...]
    max_age: float | None
    """The person must have signed in at the provider so lately, and the token must say so."""


def verify_id_token(
    token: UnverifiedToken, keys: KeySet, expected: Expected, access_token: str | None, now: float
) -> Mapping[str, Any]:
    """The claims of an ID token that passed every check.

    Args:
        token: as it came from the token endpoint.
        keys: the provider's.
        expected: of this sign-in.
        access_token: that came with it.
        now: Unix seconds.

    Raises:
        IdTokenRefused: with the rule that it broke.
    """
    try:
        verify_signature(token.unverified_jws, keys, expected.algorithms)
    except InvalidToken as error:
        raise IdTokenRefused(error.reason) from None
    type_ = token.unverified_jws.type
    # RFC 8725 §3.11: an access or logout token with our name in it is no ID token.
    if (None if type_ is None else type_.lower()) not in _TYPES:
        raise IdTokenRefused("typ")
    claims = token.unverified_claims
    _judge_parties(claims, expected)
    _judge_times(claims, expected, now)
    _judge_nonce(claims, expected)
    if "at_hash" in claims:
        _judge_hash(claims["at_hash"], access_token, token.unverified_jws.algorithm)
    return claims


def _judge_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    # 2. "The Issuer Identifier … MUST exactly match the value of the iss Claim."
    if claims.get("iss") not in (expected.issuer, *expected.aliases):
        raise IdTokenRefused("iss")
    # 3. Not "among others", though the text would allow it: nobody else is to be able to use it.
    if claims.get("aud") not in (expected.client_id, [expected.client_id]):
        raise IdTokenRefused("aud")
    # 4. and 5. "… verify that its client_id is the Claim Value."
    if "azp" in claims and claims["azp"] != expected.client_id:
        raise IdTokenRefused("azp")
    subject = claims.get("sub")
    # Core §2: at most 255 ASCII characters.
    if (
        not isinstance(subject, str)
        or not 0 < len(subject) <= _LONGEST_SUBJECT
        or not subject.isascii()
        or not subject.isprintable()
    ):
        raise IdTokenRefused("sub")


def _judge_times(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    # 9. and 10.
    if _date(claims, "exp") + LEEWAY <= now:
        raise IdTokenRefused("exp")
    issued = _date(claims, "iat")
    if not now - OLDEST - LEEWAY <= issued <= now + LEEWAY:
        raise IdTokenRefused("iat")
    if "nbf" in claims and _date(claims, "nbf") > now + LEEWAY:
        raise IdTokenRefused("nbf")
    # 13. `auth_time` is there where `max_age` was asked for.
    if (
        expected.max_age is not None
        and _date(claims, "auth_time") < now - expected.max_age - LEEWAY
    ):
        raise IdTokenRefused("auth_time")


def _judge_nonce(claims: Mapping[str, Any], expected: Expected) -> None:
    # 11. "a nonce Claim MUST be present and its value checked" (B-167).
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode("utf-8", "surrogatepass"), expected.nonce.encode()
    ):
        raise IdTokenRefused("nonce")


def _judge_hash(found: object, access_token: str | None, algorithm: str) -> None:
    # Core §3.1.3.6: the left half of the hash that the algorithm uses, as base64url.
    bits = algorithm[-3:] if ALGORITHMS[algorithm].key_type != "OKP" else "512"
    digest = hashlib.new(f"sha{bits}", (access_token or "").encode("utf-8", "replace")).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(found, str) or not hmac.compare_digest(
        found.encode("utf-8", "replace"), half
    ):
        raise IdTokenRefused("at_hash")


def _date(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # A boolean is an int in Python and not a NumericDate anywhere.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise IdTokenRefused(name)
    return float(value)
