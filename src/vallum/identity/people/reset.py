"""A new password for who reads the mail of an account (B-226).

The second factor is still asked for: mail alone does not open an account that has one.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.addresses import BadAddress, canonical_address
from vallum.identity.people.choosing import BadChoice, judge_password, minimum_for
from vallum.identity.people.later import later
from vallum.identity.people.notices import notify, send_mail
from vallum.identity.people.proving import known_browser
from vallum.identity.people.sign_in import complete_sign_in
from vallum.identity.reclaiming import reclaim
from vallum.identity.revoking import revoke_user
from vallum.identity.services import Services
from vallum.identity.storage.tickets import Ticket
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render

RESET: Final = "/account/reset"


async def show_reset(services: Services, request: Request) -> Response:
    """The page that asks for an address."""
    return render(services, request, "reset.html", email="", error=None, problem="")


async def send_reset(services: Services, request: Request) -> Response:
    """An address: the answer is the same whether or not it has an account."""
    form = await read_page_form(request, services)
    typed = form.get("email", "")
    try:
        email = canonical_address(typed)
    except BadAddress as error:
        return render(
            services,
            request,
            "reset.html",
            status=400,
            email=typed,
            error=str(error),
            problem="",
        )
    await services.guard.check(
        "reset-mail",
        account=email,
        address=address_of(request),
        device=await known_browser(services, request, email),
    )
    answer = render(
        services,
        request,
        "look_into_mail.html",
        title="Look into your mail",
        text="If this address has an account, we have sent you a link. It works for 15 minutes.",
        email=email,
    )
    later(answer, _mail, services, email, address_of(request))
    return answer


async def show_choose(services: Services, request: Request) -> Response:
    """Where the link in the mail leads."""
    token = read_page_query(request).get("ticket", "")
    _, user = await _ticket(services, token)
    return await _choose_page(services, request, token, user, None)


async def send_choose(services: Services, request: Request) -> Response:
    """The new password; every session and token of the account ends."""
    form = await read_page_form(request, services)
    token, password = form.get("ticket", ""), form.get("password", "")
    _, user = await _ticket(services, token)
    try:
        judge_password(
            services,
            password,
            minimum=await minimum_for(services, user),
            email=user.email,
            name=user.name,
        )
    except BadChoice as error:
        return await _choose_page(services, request, token, user, str(error))
    hashed = await services.passwords.hash(password)
    # One transaction: with another password and the old sessions nothing would be gained.
    async with services.database.write():
        # SECURITY: hashing takes its time. Whoever was kept out meanwhile gets no password.
        is_open = await services.users.hold(user.id)
        ticket = await services.tickets.use(token, "reset-password")
        if ticket is None or not is_open:
            raise _bad_ticket()
        if ticket.data.get("mailed_to") == user.email and not user.email_verified:
            # Whoever made the account in advance does not stay in it (B-170).
            await reclaim(services, user)
        await services.users.set_password(user.id, hashed)
        await revoke_user(services, user.id)
    await services.guard.clear("password", user.email)
    await services.events.record(
        "password.reset",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
    )
    response = await complete_sign_in(services, request, user, ("pwd",), None)
    notify(services, request, response, user.email, "password-reset")
    return response


async def _mail(services: Services, email: str, address: str) -> None:
    user = await services.users.by_email(email)
    await services.events.record(
        "password.reset-requested", user_id=None if user is None else user.id, address=address
    )
    if user is None or user.disabled is not None:
        return
    token = await services.tickets.issue("reset-password", user.id, {"mailed_to": email})
    await send_mail(
        services,
        email,
        "Choose a new password",
        "Somebody, probably you, wants to choose a new password for your account.\n"
        "To do so, open this link within 15 minutes:\n\n"
        f"{services.settings.issuer}{RESET}/choose?ticket={token}\n\n"
        "If it was not you, there is nothing to do; your password stays as it is.\n",
    )


async def _choose_page(
    services: Services, request: Request, token: str, user: User, error: str | None
) -> Response:
    return render(
        services,
        request,
        "reset_choose.html",
        status=200 if error is None else 400,
        ticket=token,
        minimum=await minimum_for(services, user),
        error=error,
    )


async def _ticket(services: Services, token: str) -> tuple[Ticket, User]:
    ticket = await services.tickets.look(token, "reset-password")
    user = None
    if ticket is not None and ticket.user_id is not None:
        user = await services.users.get(ticket.user_id)
    if ticket is None or user is None or user.disabled is not None:
        raise _bad_ticket()
    return ticket, user


def _bad_ticket() -> PageError:
    return PageError(
        "This link does not work",
        "It was used already, is too old, or there is a newer one. You can ask for another.",
        status=410,
        reason="ticket.bad",
    )
