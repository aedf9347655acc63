"""The token endpoint (RFC 6749 §3.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import Answer, TokenRequest, json_answer
from vallum.identity.protocol.client_auth import authenticate
from vallum.identity.protocol.grants.authorization_code import authorization_code
from vallum.identity.protocol.grants.client_credentials import client_credentials
from vallum.identity.protocol.grants.device_code import device_code
from vallum.identity.protocol.grants.refresh_token import refresh_token
from vallum.identity.protocol.grants.token_exchange import token_exchange
from vallum.identity.protocol.senders import identify_sender, nonce_field, read_proof
from vallum.identity.services import Services
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_form

GRANTS: Final[Mapping[str, Callable[[TokenRequest], Awaitable[Answer]]]] = {
    "authorization_code": authorization_code,
    "client_credentials": client_credentials,
    "refresh_token": refresh_token,
    "urn:ietf:params:oauth:grant-type:device_code": device_code,
    "urn:ietf:params:oauth:grant-type:token-exchange": token_exchange,
}
"""Every grant type. `password` and `implicit` are none (OAuth 2.1 §10, B-177)."""


async def token(services: Services, request: Request) -> Response:
    """Answer a request for tokens.

    Raises:
        OAuthError: with the refusal.
    """
    form = await read_form(request)
    proof = read_proof(services, request)
    caller = await authenticate(services, request, form)
    grant_type = form.get("grant_type", "")
    grant = GRANTS.get(grant_type)
    if grant is None:
        error = "unsupported_grant_type" if grant_type else "invalid_request"
        raise OAuthError(error, "this grant type does not exist here")
    # AN-13: each client has its grants, and no others.
    if grant_type not in caller.client.grants:
        raise OAuthError("unauthorized_client", "the client may not use this grant type")
    sender = await identify_sender(services, caller, proof)
    asked = TokenRequest(
        services=services,
        client=caller.client,
        sender=sender,
        form=form,
        address=address_of(request),
    )
    answer = await grant(asked)
    return json_answer(answer, headers=None if proof is None else nonce_field(services))
