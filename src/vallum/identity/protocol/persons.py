"""Tokens for a client that acts for a person: the end of several grants."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.errors import OAuthError
from vallum.identity.issuing import Person, id_token, person_token
from vallum.identity.protocol.asking import Answer, TokenRequest, tell_issued, token_answer
from vallum.identity.protocol.claims import claims_of
from vallum.identity.protocol.scopes import allowed_scopes, is_open
from vallum.identity.protocol.standing import Standing
from vallum.identity.secrets import new_id
from vallum.identity.storage.allowances import Allowance
from vallum.identity.storage.clients import Client

_ASYMMETRIC = frozenset({"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"})


def proves_a_key(client: Client) -> bool:
    """Whether the client signs in with a key, so that its refresh tokens need no other binding
    (RFC 9449 §5: nor may they have one, or it could not renew its proof key)."""
    return client.auth_method in _ASYMMETRIC


async def first_tokens(
    request: TokenRequest,
    connection: AsyncConnection,
    allowance: Allowance,
    standing: Standing,
    *,
    nonce: str | None = None,
    code_hash: bytes | None = None,
) -> Answer:
    """The first tokens that come of what a person has just allowed.

    Raises:
        OAuthError: `invalid_grant`: the client may not have them any more.
    """
    family = new_id("family")
    more = {}
    if "refresh_token" in request.client.grants:
        is_bound = not proves_a_key(request.client)
        stays = "offline_access" in allowance.scopes
        more["refresh_token"] = await request.services.refresh_tokens.begin(
            connection,
            replace(allowance, session_id=None) if stays else allowance,
            family=family,
            jkt=request.sender.jkt if is_bound else None,
            x5t=request.sender.x5t if is_bound else None,
        )
    answer = await access_tokens(
        request,
        connection,
        allowance,
        standing,
        scopes=frozenset(allowance.scopes),
        family=family,
        nonce=nonce,
        code_hash=code_hash,
    )
    return answer | more


async def access_tokens(
    request: TokenRequest,
    connection: AsyncConnection,
    allowance: Allowance,
    standing: Standing,
    *,
    scopes: frozenset[str],
    family: str,
    nonce: str | None = None,
    code_hash: bytes | None = None,
) -> Answer:
    """An access token, and an ID token where the person is to be known.

    Raises:
        OAuthError: `invalid_grant`: the client may not have it any more.
    """
    services, client = request.services, request.client
    # The operator may have taken something from the client since.
    if not is_open(services, client, allowance.resource):
        raise OAuthError("invalid_grant", reason="grant: resource withdrawn")
    granted = scopes & allowed_scopes(services, client, allowance.resource)
    person = Person(
        id=allowance.user_id,
        roles=standing.roles,
        amr=allowance.amr,
        authenticated=allowance.authenticated,
        session_id=allowance.session_id,
        grant_id=allowance.grant_id,
        family=family,
        code_hash=code_hash,
    )
    token = await person_token(
        services,
        connection,
        client,
        person,
        scopes=granted,
        resource=allowance.resource,
        confirmation=request.sender.confirmation,
    )
    tell_issued(request, token, person.id)
    answer = token_answer(request, token, granted)
    if "openid" in granted:
        about = claims_of(standing, granted)
        answer["id_token"] = id_token(services, client, person, nonce=nonce, claims=about)
    return answer
