"""Another e-mail address: proved by its mail, and told to the old one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.account import person_of
from vallum.identity.people.addresses import BadAddress
from vallum.identity.people.admission import allowed_address
from vallum.identity.people.later import later
from vallum.identity.people.notices import notify, send_mail
from vallum.identity.people.sign_in import HOME, require_fresh, signed_in
from vallum.identity.revoking import revoke_user
from vallum.identity.services import Services
from vallum.identity.storage.tickets import Ticket
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

PATH = "/account/email"


async def show_email(services: Services, request: Request) -> Response:
    """The page that asks for an address."""
    session = await require_fresh(services, request, return_to=PATH)
    if isinstance(session, Response):
        return session
    return _page(services, request, await person_of(services, session.user_id))


async def send_email(services: Services, request: Request) -> Response:
    """The new address: a link goes there; nothing is changed yet."""
    form = await read_page_form(request, services)
    session = await require_fresh(services, request, return_to=PATH)
    if isinstance(session, Response):
        return session
    user = await person_of(services, session.user_id)
    typed = form.get("email", "")
    try:
        email = allowed_address(services, typed)
    except BadAddress as error:
        return _page(services, request, user, email=typed, error=str(error))
    await services.guard.check("address-mail", account=email, address=address_of(request))
    await services.events.record(
        "email.change-requested",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
    )
    answer = render(
        services,
        request,
        "look_into_mail.html",
        title="Look into your mail",
        text="We have sent you a message. Open the link in it, in this browser, within 15 minutes.",
        email=email,
    )
    later(answer, _mail, services, user, email)
    return answer


async def show_confirm(services: Services, request: Request) -> Response:
    """Where the link in the mail leads."""
    token = read_page_query(request).get("ticket", "")
    ticket = await _ticket(services, request, token)
    return render(services, request, "email_confirm.html", ticket=token, email=ticket.data["email"])


async def send_confirm(services: Services, request: Request) -> Response:
    """The link, in the hands of who is signed in to the account: now the address changes."""
    form = await read_page_form(request, services)
    token = form.get("ticket", "")
    ticket = await _ticket(services, request, token)
    user = await person_of(services, str(ticket.user_id))
    session = await signed_in(services, request)
    async with services.database.write():
        if await services.tickets.use(token, "change-email") is None:
            raise _bad_ticket()
        if not await services.users.set_email(user.id, ticket.data["email"]):
            raise _bad_ticket()
        await services.tickets.withdraw(user.id, "reset-password")
        await revoke_user(services, user.id, but_session=None if session is None else session.id)
    await services.events.record(
        "email.changed", user_id=user.id, actor=f"user:{user.id}", address=address_of(request)
    )
    response = see_other(f"{HOME}?done=email")
    notify(services, request, response, user.email, "email-changed")
    return response


async def _mail(services: Services, user: User, email: str) -> None:
    if await services.users.by_email(email) is not None:
        await send_mail(
            services,
            email,
            "You have an account",
            "Somebody wants to use this address for another account, but it has one already.\n"
            "Nothing was changed.\n",
        )
        return
    token = await services.tickets.issue("change-email", user.id, {"email": email})
    await send_mail(
        services,
        email,
        "Confirm your address",
        "Somebody, probably you, wants to use this address for an account.\n"
        "To confirm it, open this link within 15 minutes, in the browser where you are\n"
        "signed in:\n\n"
        f"{services.settings.issuer}{PATH}/confirm?ticket={token}\n\n"
        "If it was not you, there is nothing to do.\n",
    )


def _page(
    services: Services,
    request: Request,
    user: User,
    *,
    email: str = "",
    error: str | None = None,
) -> Response:
    return render(
        services,
        request,
        "email.html",
        status=200 if error is None else 400,
        here=HOME,
        now=user.email,
        email=email,
        error=error,
    )


async def _ticket(services: Services, request: Request, token: str) -> Ticket:
    ticket = await services.tickets.look(token, "change-email")
    if ticket is None:
        raise _bad_ticket()
    session = await signed_in(services, request)
    # Or somebody could have a stranger confirm that the stranger's address is his own.
    if session is None or session.user_id != ticket.user_id:
        raise PageError(
            "Sign in first",
            "Sign in to the account whose address you want to change, in this browser. "
            "Then open the link in the mail again.",
            status=401,
            reason="email.other-session",
        )
    return ticket


def _bad_ticket() -> PageError:
    return PageError(
        "This link does not work",
        "It was used already, or is too old. Nothing was changed; you can start again.",
        status=410,
        reason="ticket.bad",
    )
