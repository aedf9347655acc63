"""The first administrator: made by who holds the link that the first start prints, once (OP-1).

Nothing else on the web gives anybody the role.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.operating import OPERATOR, has_admin
from vallum.identity.people.addresses import canonical_address
from vallum.identity.people.choosing import choose_account
from vallum.identity.people.password_rules import SINGLE_FACTOR_MINIMUM
from vallum.identity.people.sign_in import complete_sign_in
from vallum.identity.services import Services
from vallum.identity.storage.users import ADMIN_ROLE
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render

PATH: Final = "/first-administrator"


async def first_admin_link(services: Services) -> str | None:
    """The link for the first administrator; None where there is one already.

    Each start without an administrator makes a new one, and the links of earlier starts end.
    """
    if await has_admin(services):
        return None
    await services.tickets.withdraw_all("first-admin")
    ticket = await services.tickets.issue("first-admin")
    await services.events.record("first-admin.offered", actor=OPERATOR)
    return f"{services.settings.issuer}{PATH}?ticket={ticket}"


async def show_first_admin(services: Services, request: Request) -> Response:
    """The page behind the link."""
    ticket = read_page_query(request).get("ticket", "")
    await _demand(services, request, ticket)
    return _page(services, request, ticket, {}, {})


async def send_first_admin(services: Services, request: Request) -> Response:
    """A name, an address and a password: the account, but no session before a second factor."""
    form = await read_page_form(request, services)
    ticket = form.get("ticket", "")
    await _demand(services, request, ticket)
    name, email, password, errors = choose_account(
        services, form, minimum=SINGLE_FACTOR_MINIMUM, judge_address=canonical_address
    )
    if not errors and await services.users.by_email(email) is not None:
        errors["email"] = "This address has an account. Give it the role with `vallum users`."
    if errors:
        return _page(services, request, ticket, form, errors)
    hashed = await services.passwords.hash(password)
    # The ticket decides between two who send it at once.
    if await services.tickets.use(ticket, "first-admin") is None:
        raise _over()
    user = await services.users.add(email, name, password_hash=hashed, roles=(ADMIN_ROLE,))
    if user is None:
        raise PageError("This address has an account", "Restart Vallum for a new link.", status=409)
    await services.events.record(
        "first-admin.made",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
        alert=True,
    )
    return await complete_sign_in(services, request, user, ("pwd",), None)


async def _demand(services: Services, request: Request, ticket: str) -> None:
    attempt = await services.guard.check("ticket", address=address_of(request))
    if await services.tickets.look(ticket, "first-admin") is None:
        await services.guard.failed(attempt)
        raise _over()
    if await has_admin(services):
        raise _over()


def _page(
    services: Services,
    request: Request,
    ticket: str,
    form: dict[str, str],
    errors: dict[str, str],
) -> Response:
    return render(
        services,
        request,
        "first_admin.html",
        status=400 if errors else 200,
        ticket=ticket,
        name=form.get("name", ""),
        email=form.get("email", ""),
        errors=errors,
        minimum=SINGLE_FACTOR_MINIMUM,
    )


def _over() -> PageError:
    return PageError(
        "This link does not work any more",
        "It works once, for a day, and only while there is no administrator.",
        status=403,
        reason="first-admin.refused",
    )
