"""Token introspection (RFC 7662), for those whom the token concerns."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import json_answer
from vallum.identity.protocol.assertions import refused
from vallum.identity.protocol.client_auth import authenticate
from vallum.identity.protocol.guesses import count_guess
from vallum.identity.protocol.own_tokens import verify_own
from vallum.identity.protocol.standing import demand_standing
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.web.forms import read_form
from vallum.tokens.errors import InvalidToken

RESOURCE_SERVER: Final = "introspection"
"""Among the grants of a client: it may ask about tokens for any of its resources, because it is
the server of that resource. Without it a client may ask about its own tokens only."""

_MEMBERS: Final = (
    *("iss", "sub", "client_id", "aud", "jti", "iat", "exp", "scope", "cnf", "act"),
    *("auth_time", "acr", "amr", "sid", "roles"),
)
_INACTIVE: Final = {"active": False}


async def introspect(services: Services, request: Request) -> Response:
    """Say what a token is worth now.

    Raises:
        OAuthError: `invalid_client`, `invalid_request`, or 429 for who only guesses.
    """
    form = await read_form(request)
    caller = await authenticate(services, request, form)
    # RFC 7662 §2.1: some form of authorization is a MUST, against scanning for tokens (B-185).
    if caller.client.is_public:
        raise refused("public clients cannot ask")
    text = form.get("token", "")
    if not text:
        raise OAuthError("invalid_request", "the parameter token is missing")
    answer = await _access(services, caller.client, text) if "." in text else None
    if "." not in text:
        answer = await _refresh(services, caller.client, text)
    if answer is None:
        await count_guess(
            services,
            request,
            "introspection",
            account=caller.client.id,
            description="too many tokens that are worth nothing",
        )
    # RFC 7662 §2.2: an inactive token's answer says nothing else, not even why.
    return json_answer(_INACTIVE if answer is None else answer)


async def _access(services: Services, client: Client, text: str) -> dict[str, Any] | None:
    try:
        token = await verify_own(services, text)
    except InvalidToken:
        return None
    claims = token.claims.claims
    is_server = RESOURCE_SERVER in client.grants and claims["aud"] in client.resources
    if token.client_id != client.id and not is_server:
        return None
    said = {name: claims[name] for name in _MEMBERS if name in claims}
    bound = token.claims.confirmation
    is_proved = bound is not None and bool(bound.jkt)
    return {"active": True, "token_type": "DPoP" if is_proved else "Bearer", **said}


async def _refresh(services: Services, client: Client, text: str) -> dict[str, Any] | None:
    token = await services.refresh_tokens.look(text)
    now = services.clock()
    if (
        token is None
        or token.allowance.client_id != client.id
        or token.used is not None
        or token.revoked is not None
        or min(token.expires, token.ends) <= now
    ):
        return None
    try:
        async with services.database.read() as connection:
            await demand_standing(connection, token.allowance, now)
    except OAuthError:
        return None
    return {
        "active": True,
        "iss": services.settings.issuer,
        "sub": token.allowance.user_id,
        "client_id": client.id,
        "scope": " ".join(sorted(token.allowance.scopes)),
        "exp": int(min(token.expires, token.ends)),
    }
