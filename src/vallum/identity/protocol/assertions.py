"""Client assertions: `private_key_jwt` (RFC 7523 §3, OpenID Connect Core §9, FAPI 2.0 §5.3.2.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import orjson

from vallum.identity.errors import OAuthError
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.once import first_time
from vallum.tokens.errors import InvalidKeySet, InvalidToken
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.jws import verify_signature
from vallum.tokens.jwt import UnverifiedToken, read

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "EdDSA", "RS256", "PS256")
"""What assertions may be signed with. Never a MAC: its key would be the public key (B-179)."""

_LIFE: Final = 60.0
_SKEW: Final = 10.0
_MOST_JTI: Final = 128
_TYPES: Final = frozenset({None, "jwt", "client-authentication+jwt"})


def read_assertion(text: str) -> UnverifiedToken:
    """Take an assertion apart; nothing of it is believed yet.

    Raises:
        OAuthError: `invalid_client`.
    """
    try:
        return read(text.encode("utf-8", "replace"))
    except InvalidToken as error:
        raise refused(error.reason) from None


async def verify_assertion(services: Services, client: Client, assertion: UnverifiedToken) -> None:
    """Check that `client` made this assertion for us, a moment ago, and that nobody used it yet.

    Raises:
        OAuthError: `invalid_client`.
    """
    try:
        keys = _keys(orjson.dumps(client.jwks or {"keys": []}))
        verify_signature(assertion.unverified_jws, keys, ALGORITHMS)
    except InvalidKeySet:
        raise refused("no key of this client can be used") from None
    except InvalidToken as error:
        raise refused(error.reason) from None
    # From here on the claims are the client's own.
    now = services.clock()
    claims = assertion.unverified_claims
    expires = _judge(services, client, claims, assertion.unverified_jws.type, now)
    async with services.database.write() as connection:
        is_first = await first_time(
            connection, "assertion", client.id, claims["jti"], until=expires + _SKEW, now=now
        )
    if not is_first:
        raise refused("seen before")


def _judge(
    services: Services, client: Client, claims: dict[str, Any], type_: str | None, now: float
) -> float:
    if (None if type_ is None else type_.lower()) not in _TYPES:
        raise refused("typ")
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        raise refused("iss or sub")
    # SECURITY: exactly the issuer, as a string. An assertion for another server, or for one of
    # several, could be carried from there to here (FAPI 2.0 §5.3.2.1, B-179).
    if claims.get("aud") != services.settings.issuer:
        raise refused("aud")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_JTI:
        raise refused("jti")
    expires = _date(claims, "exp")
    issued = _date(claims, "iat") if "iat" in claims else expires - _LIFE
    begins = _date(claims, "nbf") if "nbf" in claims else issued
    if not now < expires <= issued + _LIFE or max(issued, begins) > now + _SKEW:
        raise refused("exp, iat or nbf")
    return expires


def _date(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    # A boolean is an int in Python and not a NumericDate anywhere.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise refused(name)
    return float(value)


@lru_cache(maxsize=512)
def _keys(jwks: bytes) -> KeySet:
    return parse_jwks(jwks, algorithms=ALGORITHMS)


def refused(reason: str) -> OAuthError:
    """The one refusal of clients that have not proved who they are."""
    return OAuthError(
        "invalid_client",
        "the client did not prove who it is",
        status=401,
        reason=f"client: {reason}",
        # RFC 9110 §15.5.2: with 401 a challenge MUST be sent.
        headers={"www-authenticate": 'Basic realm="oauth"'},
    )
