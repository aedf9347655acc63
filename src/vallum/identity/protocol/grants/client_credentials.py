"""Tokens for a client that acts for itself (RFC 6749 §4.4). The hot path: no database."""

from __future__ import annotations

from vallum.identity.errors import OAuthError
from vallum.identity.issuing import client_token
from vallum.identity.protocol.asking import Answer, TokenRequest, tell_issued, token_answer
from vallum.identity.protocol.scopes import choose_resource, read_scopes, require_scopes


async def client_credentials(request: TokenRequest) -> Answer:
    """Answer a request for a client's own token.

    Raises:
        OAuthError: `unauthorized_client`, `invalid_target` or `invalid_scope`.
    """
    services, client = request.services, request.client
    # OAuth 2.1 §4.2: only confidential clients.
    if client.is_public:
        raise OAuthError("unauthorized_client", "a client without a secret cannot use this grant")
    resource = choose_resource(services, client, request.form.get("resource"), for_person=False)
    scopes = read_scopes(request.form.get("scope", ""))
    # SECURITY: nothing that was not asked for, nothing that the operator did not give, and
    # nothing of a person: `openid` and its like need one.
    open_to_it = services.settings.resources[resource].scopes.keys() & set(client.scopes)
    require_scopes(scopes, open_to_it)
    token = client_token(
        services,
        client,
        scopes=scopes,
        resource=resource,
        confirmation=request.sender.confirmation,
    )
    tell_issued(request, token, None)
    return token_answer(request, token, scopes)
