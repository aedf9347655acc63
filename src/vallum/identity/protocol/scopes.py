"""What a request asks for: scopes (RFC 6749 §3.3) and the resource that they are for (RFC 8707)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from vallum.identity.errors import OAuthError
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client

# RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ); tokens are separated by SP alone.
_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")
_MOST: Final = 64


def read_scopes(text: str) -> frozenset[str]:
    """The scopes that a request names; none where it names none.

    Raises:
        OAuthError: `invalid_scope`.
    """
    if not text:
        return frozenset()
    names = text.split(" ")
    if len(names) > _MOST or not all(_TOKEN.fullmatch(name) for name in names):
        raise OAuthError("invalid_scope", "scopes are names with one space between them")
    return frozenset(names)


def choose_resource(
    services: Services, client: Client, named: str | None, *, for_person: bool
) -> str:
    """The resource that a request is for: the one that it names, or the client's first.

    Args:
        services: the provider's parts.
        client: that asks.
        named: the `resource` of the request.
        for_person: whether it acts for a person. A client without any API may still sign people
            in; its tokens open nothing but the provider's own userinfo.

    Raises:
        OAuthError: `invalid_target`.
    """
    if named is None:
        for known in services.settings.resources:
            if known in client.resources:
                return known
        if for_person and not client.resources:
            return services.settings.issuer
    elif named in client.resources and named in services.settings.resources:
        return named
    raise OAuthError("invalid_target", "the client gets no tokens for this resource")


def is_open(services: Services, client: Client, resource: str) -> bool:
    """Whether the client still gets tokens for people for a resource that it once got some for."""
    return resource in client.resources or (
        not client.resources and resource == services.settings.issuer
    )


def allowed_scopes(services: Services, client: Client, resource: str) -> frozenset[str]:
    """Every scope that the client may ask people for together with `resource`."""
    return frozenset(client.scopes) & services.settings.scopes_of(resource).keys()


def require_scopes(wanted: Collection[str], most: Collection[str]) -> None:
    """Refuse scopes beyond `most`: never less than asked for in silence.

    Raises:
        OAuthError: `invalid_scope`.
    """
    if not set(wanted) <= set(most):
        raise OAuthError("invalid_scope", "these scopes are not open to this client")
