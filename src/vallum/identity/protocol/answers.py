"""Answers to authorization requests: back to the application, by the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.plain import plain_name, plain_place
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.web.pages import render, see_other

_SAFE_IN_TEXT: Final = "-._~"


def answer_uri(
    services: Services, redirect_uri: str, state: str | None, fields: Mapping[str, str]
) -> str:
    """The redirect URI with an answer in its query; `iss` is in every one (RFC 9207, B-168)."""
    answer = {**fields, "iss": services.settings.issuer}
    if state is not None:
        answer["state"] = state
    mark = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{mark}{urlencode(answer, safe=_SAFE_IN_TEXT, quote_via=quote)}"


async def refuse(
    services: Services,
    request: Request,
    client: Client,
    redirect_uri: str,
    state: str | None,
    error: OAuthError,
) -> Response:
    """Tell the application why it gets no code.

    SECURITY: anybody may have registered a dynamic client, so its errors are no free ride to its
    site (RFC 9700 §4.11.2, B-158): the person sees where it leads, and goes there or not.
    """
    fields = {"error": error.error}
    if error.description:
        fields["error_description"] = error.description
    target = answer_uri(services, redirect_uri, state, fields)
    await services.events.record(
        "authorize.refused", client_id=client.id, error=error.error, reason=error.reason
    )
    if client.registered_by == "operator":
        return see_other(target)
    return render(
        services,
        request,
        "authorize_stopped.html",
        status=400,
        application=plain_name(client.name),
        place=plain_place(redirect_uri),
        target=target,
    )


def form_target(uri: str) -> str:
    """What `form-action` must allow so that a form of ours may end at `uri`: its origin."""
    parts = urlsplit(uri)
    # A source of CSP3 §2.3.1 cannot be an IPv6 address, nor have a host in other schemes.
    if parts.scheme not in ("http", "https") or parts.netloc.startswith("["):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"
