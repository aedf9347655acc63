"""Signing up. There is an account only once who reads its mail has confirmed it.

So nobody can take an address that is not theirs, and nobody learns which addresses have an account:
the answer is always the same, the mail tells (B-221). The link alone opens nothing: it must come
together with the password of who signed up, or a stranger could sign somebody up and wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.admission import allowed_address, demand_open
from vallum.identity.people.choosing import choose_account, minimum_for
from vallum.identity.people.later import later
from vallum.identity.people.notices import send_mail
from vallum.identity.people.passwords import BadPassword, normal
from vallum.identity.people.proving import begin_attempt, verify_counted
from vallum.identity.people.sign_in import complete_sign_in, load_flow
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.tickets import Ticket
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render

_FLOW_PLACE: Final = "tickets.data/flow"
_WRONG: Final = "This is not the password with which you signed up."


async def show_sign_up(services: Services, request: Request) -> Response:
    """The page."""
    demand_open(services)
    flow = await load_flow(services, request, read_page_query(request).get("flow"))
    return await _page(services, request, flow, {}, {})


async def send_sign_up(services: Services, request: Request) -> Response:
    """A name, an address and a password."""
    demand_open(services)
    form = await read_page_form(request, services)
    flow = await load_flow(services, request, form.get("flow"))
    name, email, password, errors = choose_account(
        services,
        form,
        minimum=await minimum_for(services, None),
        judge_address=partial(allowed_address, services),
    )
    if errors:
        return await _page(services, request, flow, form, errors)
    await services.guard.check("sign-up-mail", account=email, address=address_of(request))
    data = {
        "email": email,
        "name": name,
        "password_hash": await services.passwords.hash(password),
        "flow": None if flow is None else _sealed(services, flow),
    }
    # Whether there is such an account is asked after the answer: nothing in it can tell.
    answer = render(
        services,
        request,
        "look_into_mail.html",
        title="Look into your mail",
        text="We have sent you a message. Open the link in it, in this browser, within a day.",
        email=email,
    )
    later(answer, _mail, services, email, data)
    return answer


async def show_confirm(services: Services, request: Request) -> Response:
    """Where the link in the mail leads."""
    token = read_page_query(request).get("ticket", "")
    return _confirm_page(services, request, token, await _ticket(services, token))


async def send_confirm(services: Services, request: Request) -> Response:
    """The link together with the address and the password: now there is an account."""
    form = await read_page_form(request, services)
    token, password = form.get("ticket", ""), form.get("password", "")
    ticket = await _ticket(services, token)
    data, email = ticket.data, str(ticket.data["email"])
    try:
        normal(password)
    except BadPassword:
        return _confirm_page(services, request, token, ticket, problem=_WRONG)
    attempt = await begin_attempt(services, request, f"sign-up: {email}")
    is_right = await verify_counted(services, attempt, password, data["password_hash"])
    if not is_right:
        return _confirm_page(services, request, token, ticket, problem=_WRONG)
    await services.guard.succeeded(attempt)
    if await services.tickets.use(token, "verify-email") is None:
        raise _bad_ticket()
    user = await services.users.add(
        email, data["name"], password_hash=data["password_hash"], email_verified=True
    )
    if user is None:
        raise PageError("This address has an account", "Please sign in with it.", status=409)
    await services.events.record(
        "account.created",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
    )
    flow = await _opened(services, request, data["flow"])
    return await complete_sign_in(services, request, user, ("pwd",), flow)


async def _mail(services: Services, email: str, data: Mapping[str, Any]) -> None:
    issuer = services.settings.issuer
    user = await services.users.by_email(email)
    if user is not None:
        await send_mail(
            services,
            email,
            "You have an account",
            "Somebody, probably you, tried to create an account with this address.\n"
            f"It has one already. Sign in at\n{issuer}/sign-in\n\n"
            "On that page you can choose a new password, too. If it was not you, there is\n"
            "nothing to do.\n",
        )
        return
    token = await services.tickets.issue("verify-email", data=data)
    await services.events.record("sign-up.requested")
    await send_mail(
        services,
        email,
        "Confirm your address",
        "Somebody, probably you, wants to create an account with this address.\n"
        f"To confirm it, open this link within a day:\n\n"
        f"{issuer}/sign-up/confirm?ticket={token}\n\n"
        "If it was not you, there is nothing to do.\n",
    )


async def _page(
    services: Services,
    request: Request,
    flow: Flow | None,
    form: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    return render(
        services,
        request,
        "sign_up.html",
        status=400 if errors else 200,
        flow=flow,
        name=form.get("name", ""),
        email=form.get("email", ""),
        minimum=await minimum_for(services, None),
        providers=tuple(services.settings.providers.values()),
        problem="Please look at the marked fields again." if errors else "",
        errors={"name": None, "email": None, "password": None, **errors},
    )


def _confirm_page(
    services: Services, request: Request, token: str, ticket: Ticket, *, problem: str = ""
) -> Response:
    return render(
        services,
        request,
        "sign_up_confirm.html",
        status=400 if problem else 200,
        ticket=token,
        email=ticket.data["email"],
        problem=problem,
    )


async def _ticket(services: Services, token: str) -> Ticket:
    ticket = await services.tickets.look(token, "verify-email")
    if ticket is None:
        raise _bad_ticket()
    return ticket


def _bad_ticket() -> PageError:
    return PageError(
        "This link does not work",
        "It was used already, or is older than a day. If you have no account yet, sign up again.",
        status=410,
        reason="ticket.bad",
    )


def _sealed(services: Services, flow: Flow) -> str:
    return services.sealer.seal(flow.id.encode(), _FLOW_PLACE).hex()


async def _opened(services: Services, request: Request, sealed: str | None) -> Flow | None:
    """The flow in which somebody signed up, if it lives and this is the same browser."""
    if sealed is None:
        return None
    flow_id = services.sealer.open(bytes.fromhex(sealed), _FLOW_PLACE).decode()
    return await services.flows.load(flow_id, browser_of(request))
