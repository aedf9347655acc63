"""Making access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.secrets import new_id
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.database import insert_row
from vallum.identity.storage.sessions import acr_of
from vallum.identity.storage.tables import ACCESS_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person for whom tokens are made, and how it was proved that it is she."""

    id: str
    roles: Sequence[str]
    amr: Sequence[str]
    authenticated: float
    session_id: str | None
    grant_id: str | None
    family: str | None
    code_hash: bytes | None = None
    parent_id: str | None = None
    """The token that is exchanged for the new one, which ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed access token."""

    text: str
    id: str
    """Its `jti`."""
    expires: float


def client_token(
    services: Services,
    client: Client,
    *,
    scopes: Collection[str],
    resource: str,
    confirmation: Mapping[str, str] | None,
) -> AccessToken:
    """An access token for a client that acts for itself. Not stored: it lives for minutes, and
    revoking the client ends it.

    Args:
        services: the provider's parts.
        client: whose.
        scopes: what it may do; already judged.
        resource: the `aud`.
        confirmation: `cnf`, what the token is bound to (RFC 7800); None: a bearer token.
    """
    # SECURITY: what is remembered of a client may be older than its revocation, so that a token is
    # dated when it was true: workers refuse what was issued until a revocation.
    known = services.clients.known_since(client.id)
    claims = _claims(services, client, client.id, scopes, resource, confirmation, known)
    return _signed(services, claims)


async def person_token(
    services: Services,
    connection: AsyncConnection,
    client: Client,
    person: Person,
    *,
    scopes: Collection[str],
    resource: str,
    confirmation: Mapping[str, str] | None,
    extra: Mapping[str, Any] | None = None,
) -> AccessToken:
    """An access token for a client that acts for a person; noted so that it can be revoked.

    Args:
        services: the provider's parts.
        connection: a writing one. INVARIANT: of the transaction that used up what the token comes
            of, so that whoever revokes that finds the token.
        client: the client.
        person: for whom.
        scopes: what the person allowed; already judged.
        resource: the `aud`.
        confirmation: `cnf`, what the token is bound to (RFC 7800); None: a bearer token.
        extra: more claims, such as `act` (RFC 8693 §4.1).
    """
    claims = _claims(services, client, person.id, scopes, resource, confirmation, services.clock())
    claims |= {
        "auth_time": int(person.authenticated),
        "acr": acr_of(person.amr),
        "amr": list(person.amr),
    }
    if person.roles:
        claims["roles"] = list(person.roles)
    if person.session_id is not None:
        claims["sid"] = person.session_id
    token = _signed(services, {**claims, **(extra or {})})
    await insert_row(
        connection,
        ACCESS_TOKENS,
        {
            "id": token.id,
            "grant_id": person.grant_id,
            "family": person.family,
            "client_id": client.id,
            "user_id": person.id,
            "session_id": person.session_id,
            "code_hash": person.code_hash,
            "parent_id": person.parent_id,
            "expires": token.expires,
        },
    )
    return token


def id_token(
    services: Services,
    client: Client,
    person: Person,
    *,
    nonce: str | None,
    claims: Mapping[str, Any],
) -> str:
    """An ID token for a client.

    Args:
        services: the provider's parts.
        client: the `aud`.
        person: who has signed in.
        nonce: as the client sent it.
        claims: what the granted scopes let it know, such as `email`.
    """
    now = int(services.clock())
    payload: dict[str, Any] = {
        **claims,
        "iss": services.settings.issuer,
        "sub": person.id,
        "aud": client.id,
        "iat": now,
        "exp": now + int(services.settings.id_token_life),
        "auth_time": int(person.authenticated),
        "acr": acr_of(person.amr),
        "amr": list(person.amr),
    }
    if nonce is not None:
        payload["nonce"] = nonce
    if person.session_id is not None:
        payload["sid"] = person.session_id
    return services.keys.signer().sign(payload, "JWT")


def _claims(
    services: Services,
    client: Client,
    subject: str,
    scopes: Collection[str],
    resource: str,
    confirmation: Mapping[str, str] | None,
    issued: float,
) -> dict[str, Any]:
    now = int(issued)
    claims: dict[str, Any] = {
        "iss": services.settings.issuer,
        "sub": subject,
        "client_id": client.id,
        "aud": resource,
        "iat": now,
        "exp": now + int(services.settings.token_life),
        "jti": new_id("at"),
        "scope": " ".join(sorted(scopes)),
    }
    if confirmation is not None:
        claims["cnf"] = dict(confirmation)
    return claims


def _signed(services: Services, claims: dict[str, Any]) -> AccessToken:
    text = services.keys.signer().sign(claims, "at+jwt")
    return AccessToken(text=text, id=claims["jti"], expires=float(claims["exp"]))
