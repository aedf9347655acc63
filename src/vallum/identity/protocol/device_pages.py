"""Where a person confirms a device: type its code, look who asks, say yes or no (RFC 8628 §3.3).

A link may bring the code along, and may come from somebody who wants his own device confirmed
(§5.4): so nothing is confirmed but by the button of a page that says what is about to happen.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.people.sign_in import demand_session, load_flow
from vallum.identity.protocol.device import DEVICE, DEVICE_GRANT
from vallum.identity.protocol.plain import plain_name
from vallum.identity.services import Services
from vallum.identity.storage.allowances import Allowance
from vallum.identity.storage.clients import Client
from vallum.identity.storage.device_codes import Waiting, plain
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.sessions import Session
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render

_MOST_TYPED: Final = 64
_WRONG: Final = "No device is waiting with this code. Look again, or start anew on the device."


async def show_device(services: Services, request: Request) -> Response:
    """The page that asks for the code."""
    query = read_page_query(request)
    flow = await load_flow(services, request, query.get("flow"))
    if flow is None:
        typed = query.get("user_code", "")[:_MOST_TYPED]
        flow = await services.flows.begin(
            browser_of(request), "device", DEVICE, {"user_code": typed}
        )
    _demand_kind(flow)
    session = await demand_session(services, request, flow)
    if isinstance(session, Response):
        return session
    return _ask(services, request, flow, str(flow.data.get("user_code", "")))


async def send_device(services: Services, request: Request) -> Response:
    """The code that somebody typed, or the answer to the question that follows."""
    form = await read_page_form(request, services)
    flow = await load_flow(services, request, form.get("flow"))
    if flow is None:
        raise PageError("This page is incomplete", "Please open it again.", reason="flow.missing")
    _demand_kind(flow)
    session = await demand_session(services, request, flow)
    if isinstance(session, Response):
        return session
    if "decision" in form:
        return await _decide(services, request, flow, session, form["decision"])
    return await _look(services, request, flow, session, form.get("user_code", "")[:_MOST_TYPED])


async def _look(
    services: Services, request: Request, flow: Flow, session: Session, typed: str
) -> Response:
    # B-183: who tries codes is slowed down, by account and by source.
    try:
        attempt = await services.guard.check(
            "user-code", account=session.user_id, address=address_of(request)
        )
    except TooManyAttempts as error:
        return _ask(services, request, flow, typed, error=error.text, status=429)
    waiting = await services.device_codes.by_user_code(typed)
    client = None if waiting is None else await _asking(services, waiting)
    if waiting is None or client is None:
        await services.guard.failed(attempt)
        return _ask(services, request, flow, typed, error=_WRONG, status=400)
    await services.guard.succeeded(attempt)
    # The answer counts for this device only, and from this session.
    data = {**flow.data, "user_code": plain(typed), "asked": session.id}
    flow = await services.flows.keep(flow, data=data)
    return _confirm(services, request, flow, client, waiting)


def _ask(
    services: Services,
    request: Request,
    flow: Flow,
    typed: str,
    *,
    error: str | None = None,
    status: int = 200,
) -> Response:
    return render(
        services,
        request,
        "device.html",
        status=status,
        flow=flow,
        action=DEVICE,
        user_code=typed,
        error=error,
    )


def _confirm(
    services: Services, request: Request, flow: Flow, client: Client, waiting: Waiting
) -> Response:
    words = services.settings.scopes_of(waiting.resource)
    code = str(flow.data["user_code"])
    return render(
        services,
        request,
        "device_confirm.html",
        flow=flow,
        action=DEVICE,
        application=plain_name(client.name),
        is_unknown=client.registered_by == "dynamic",
        address=waiting.address,
        user_code=f"{code[:4]}-{code[4:]}",
        wishes=[words[scope] for scope in waiting.scopes if scope in words],
    )


async def _decide(
    services: Services, request: Request, flow: Flow, session: Session, decision: str
) -> Response:
    waiting = None
    if flow.data.get("asked") == session.id:
        waiting = await services.device_codes.by_user_code(str(flow.data["user_code"]))
    if waiting is None or not await services.flows.end(flow):
        raise _gone()
    approves = decision == "allow"
    # One transaction: a consent is kept with the answer or not at all.
    async with services.database.write():
        client = await _asking(services, waiting)
        if client is None:
            raise _gone()
        if approves:
            is_first = await _approve(services, client, waiting, session)
        else:
            is_first = await services.device_codes.deny(waiting)
        if not is_first:
            raise PageError(
                "Somebody has answered already", "Look at the device.", reason="device.answered"
            )
    await services.events.record(
        "device.approved" if approves else "device.refused",
        user_id=session.user_id,
        client_id=client.id,
        actor=f"user:{session.user_id}",
        address=address_of(request),
        device_address=waiting.address,
    )
    return render(services, request, "device_done.html", is_approved=approves)


async def _approve(services: Services, client: Client, waiting: Waiting, session: Session) -> bool:
    grant = await services.grants.give(
        session.user_id,
        client,
        scopes=waiting.scopes,
        resource=waiting.resource,
        redirect_uri="",
    )
    allowance = Allowance(
        grant_id=grant.id,
        client_id=client.id,
        user_id=session.user_id,
        session_id=session.id,
        scopes=waiting.scopes,
        resource=waiting.resource,
        amr=session.amr,
        authenticated=session.authenticated,
    )
    return await services.device_codes.approve(waiting, allowance)


async def _asking(services: Services, waiting: Waiting) -> Client | None:
    """The client of a device, if it is still what it was when the device asked.

    SECURITY: as it is now, and as it stays until the answer is kept. A program that registered
    itself could show one name and have another, or other rights, by the time it is confirmed.
    """
    client = await services.clients.hold(waiting.client_id)
    if client is None or client.version != waiting.client_version:
        return None
    is_over = client.expires is not None and client.expires <= services.clock()
    return None if is_over or DEVICE_GRANT not in client.grants else client


def _gone() -> PageError:
    return PageError(
        "This device does not wait any more",
        "Please start again on the device.",
        reason="device.gone",
    )


def _demand_kind(flow: Flow) -> None:
    if flow.kind != "device":
        raise PageError("This link is broken", "Please start again.", reason="flow.kind")
