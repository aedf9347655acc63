"""Where a person is signed in and which applications may act for them; ending both."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.people.browsers import browser_in_words
from vallum.identity.people.sign_in import SIGN_IN, require_session
from vallum.identity.people.words import day_and_time
from vallum.identity.revoking import revoke_grant, revoke_session
from vallum.identity.services import Services
from vallum.identity.storage.grants import Grant
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import SESSION, drop_cookie
from vallum.identity.web.forms import read_page_form
from vallum.identity.web.pages import render, see_other

SESSIONS_PATH = "/account/sessions"
APPLICATIONS_PATH = "/account/applications"


class ShownSession(NamedTuple):
    """A session as its person reads it."""

    id: str
    browser: str
    address: str
    since: str
    last_seen: str
    is_this: bool


class ShownGrant(NamedTuple):
    """A consent as its person reads it."""

    id: str
    application: str
    resource: str
    allowed: tuple[str, ...]
    since: str
    last_used: str


async def show_sessions(services: Services, request: Request) -> Response:
    """Every browser in which the person is signed in."""
    mine = await require_session(services, request, return_to=SESSIONS_PATH)
    if isinstance(mine, Response):
        return mine
    shown = [
        ShownSession(
            each.id,
            browser_in_words(each.agent),
            each.address,
            day_and_time(each.created),
            day_and_time(each.last_seen),
            each.id == mine.id,
        )
        for each in await services.sessions.of_user(mine.user_id)
    ]
    return render(services, request, "sessions.html", here=SESSIONS_PATH, sessions=shown)


async def send_end_session(services: Services, request: Request) -> Response:
    """End one session of the person's own, or all but this one."""
    form = await read_page_form(request, services)
    mine = await require_session(services, request, return_to=SESSIONS_PATH)
    if isinstance(mine, Response):
        return mine
    chosen = form.get("session", "")
    ended = [
        each.id
        for each in await services.sessions.of_user(mine.user_id)
        if each.id == chosen or (chosen == "others" and each.id != mine.id)
    ]
    for session_id in ended:
        await revoke_session(services, mine.user_id, session_id)
        await services.events.record(
            "session.ended",
            user_id=mine.user_id,
            actor=f"user:{mine.user_id}",
            address=address_of(request),
            session=session_id,
        )
    if mine.id in ended:
        response = see_other(f"{SIGN_IN}?done=signed-out")
        drop_cookie(response, SESSION)
        return response
    return see_other(SESSIONS_PATH)


async def show_applications(services: Services, request: Request) -> Response:
    """What the person has allowed to whom."""
    session = await require_session(services, request, return_to=APPLICATIONS_PATH)
    if isinstance(session, Response):
        return session
    grants = await services.grants.of_user(session.user_id)
    shown = [await _shown(services, each) for each in grants]
    return render(services, request, "applications.html", here=APPLICATIONS_PATH, grants=shown)


async def send_revoke(services: Services, request: Request) -> Response:
    """Take a consent back: the application's tokens end at once."""
    form = await read_page_form(request, services)
    session = await require_session(services, request, return_to=APPLICATIONS_PATH)
    if isinstance(session, Response):
        return session
    grant = await services.grants.get(form.get("grant", ""))
    # Another's is as one that there is not.
    if grant is not None and grant.user_id == session.user_id:
        await revoke_grant(services, grant.id)
        await services.events.record(
            "grant.revoked",
            user_id=session.user_id,
            client_id=grant.client_id,
            actor=f"user:{session.user_id}",
            address=address_of(request),
            grant=grant.id,
        )
    return see_other(APPLICATIONS_PATH)


async def _shown(services: Services, grant: Grant) -> ShownGrant:
    client = await services.clients.get(grant.client_id)
    words = services.settings.scopes_of(grant.resource)
    resource: Any = services.settings.resources.get(grant.resource)
    return ShownGrant(
        grant.id,
        grant.client_id if client is None else client.name,
        grant.resource if resource is None else resource.name,
        tuple(words.get(scope, scope) for scope in sorted(grant.scopes)),
        day_and_time(grant.created),
        "never" if grant.last_used is None else day_and_time(grant.last_used),
    )
