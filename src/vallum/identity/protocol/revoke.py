"""Token revocation (RFC 7009): a client gives back what it holds."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.client_auth import authenticate
from vallum.identity.protocol.own_tokens import verify_own
from vallum.identity.revoking import revoke_access_token, revoke_client_token, revoke_family
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.web.forms import read_form
from vallum.tokens.errors import InvalidToken


async def revoke(services: Services, request: Request) -> Response:
    """End a token of the client that asks; 200 whether or not there was one (RFC 7009 §2.2).

    The hint is not needed: the kinds of our tokens look different.

    Raises:
        OAuthError: `invalid_client` or `invalid_request`.
    """
    form = await read_form(request)
    caller = await authenticate(services, request, form)
    text = form.get("token", "")
    if not text:
        raise OAuthError("invalid_request", "the parameter token is missing")
    if "." in text:
        await _access(services, caller.client, text)
    else:
        await _refresh(services, caller.client, text)
    return Response()


async def _access(services: Services, client: Client, text: str) -> None:
    try:
        token = await verify_own(services, text)
    except InvalidToken:
        return
    # RFC 7009 §2.1: a token of another client stays as it is (B-186).
    if token.client_id != client.id:
        return
    claims = token.claims
    if token.user_id is None:
        await revoke_client_token(services, claims.token_id, expires=claims.expires_at)
    else:
        await revoke_access_token(services, claims.token_id)
    _tell(services, client, token.user_id)


async def _refresh(services: Services, client: Client, text: str) -> None:
    token = await services.refresh_tokens.look(text)
    if token is None or token.allowance.client_id != client.id:
        return
    # RFC 7009 §2.1: with a refresh token its access tokens SHOULD end too.
    await revoke_family(services, token.family)
    _tell(services, client, token.allowance.user_id)


def _tell(services: Services, client: Client, user_id: str | None) -> None:
    services.events.tell(
        "token.revoked", user_id=user_id, client_id=client.id, actor=f"client:{client.id}"
    )
