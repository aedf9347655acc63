"""Telling applications that a session has ended (OpenID Connect Back-Channel Logout 1.0).

Whoever ends a session only ends it: `deliver_logouts` finds it within a second, on whichever node
and by whichever command it was ended. An application that does not answer is tried again.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sqlalchemy import delete, or_, select, update

from vallum.identity.secrets import new_id
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.tables import SESSION_CLIENTS, SESSIONS
from vallum.identity.web.outbound import NotSent, post_form

TYPE: Final = "logout+jwt"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LIFE: Final = 120.0

_WAITS: Final = (10.0, 60.0, 600.0, 3600.0)
"""Seconds after each attempt until the next; after the last one it is given up."""
_MOST_AT_ONCE: Final = 20


async def deliver_logouts(services: Services) -> int:
    """Tell applications about the sessions that have ended; how many were tried."""
    due = await _take_due(services)
    await asyncio.gather(*(_tell(services, notice) for notice in due))
    return len(due)


def logout_token(services: Services, client: Client, user_id: str, session_id: str) -> str:
    """A logout token (§2.4): with an event and without a nonce, so that it is no ID token."""
    now = int(services.clock())
    claims: dict[str, Any] = {
        "iss": services.settings.issuer,
        "sub": user_id,
        "aud": client.id,
        "iat": now,
        "exp": now + int(LIFE),
        "jti": new_id("lt"),
        "events": {EVENT: {}},
        "sid": session_id,
    }
    return services.keys.signer().sign(claims, TYPE)


async def _take_due(services: Services) -> list[Any]:
    """What must be told now; each to one node only."""
    now = services.clock()
    table = SESSION_CLIENTS.c
    statement = (
        select(SESSION_CLIENTS)
        .outerjoin(SESSIONS, SESSIONS.c.id == table.session_id)
        # With an account its sessions are deleted: there is none any more, and its end is news.
        .where(or_(SESSIONS.c.id.is_(None), SESSIONS.c.ended.is_not(None)))
        .where(table.next_attempt <= now)
        .limit(_MOST_AT_ONCE)
    )
    async with services.database.read() as connection:
        rows = (await connection.execute(statement)).all()
    if not rows:
        return []
    taken = []
    async with services.database.write() as connection:
        await connection.execute(delete(SESSION_CLIENTS).where(table.until < now))
        for row in rows:
            result = await connection.execute(
                update(SESSION_CLIENTS)
                .where(table.session_id == row.session_id, table.client_id == row.client_id)
                .where(table.attempts == row.attempts)
                .values(attempts=row.attempts + 1, next_attempt=now + _wait_after(row.attempts))
            )
            if result.rowcount == 1:
                taken.append(row)
    return taken


def _wait_after(attempts: int) -> float:
    return _WAITS[min(attempts, len(_WAITS) - 1)]


async def _tell(services: Services, notice: Any) -> None:
    client = await services.clients.find(notice.client_id)
    if client is None or client.backchannel_logout_uri is None:
        await _forget(services, notice)
        return
    token = logout_token(services, client, notice.user_id, notice.session_id)
    try:
        status = await post_form(
            client.backchannel_logout_uri,
            {"logout_token": token},
            public_only=client.registered_by != "operator",
        )
        problem = None if status in (200, 204) else f"it answered {status}"
    except NotSent as error:
        problem = str(error)
    is_last = notice.attempts + 1 >= len(_WAITS)
    if problem is None or is_last:
        await _forget(services, notice)
    await services.events.record(
        "logout.told" if problem is None else "logout.not-told",
        user_id=notice.user_id,
        client_id=client.id,
        alert=problem is not None and is_last,
        session=notice.session_id,
        reason=problem,
    )


async def _forget(services: Services, notice: Any) -> None:
    table = SESSION_CLIENTS.c
    async with services.database.write() as connection:
        await connection.execute(
            delete(SESSION_CLIENTS).where(
                table.session_id == notice.session_id, table.client_id == notice.client_id
            )
        )
