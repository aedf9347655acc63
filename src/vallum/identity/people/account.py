"""The overview of a person's own account, the name in it, and what has happened lately."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.people.choosing import BadChoice, chosen_name
from vallum.identity.people.sign_in import HOME, has_second_factor, require_session
from vallum.identity.people.words import day_and_time, event_in_words
from vallum.identity.services import Services
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

_DONE: Final[Mapping[str, str]] = {
    "name": "Your name is changed.",
    "email": "Your e-mail address is changed.",
    "password": "Your password is changed, and your other sessions have ended.",
}


class Happening(NamedTuple):
    """An event as its person reads it."""

    when: str
    what: str
    address: str


async def person_of(services: Services, user_id: str) -> User:
    """The account of a living session."""
    user = await services.users.get(user_id)
    if user is None:
        raise LookupError("a session without an account")
    return user


async def show_account(services: Services, request: Request) -> Response:
    """The overview."""
    session = await require_session(services, request)
    if isinstance(session, Response):
        return session
    return await _overview(services, request, await person_of(services, session.user_id))


async def send_name(services: Services, request: Request) -> Response:
    """Another name."""
    form = await read_page_form(request, services)
    session = await require_session(services, request)
    if isinstance(session, Response):
        return session
    user = await person_of(services, session.user_id)
    try:
        name = chosen_name(form.get("name", ""))
    except BadChoice as error:
        return await _overview(services, request, user, error=str(error))
    await services.users.set_name(user.id, name)
    await services.events.record(
        "name.changed", user_id=user.id, actor=f"user:{user.id}", address=address_of(request)
    )
    return see_other(f"{HOME}?done=name")


async def show_activity(services: Services, request: Request) -> Response:
    """What has happened with the account, latest first."""
    session = await require_session(services, request, return_to="/account/activity")
    if isinstance(session, Response):
        return session
    events = await services.events.of_user(session.user_id, most=100)
    happenings = [
        Happening(day_and_time(event.at), event_in_words(event), event.address) for event in events
    ]
    return render(
        services, request, "activity.html", here="/account/activity", happenings=happenings
    )


async def show_security(services: Services, request: Request) -> Response:
    """The ways in which the person proves who they are."""
    session = await require_session(services, request, return_to="/account/security")
    if isinstance(session, Response):
        return session
    user = await person_of(services, session.user_id)
    return render(
        services,
        request,
        "security.html",
        here="/account/security",
        has_password=user.password_hash is not None,
        password_changed=None
        if user.password_changed is None
        else day_and_time(user.password_changed),
        has_second=await has_second_factor(services, user.id),
        has_providers=bool(services.settings.providers),
    )


async def _overview(
    services: Services, request: Request, user: User, *, error: str | None = None
) -> Response:
    done = _DONE.get(read_page_query(request).get("done", ""), "")
    return render(
        services,
        request,
        "overview.html",
        status=200 if error is None else 400,
        here=HOME,
        user=user,
        since=day_and_time(user.created),
        done=done,
        error=error,
    )
