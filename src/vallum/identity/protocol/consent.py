"""The consent page: who wants what, for which API, for how long, and where the person goes next."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError, PageError
from vallum.identity.people.sign_in import signed_in
from vallum.identity.protocol.answers import refuse
from vallum.identity.protocol.authorization_flow import RESUME, load_authorization, request_of
from vallum.identity.protocol.authorize_request import AuthorizeRequest
from vallum.identity.protocol.consents import give_grant, is_trusted
from vallum.identity.protocol.finish import end_flow, send_code
from vallum.identity.protocol.plain import plain_name, plain_place
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.sessions import Session
from vallum.identity.web.forms import read_page_form
from vallum.identity.web.pages import render, see_other

CONSENT: Final = "/oauth/consent"
_DAY: Final = 86_400


async def show_consent(
    services: Services,
    request: Request,
    flow: Flow,
    client: Client,
    asked: AuthorizeRequest,
    session: Session,
) -> Response:
    """Ask the person who is signed in."""
    user = await services.users.get(session.user_id)
    if user is None:
        raise PageError("This account is gone", "Please sign in again.", reason="user.unknown")
    # The answer counts only from the session that the question was put to.
    flow = await services.flows.keep(flow, data={**flow.data, "asked": session.id})
    return render(
        services,
        request,
        "consent.html",
        flow=flow,
        action=CONSENT,
        application=plain_name(client.name),
        voucher=_voucher(client),
        place=plain_place(asked.redirect_uri),
        email=user.email,
        **_what(services, asked),
    )


async def answer_consent(services: Services, request: Request) -> Response:
    """Answers POST of the consent page.

    Raises:
        PageError: the form is not that page's, from this browser and this session (B-172).
    """
    form = await read_page_form(request, services)
    flow, client = await load_authorization(services, request, form.get("flow", ""))
    session = await signed_in(services, request)
    if session is None or flow.data.get("asked") != session.id:
        return see_other(f"{RESUME}?flow={flow.id}")
    asked = request_of(flow)
    approves = form.get("decision") == "allow"
    await services.events.record(
        "consent.given" if approves else "consent.refused",
        user_id=session.user_id,
        client_id=client.id,
        actor=f"user:{session.user_id}",
        address=session.address,
        scope=" ".join(asked.scopes),
    )
    await end_flow(services, flow)
    if approves:
        grant = await give_grant(services, session.user_id, client, asked)
        return await send_code(services, client, asked, session, grant)
    error = OAuthError("access_denied", "the person refused")
    return await refuse(services, request, client, asked.redirect_uri, asked.state, error)


def _voucher(client: Client) -> str:
    """Who answers for the application: the operator's word is the only badge (B-173)."""
    if client.registered_by == "dynamic":
        return "nobody"
    return "own" if is_trusted(client) else "operator"


def _what(services: Services, asked: AuthorizeRequest) -> dict[str, Any]:
    """What it may do, apart by what it concerns: the person, and the API."""
    settings = services.settings
    # In the order of the policy, which begins with what matters.
    asked_for = {
        scope: words
        for scope, words in settings.scopes_of(asked.resource).items()
        if scope in asked.scopes
    }
    stays = asked_for.pop("offline_access", None) is not None
    about_you = [asked_for.pop(scope) for scope in settings.identity_scopes if scope in asked_for]
    known = settings.resources.get(asked.resource)
    return {
        "about_you": about_you,
        "in_api": list(asked_for.values()),
        "api": None if known is None else plain_name(known.name),
        "stays_days": round(settings.refresh_life / _DAY) if stays else None,
    }
