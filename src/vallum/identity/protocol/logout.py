"""Signing out because an application asks (OpenID Connect RP-Initiated Logout 1.0).

With a good hint, at once; without one, the person is asked: a link or an image on another site
must sign nobody out (B-192).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.sign_in import load_flow, sign_out, signed_in
from vallum.identity.protocol.answers import form_target
from vallum.identity.protocol.id_token_hint import BadHint, Hint, read_hint
from vallum.identity.protocol.plain import plain_name
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.forms import read_page_form, read_page_parameters
from vallum.identity.web.pages import render, see_other

LOGOUT: Final = "/oauth/logout"
CONFIRM: Final = "/oauth/logout/confirm"

_LONGEST_QUERY: Final = 6000
_MOST_STATE: Final = 2048


async def logout(services: Services, request: Request) -> Response:
    """Answers GET and POST.

    Raises:
        PageError: the application contradicts itself, or wants the person sent somewhere that it
            has not registered.
    """
    parameters = await read_page_parameters(request)
    if request.method == "POST":
        # A form of another site comes without our cookies; the link that it becomes has them.
        query = urlencode(parameters)
        if len(query) > _LONGEST_QUERY:
            raise _broken("too-long")
        return see_other(f"{LOGOUT}?{query}")
    hint = _hint(services, parameters.get("id_token_hint"))
    client = await _client(services, hint, parameters.get("client_id"))
    target = _target(client, parameters)
    session = await signed_in(services, request)
    is_theirs = hint is not None and session is not None and hint.session_id == session.id
    if session is None or is_theirs:
        # Without a hint nothing tells that the application sent the person: no redirect then. Nor
        # does a hint of another session, which is in its maker's hands, for a client that nobody
        # vouches for (RFC 9700 §4.11.2, B-158).
        is_vouched = client is not None and client.registered_by == "operator"
        leads = is_theirs or (hint is not None and is_vouched)
        answer = _done(services, request, target if leads else None)
        await sign_out(services, request, answer)
        return answer
    data: dict[str, Any] = {"target": target}
    if target is not None:
        data["form_target"] = form_target(target)
    flow = await services.flows.begin(browser_of(request), "logout", CONFIRM, data)
    return render(
        services,
        request,
        "logout_confirm.html",
        flow=flow,
        action=CONFIRM,
        application=None if client is None else plain_name(client.name),
    )


async def confirm(services: Services, request: Request) -> Response:
    """Answers POST of the page that asks.

    Raises:
        PageError: the form is not that page's, from this browser and this session.
    """
    form = await read_page_form(request, services)
    flow = await load_flow(services, request, form.get("flow"))
    if flow is None or flow.kind != "logout" or not await services.flows.end(flow):
        raise _broken("flow.unknown")
    answer = _done(services, request, flow.data["target"])
    await sign_out(services, request, answer)
    return answer


def _hint(services: Services, text: str | None) -> Hint | None:
    if text is None:
        return None
    try:
        return read_hint(services, text)
    except BadHint:
        return None  # As if there were none: the person is asked.


async def _client(services: Services, hint: Hint | None, named: str | None) -> Client | None:
    # RP-Initiated Logout §2: client_id must match the hint's audience.
    if hint is not None and named not in (None, hint.client_id):
        raise _broken("client.other")
    client_id = named if hint is None else hint.client_id
    if not client_id or len(client_id) > 255:
        return None
    return await services.clients.find(client_id)


def _target(client: Client | None, parameters: Mapping[str, str]) -> str | None:
    """Where the person is sent afterwards: exactly as registered, or nowhere (§3)."""
    uri = parameters.get("post_logout_redirect_uri")
    if uri is None:
        return None
    if client is None or uri not in client.logout_uris:
        raise _broken("post-logout-uri")
    state = parameters.get("state")
    if state is None:
        return uri
    if len(state) > _MOST_STATE:
        raise _broken("too-long")
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state}, quote_via=quote)}"


def _done(services: Services, request: Request, target: str | None) -> Response:
    if target is not None:
        return see_other(target)
    return render(services, request, "logout_done.html")


def _broken(reason: str) -> PageError:
    return PageError(
        "This sign-out link does not work",
        "You can sign out on your account page. If you came from an application, tell its makers: "
        f"{reason}.",
        reason=f"logout.{reason}",
    )
