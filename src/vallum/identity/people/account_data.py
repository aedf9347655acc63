"""A person's own data: all of it to take along, and all of it gone."""

from __future__ import annotations

from typing import Final

import orjson
from sqlalchemy import delete
from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.operating import personal_data
from vallum.identity.people.account import person_of
from vallum.identity.people.notices import notify
from vallum.identity.people.sign_in import HOME, SIGN_IN, require_fresh
from vallum.identity.revoking import revoke_user
from vallum.identity.services import Services
from vallum.identity.storage.tables import (
    CODES,
    DEVICE_CODES,
    DEVICES,
    EVENTS,
    FLOWS,
    GRANTS,
    IDENTITIES,
    PASSKEYS,
    RECOVERY_CODES,
    REFRESH_TOKENS,
    SESSIONS,
    TICKETS,
    TOTP_FACTORS,
)
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import DEVICE, SESSION, drop_cookie
from vallum.identity.web.forms import read_page_form
from vallum.identity.web.pages import render, see_other

EXPORT_PATH: Final = "/account/data"
DELETE_PATH: Final = "/account/delete"

# Living access tokens stay listed, by their numbers only, until they have expired.
_TABLES: Final = (
    IDENTITIES,
    TOTP_FACTORS,
    PASSKEYS,
    RECOVERY_CODES,
    SESSIONS,
    DEVICES,
    FLOWS,
    TICKETS,
    GRANTS,
    CODES,
    DEVICE_CODES,
    REFRESH_TOKENS,
    EVENTS,
)


async def show_data(services: Services, request: Request) -> Response:
    """Everything that is kept about the person, as a file."""
    session = await require_fresh(services, request, return_to=EXPORT_PATH)
    if isinstance(session, Response):
        return session
    found = await personal_data(services, session.user_id)
    await services.events.record(
        "data.exported",
        user_id=session.user_id,
        actor=f"user:{session.user_id}",
        address=address_of(request),
    )
    return Response(
        orjson.dumps(found, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="account.json"'},
    )


async def show_delete(services: Services, request: Request) -> Response:
    """The page that asks once more."""
    session = await require_fresh(services, request, return_to=DELETE_PATH)
    if isinstance(session, Response):
        return session
    return _page(services, request, await person_of(services, session.user_id))


async def send_delete(services: Services, request: Request) -> Response:
    """Delete the account; sessions and tokens end first."""
    form = await read_page_form(request, services)
    session = await require_fresh(services, request, return_to=DELETE_PATH)
    if isinstance(session, Response):
        return session
    user = await person_of(services, session.user_id)
    if user.is_admin:
        text = "You administer this service. Have another administrator take that role first."
        return _page(services, request, user, problem=text)
    if form.get("sure") != "yes":
        return _page(services, request, user, problem="Please tick the box if you are sure.")
    # One transaction: half an account would be nobody's, and still open.
    async with services.database.write() as connection:
        await revoke_user(services, user.id)
        for table in _TABLES:
            await connection.execute(delete(table).where(table.c.user_id == user.id))
        await services.users.delete(user.id)
    await services.events.record(
        "account.deleted", user_id=user.id, actor=f"user:{user.id}", address=address_of(request)
    )
    response = see_other(f"{SIGN_IN}?done=deleted")
    drop_cookie(response, SESSION)
    drop_cookie(response, DEVICE)
    notify(services, request, response, user.email, "account-deleted")
    return response


def _page(services: Services, request: Request, user: User, *, problem: str = "") -> Response:
    return render(
        services,
        request,
        "delete.html",
        status=400 if problem else 200,
        here=HOME,
        email=user.email,
        problem=problem,
    )
