"""Changing the password of one's own account."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.people.account import person_of
from vallum.identity.people.choosing import BadChoice, judge_password, minimum_for
from vallum.identity.people.notices import notify
from vallum.identity.people.passwords import BadPassword
from vallum.identity.people.proving import prove_password
from vallum.identity.people.sign_in import HOME, require_fresh
from vallum.identity.revoking import revoke_user
from vallum.identity.services import Services
from vallum.identity.storage.sessions import Session
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of, agent_of
from vallum.identity.web.cookies import SESSION, read_cookie, write_cookie
from vallum.identity.web.forms import read_page_form
from vallum.identity.web.pages import render, see_other

PATH = "/account/password"
_WRONG = "This is not your password."


async def show_password(services: Services, request: Request) -> Response:
    """The page."""
    session = await require_fresh(services, request, return_to=PATH)
    if isinstance(session, Response):
        return session
    return await _page(services, request, await person_of(services, session.user_id))


async def send_password(services: Services, request: Request) -> Response:
    """The old password and the new one: other sessions and all tokens end (B-228)."""
    form = await read_page_form(request, services)
    session = await require_fresh(services, request, return_to=PATH)
    if isinstance(session, Response):
        return session
    user = await person_of(services, session.user_id)
    if user.password_hash is not None and not await _knows(services, request, user, form):
        return await _page(services, request, user, old=_WRONG)
    try:
        judge_password(
            services,
            form.get("new", ""),
            minimum=await minimum_for(services, user),
            email=user.email,
            name=user.name,
        )
    except BadChoice as error:
        return await _page(services, request, user, new=str(error))
    hashed = await services.passwords.hash(form["new"])
    async with services.database.write():
        # SECURITY: verifying and hashing take their time. Whoever has chosen another password
        # meanwhile, by mail say, has taken the account back from who sent this.
        if not await services.users.is_unchanged(user):
            return await _page(services, request, user, old=_WRONG)
        await services.users.set_password(user.id, hashed)
        await services.tickets.withdraw(user.id, "reset-password")
        await revoke_user(services, user.id, but_session=session.id)
    await services.events.record(
        "password.changed", user_id=user.id, actor=f"user:{user.id}", address=address_of(request)
    )
    response = see_other(f"{HOME}?done=password")
    await _renew(services, request, response, session)
    notify(services, request, response, user.email, "password-changed")
    return response


async def _knows(services: Services, request: Request, user: User, form: dict[str, str]) -> bool:
    try:
        found = await prove_password(services, request, user.email, form.get("old", ""))
    except BadPassword:
        return False
    return found is not None and found.id == user.id


async def _renew(
    services: Services, request: Request, response: Response, session: Session
) -> None:
    """The session goes on under another cookie: a copy of the old one is worth nothing."""
    token = read_cookie(request, SESSION)
    renewed = None
    if token is not None:
        renewed = await services.sessions.renew(
            token,
            session.user_id,
            session.amr,
            address=address_of(request),
            agent=agent_of(request),
        )
    if renewed is not None:
        write_cookie(response, SESSION, renewed[0])


async def _page(
    services: Services,
    request: Request,
    user: User,
    *,
    old: str | None = None,
    new: str | None = None,
) -> Response:
    return render(
        services,
        request,
        "password.html",
        status=200 if old is None and new is None else 400,
        here="/account/security",
        has_password=user.password_hash is not None,
        minimum=await minimum_for(services, user),
        old_error=old,
        new_error=new,
    )
