"""The authorization endpoint (OAuth 2.1 §3.1): a browser comes with a request of an application.

client ─▶ where answers go ─▶ everything else ─▶ who is signed in ─▶ consent ─▶ code
└────── a page of ours ──────┘└───────── a redirect to the application ──────────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.people.sign_in import demand_session, signed_in
from vallum.identity.protocol.answers import form_target, refuse
from vallum.identity.protocol.authorization_flow import (
    RESUME,
    broken,
    find_client,
    load_authorization,
    remembered,
    request_of,
)
from vallum.identity.protocol.authorize_request import (
    AuthorizeRequest,
    judge_request,
    judge_return,
)
from vallum.identity.protocol.consent import show_consent
from vallum.identity.protocol.consents import standing_grant
from vallum.identity.protocol.finish import send_code
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.pushed_requests import take_pushed
from vallum.identity.storage.sessions import ACR_TWO, Session
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.forms import read_page_parameters, read_page_query
from vallum.identity.web.pages import see_other

AUTHORIZE: Final = "/oauth/authorize"

_LONGEST_QUERY: Final = 6000
_MOST_STATE: Final = 2048


async def authorize(services: Services, request: Request) -> Response:
    """Answers GET and POST.

    Raises:
        PageError: the client or where it wants its answer is not good: nothing is sent anywhere.
    """
    parameters: Mapping[str, str] = await read_page_parameters(request)
    if request.method == "POST":
        # Browsers send a form of another site without our cookies; the same as a link has them.
        return see_other(f"{AUTHORIZE}?{_query(parameters)}")
    client = await find_client(services, parameters)
    if "request_uri" in parameters:
        parameters = await _pushed(services, client, parameters["request_uri"])
    redirect_uri = _return(client, parameters)
    try:
        asked = judge_request(services, client, redirect_uri, parameters)
    except OAuthError as error:
        return await _refuse_later(services, request, client, redirect_uri, parameters, error)
    if "none" in asked.prompt:
        return await _without_pages(services, request, client, asked)
    flow = await services.flows.begin(
        browser_of(request),
        "authorize",
        RESUME,
        {**remembered(asked, client), "form_target": form_target(redirect_uri)},
    )
    return await _proceed(services, request, flow, client, asked)


async def resume(services: Services, request: Request) -> Response:
    """Answers GET of `/oauth/authorize/resume`: goes on where the person has signed in.

    Raises:
        PageError: there is nothing to go on with.
    """
    flow, client = await load_authorization(
        services, request, read_page_query(request).get("flow", "")
    )
    refused = flow.data.get("refused")
    if refused is not None:
        return await _refuse_now(services, request, flow, client, refused)
    return await _proceed(services, request, flow, client, request_of(flow))


async def _pushed(services: Services, client: Client, request_uri: str) -> Mapping[str, str]:
    pushed = await take_pushed(services, client.id, request_uri)
    if pushed is None:
        raise broken("invalid_request_uri", "It was used already, or is too old.")
    # SECURITY: what the browser brings beside it counts for nothing (RFC 9126 §7.5, B-180).
    if pushed.jkt is None:
        return pushed.parameters
    return {**pushed.parameters, "dpop_jkt": pushed.jkt}


def _return(client: Client, parameters: Mapping[str, str]) -> str:
    try:
        return judge_return(client, parameters)
    except OAuthError as error:
        text = f"It is not clear where to send you ({error.description})."
        raise broken(error.error, text) from None


def _query(parameters: Mapping[str, str]) -> str:
    query = urlencode(parameters)
    if len(query) > _LONGEST_QUERY:
        raise broken("invalid_request", "The request is too long.")
    return query


async def _refuse_later(
    services: Services,
    request: Request,
    client: Client,
    redirect_uri: str,
    parameters: Mapping[str, str],
    error: OAuthError,
) -> Response:
    state = parameters.get("state")
    if state is not None and len(state) > _MOST_STATE:
        state = None
    is_silent = parameters.get("prompt") == "none"
    if client.registered_by == "operator" or is_silent:
        return await refuse(services, request, client, redirect_uri, state, error)
    # RFC 9700 §4.11.2: a client that nobody vouches for moves nobody who is not signed in (B-158).
    data = {
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "state": state,
        "error": error.error,
        "description": error.description,
    }
    kept = {"refused": data, "client_version": client.version}
    flow = await services.flows.begin(browser_of(request), "authorize", RESUME, kept)
    return await _refuse_now(services, request, flow, client, data)


async def _refuse_now(
    services: Services, request: Request, flow: Flow, client: Client, refused: Mapping[str, Any]
) -> Response:
    session = await demand_session(services, request, flow)
    if isinstance(session, Response):
        return session
    error = OAuthError(refused["error"], refused["description"])
    return await refuse(services, request, client, refused["redirect_uri"], refused["state"], error)


async def _without_pages(
    services: Services, request: Request, client: Client, asked: AuthorizeRequest
) -> Response:
    """`prompt=none`: a code at once, or the reason why not (OpenID Connect Core §3.1.2.6)."""
    session = await signed_in(services, request)
    problem = _missing(services, asked, session)
    if session is not None and problem is None:
        grant = await standing_grant(services, session.user_id, client, asked)
        if grant is not None:
            return await send_code(services, client, asked, session, grant)
        problem = "consent_required"
    error = OAuthError(problem or "login_required")
    return await refuse(services, request, client, asked.redirect_uri, asked.state, error)


def _missing(services: Services, asked: AuthorizeRequest, session: Session | None) -> str | None:
    if session is None or asked.wants_sign_in or asked.subject not in (None, session.user_id):
        return "login_required"
    if asked.max_age is not None and services.clock() - session.authenticated > asked.max_age:
        return "login_required"
    if asked.acr == ACR_TWO and session.acr != ACR_TWO:
        return "interaction_required"
    return None


async def _proceed(
    services: Services, request: Request, flow: Flow, client: Client, asked: AuthorizeRequest
) -> Response:
    session = await demand_session(
        services,
        request,
        flow,
        max_age=asked.max_age,
        acr=asked.acr,
        again=asked.wants_sign_in,
    )
    if isinstance(session, Response):
        return session
    if asked.subject not in (None, session.user_id):
        return await _as_somebody_else(services, request, flow, client, asked)
    if "consent" not in asked.prompt:
        grant = await standing_grant(services, session.user_id, client, asked)
        if grant is not None:
            return await send_code(services, client, asked, session, grant, flow)
    if request.url.path != RESUME:
        # A page that can be loaded again: this request may have used a pushed one up.
        return see_other(f"{RESUME}?flow={flow.id}")
    return await show_consent(services, request, flow, client, asked, session)


async def _as_somebody_else(
    services: Services, request: Request, flow: Flow, client: Client, asked: AuthorizeRequest
) -> Response:
    """The client wants another person than the one who is signed in."""
    session = await demand_session(services, request, flow, again=True)
    if isinstance(session, Response):
        return session
    # She signed in in this very flow, and still is not who the client meant.
    await services.flows.end(flow)
    error = OAuthError("login_required", "another person is signed in")
    return await refuse(services, request, client, asked.redirect_uri, asked.state, error)
