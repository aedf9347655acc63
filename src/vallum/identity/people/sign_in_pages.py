"""The page where people sign in, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.people.passwords import BadPassword
from vallum.identity.people.proving import examine_password
from vallum.identity.people.sign_in import (
    HOME,
    SIGN_IN,
    complete_sign_in,
    load_flow,
    sign_out,
    signed_in,
)
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

_WRONG: Final = (
    "The address and the password do not belong together. Mind upper and lower case, "
    "or choose a new password below."
)
_DONE: Final[Mapping[str, str]] = {
    "signed-out": "You are signed out.",
    "deleted": "Your account and its data are deleted.",
}


async def show_sign_in(services: Services, request: Request) -> Response:
    """The page; who is signed in already and was not sent here goes to the account."""
    query = read_page_query(request)
    flow = await load_flow(services, request, query.get("flow"))
    session = await signed_in(services, request)
    if session is not None and flow is None:
        return see_other(HOME)
    user = None if session is None else await services.users.get(session.user_id)
    return _page(
        services,
        request,
        flow,
        email=_hinted(flow) if user is None else user.email,
        done=_DONE.get(query.get("done", ""), ""),
    )


async def send_sign_in(services: Services, request: Request) -> Response:
    """An address and a password."""
    form = await read_page_form(request, services)
    flow = await load_flow(services, request, form.get("flow"))
    typed = form.get("email", "")
    try:
        proof = await examine_password(services, request, typed, form.get("password", ""))
    except BadPassword:
        return _page(services, request, flow, email=typed, problem=_WRONG, status=400)
    except TooManyAttempts as refusal:
        answer = _page(services, request, flow, email=typed, problem=refusal.text, status=429)
        answer.headers.update(refusal.headers)
        return answer
    if proof is None:
        return _page(services, request, flow, email=typed, problem=_WRONG, status=400)
    async with services.database.write():
        # SECURITY: verifying takes its time. Whoever changed the password or disabled the account
        # meanwhile has ended its sessions already, and would not end this one.
        if not await services.users.is_unchanged(proof.user):
            return _page(services, request, flow, email=typed, problem=_WRONG, status=400)
        await services.guard.succeeded(proof.attempt)
        return await complete_sign_in(services, request, proof.user, ("pwd",), flow)


async def send_sign_out(services: Services, request: Request) -> Response:
    """The way out; the same for who is out already."""
    await read_page_form(request, services)
    response = see_other(f"{SIGN_IN}?done=signed-out")
    await sign_out(services, request, response)
    return response


def _hinted(flow: Flow | None) -> str:
    """The address that the application thinks the person has (OpenID Connect Core §3.1.2.1)."""
    return "" if flow is None else str(flow.data.get("login_hint") or "")


def _page(
    services: Services,
    request: Request,
    flow: Flow | None,
    *,
    email: str = "",
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    return render(
        services,
        request,
        "sign_in.html",
        status=status,
        flow=flow,
        again=flow is not None and bool(flow.data.get("again")),
        email=email,
        problem=problem,
        done=done,
        sign_up=services.settings.sign_up == "open",
        providers=tuple(services.settings.providers.values()),
    )
