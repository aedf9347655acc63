"""A request for tokens, once it is known who asks and by which keys; and what is answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.issuing import AccessToken
from vallum.identity.protocol.senders import Sender
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """One request to the token endpoint, from a client that may use this grant."""

    services: Services
    client: Client
    sender: Sender
    form: Mapping[str, str]
    address: str

    def require(self, name: str) -> str:
        """A parameter that this grant needs.

        Raises:
            OAuthError: `invalid_request`.
        """
        value = self.form.get(name)
        if not value:
            raise OAuthError("invalid_request", f"the parameter {name} is missing")
        return value


Answer = dict[str, Any]


def token_answer(
    request: TokenRequest, token: AccessToken, scopes: Collection[str], **more: str
) -> Answer:
    """What a client is told (RFC 6749 §5.1)."""
    return {
        "access_token": token.text,
        "token_type": request.sender.token_type,
        "expires_in": int(token.expires - request.services.clock()),
        "scope": " ".join(sorted(scopes)),
        **more,
    }


def tell_issued(request: TokenRequest, token: AccessToken, user_id: str | None) -> None:
    """Put a new token into the records."""
    request.services.events.tell(
        "token.issued",
        user_id=user_id,
        client_id=request.client.id,
        actor=f"client:{request.client.id}",
        address=request.address,
        grant_type=request.form["grant_type"],
        token_id=token.id,
        bound=request.sender.confirmation is not None,
    )


def json_answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, headers=headers, media_type="application/json")
