"""Who may add a second factor now, and what happens once it was added.

Either a person on the way in who must have one and has none, or one whose session is fresh. A
session alone, which may be stolen, adds nothing (B-230, B-233).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.notices import notify
from vallum.identity.people.second_step import person_in, proved_here, ways_of
from vallum.identity.people.sign_in import (
    SECOND,
    SIGN_IN,
    complete_sign_in,
    load_flow,
    require_fresh,
)
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.sessions import Session
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of, agent_of
from vallum.identity.web.cookies import SESSION, read_cookie, write_cookie
from vallum.identity.web.forms import read_page_query
from vallum.identity.web.pages import render, see_other

FACTORS: Final = "/account/factors"
ADD: Final = "/account/factors/add"


class Enroller(NamedTuple):
    """A person who may add a second factor now."""

    user: User
    flow: Flow | None
    """The sign-in that waits for it."""
    session: Session | None
    """The session that goes on with it."""


async def show_enrol(services: Services, request: Request) -> Response:
    """Where somebody on the way in makes the second factor that is demanded."""
    return await _page(services, request, "enrol.html", read_page_query(request).get("flow", "-"))


async def show_add(services: Services, request: Request) -> Response:
    """Where somebody who is signed in adds one."""
    return await _page(services, request, "factor_add.html", None)


async def enroller(
    services: Services, request: Request, flow_id: str | None
) -> Enroller | Response:
    """Who may add a factor; or the way to prove enough for it.

    Args:
        services: the provider's parts.
        request: from the browser.
        flow_id: of the sign-in; None for a person with a session.
    """
    if not flow_id:
        session = await require_fresh(services, request, return_to=ADD)
        if isinstance(session, Response):
            return session
        user = await services.users.get(session.user_id)
        if user is None:
            raise PageError("There is no such account", "Please sign in again.", status=403)
        return Enroller(user, None, session)
    flow = await load_flow(services, request, flow_id)
    person = await person_in(services, request, flow)
    if isinstance(person, Response):
        return person
    if (await ways_of(services, person.user)).enrolled:
        # Who has a factor proves that one: another could be an intruder's.
        return see_other(f"{SECOND}?flow={person.flow.id}")
    if not proved_here(services, person.flow):
        again = {**person.flow.data, "again": True}
        await services.flows.keep(person.flow, data=again)
        return see_other(f"{SIGN_IN}?flow={person.flow.id}")
    return Enroller(person.user, person.flow, None)


async def enrolled(
    services: Services,
    request: Request,
    who: Enroller,
    amr: Sequence[str],
    *,
    kind: str,
    name: str,
) -> Response:
    """Go on once a factor was added and proved: a redirect, with the session's new cookie."""
    await services.events.record(
        "factor.added",
        user_id=who.user.id,
        actor=f"user:{who.user.id}",
        address=address_of(request),
        factor=kind,
        name=name,
    )
    if who.session is None:
        assert who.flow is not None  # noqa: S101  (one of the two is there)
        response = await complete_sign_in(
            services, request, who.user, (*who.flow.amr, *amr, "mfa"), who.flow
        )
    else:
        response = see_other(f"{FACTORS}?done=added")
        methods = dict.fromkeys((*who.session.amr, *amr, "mfa"))
        await _renew(services, request, response, who.session, tuple(methods))
    notify(services, request, response, who.user.email, "factor-added")
    return response


async def _renew(
    services: Services, request: Request, response: Response, session: Session, amr: Sequence[str]
) -> None:
    """The session goes on under another cookie, with what was proved in it just now."""
    token = read_cookie(request, SESSION)
    renewed = None
    if token is not None:
        renewed = await services.sessions.renew(
            token, session.user_id, amr, address=address_of(request), agent=agent_of(request)
        )
    if renewed is not None:
        write_cookie(response, SESSION, renewed[0])


async def _page(
    services: Services, request: Request, template: str, flow_id: str | None
) -> Response:
    who = await enroller(services, request, flow_id)
    if isinstance(who, Response):
        return who
    return render(services, request, template, flow=who.flow, here="/account/security")
