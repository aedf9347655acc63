"""Access tokens of ours that somebody presents to us."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import or_, select

from vallum.identity.services import Services
from vallum.identity.storage.tables import ACCESS_TOKENS, REVOCATIONS
from vallum.tokens.claims import ACCESS_TOKEN, IssuerExpectations, VerifiedClaims
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.jwt import verify
from vallum.tokens.signing import SIGNING_ALGORITHMS


class OwnToken(NamedTuple):
    """A token that is good now."""

    claims: VerifiedClaims
    client_id: str
    user_id: str | None
    grant_id: str | None
    family: str | None


_NO_ROW: Final = (None, None)


async def verify_own(services: Services, text: str) -> OwnToken:
    """Verify an access token that this provider made, and that nobody has revoked since.

    Raises:
        InvalidToken: it is none, or it is not good any more.
    """
    issuer = services.settings.issuer
    expected = IssuerExpectations(
        issuer=issuer,
        audience=(*services.settings.resources, issuer),
        algorithms=SIGNING_ALGORITHMS,
        types=(ACCESS_TOKEN,),
        max_lifetime=services.settings.token_life,
        leeway=0.0,
    )
    claims = verify(
        text.encode("utf-8", "replace"),
        issuer=expected,
        keys=_keys(services.keys.jwks),
        now=services.clock(),
    )
    client_id = str(claims.claims["client_id"])
    if await services.clients.find(client_id) is None:
        raise InvalidToken("jwt.inactive")
    return await _living(services, claims, client_id)


async def _living(services: Services, claims: VerifiedClaims, client_id: str) -> OwnToken:
    subjects = (claims.subject, f"client:{client_id}")
    ended = select(REVOCATIONS.c.id).where(
        or_(
            REVOCATIONS.c.token_id == claims.token_id,
            REVOCATIONS.c.subject.in_(subjects) & (REVOCATIONS.c.at >= claims.issued_at),
        )
    )
    noted = select(ACCESS_TOKENS).where(ACCESS_TOKENS.c.id == claims.token_id)
    async with services.database.read() as connection:
        if (await connection.execute(ended)).first() is not None:
            raise InvalidToken("jwt.revoked")
        row: Any = (await connection.execute(noted)).one_or_none()
    if claims.kind == "client":
        return OwnToken(claims, client_id, None, *_NO_ROW)
    # Every token for a person is noted while it lives.
    if row is None or row.revoked is not None:
        raise InvalidToken("jwt.revoked")
    return OwnToken(claims, client_id, row.user_id, row.grant_id, row.family)


@lru_cache(maxsize=4)
def _keys(jwks: bytes) -> KeySet:
    return parse_jwks(jwks, algorithms=SIGNING_ALGORITHMS)
