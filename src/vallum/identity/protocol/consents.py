"""When people are asked, and when they have answered already (AN-5, B-172)."""

from __future__ import annotations

import re
from typing import Final

from vallum.identity.protocol.authorize_request import AuthorizeRequest
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.grants import Grant

_LOOPBACK: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\])):[0-9]{1,5}(?=/|\?|$)")


def is_trusted(client: Client) -> bool:
    """Whether it is the operator's own, by the operator's word and nobody else's."""
    return client.trusted and client.registered_by == "operator"


async def standing_grant(
    services: Services, user_id: str, client: Client, asked: AuthorizeRequest
) -> Grant | None:
    """A grant under which the request may be answered without a question; None: ask.

    It covers every scope, for the same resource, redirect URI and version of the client.
    """
    if is_trusted(client):
        return await _find(services, user_id, client, asked) or await give_grant(
            services, user_id, client, asked
        )
    # SECURITY: any program on the device can open a port or claim a scheme, and say that it is
    # this client: it gets no code without a person (RFC 8252 §8.6).
    if client.kind == "native" and not asked.redirect_uri.startswith("https://"):
        return None
    return await _find(services, user_id, client, asked)


async def give_grant(
    services: Services, user_id: str, client: Client, asked: AuthorizeRequest
) -> Grant:
    """Keep that a person agreed to exactly this."""
    return await services.grants.give(
        user_id,
        client,
        scopes=asked.scopes,
        resource=asked.resource,
        redirect_uri=_stable(asked.redirect_uri),
    )


async def _find(
    services: Services, user_id: str, client: Client, asked: AuthorizeRequest
) -> Grant | None:
    return await services.grants.find(
        user_id,
        client,
        scopes=asked.scopes,
        resource=asked.resource,
        redirect_uri=_stable(asked.redirect_uri),
    )


def _stable(redirect_uri: str) -> str:
    # The port of a native application's loopback URI is another one each time (RFC 8252 §7.3).
    return _LOOPBACK.sub(r"\1", redirect_uri, count=1)
