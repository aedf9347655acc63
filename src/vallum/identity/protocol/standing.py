"""Whether what a person allowed still holds, in the moment in which tokens are made of it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.errors import OAuthError
from vallum.identity.storage.allowances import Allowance
from vallum.identity.storage.tables import CLIENTS, GRANTS, SESSIONS, USERS


class Standing(NamedTuple):
    """What tokens say about a person beside what she allowed."""

    roles: tuple[str, ...]
    name: str
    email: str
    email_verified: bool


_USED: Final = update(GRANTS).where(GRANTS.c.id == bindparam("consent"), GRANTS.c.revoked.is_(None))

# SQLite has one writer at a time and leaves FOR SHARE out.
_PERSON: Final = (
    select(USERS)
    .where(USERS.c.id == bindparam("person"), USERS.c.disabled.is_(None))
    .with_for_update(read=True)
)
_SESSION: Final = (
    select(SESSIONS.c.id)
    .where(
        SESSIONS.c.id == bindparam("session"),
        SESSIONS.c.user_id == bindparam("person"),
        SESSIONS.c.ended.is_(None),
        SESSIONS.c.expires > bindparam("now"),
    )
    .with_for_update(read=True)
)
_CONSENT: Final = (
    select(GRANTS.c.id)
    .where(
        GRANTS.c.id == bindparam("consent"),
        GRANTS.c.user_id == bindparam("person"),
        GRANTS.c.client_id == bindparam("client"),
        GRANTS.c.revoked.is_(None),
    )
    .with_for_update(read=True)
)

_CLIENT: Final = (
    select(CLIENTS.c.id)
    .where(
        CLIENTS.c.id == bindparam("client"),
        CLIENTS.c.disabled.is_(None),
        or_(CLIENTS.c.expires.is_(None), CLIENTS.c.expires > bindparam("now")),
    )
    .with_for_update(read=True)
)


async def begin_use(connection: AsyncConnection, allowance: Allowance, now: float) -> Standing:
    """Note that tokens are made of what a person allowed, if it still holds.

    INVARIANT: before the transaction takes anything else. Who revokes takes account, session or
    consent first, and refresh tokens after it: in another order two could wait for each other.

    Raises:
        OAuthError: `invalid_grant`.
    """
    await connection.execute(_USED, {"consent": allowance.grant_id, "last_used": now})
    return await demand_standing(connection, allowance, now)


async def demand_standing(
    connection: AsyncConnection, allowance: Allowance, now: float
) -> Standing:
    """What is known of the person, if account, consent, session and client still hold.

    The rows stay locked until the transaction ends: a revocation that comes meanwhile waits, and
    finds the tokens that were made.

    Raises:
        OAuthError: `invalid_grant`.
    """
    person = {"person": allowance.user_id}
    user = await _row(connection, _PERSON, person)
    if allowance.session_id is not None:
        session = {"session": allowance.session_id, "now": now}
        await _row(connection, _SESSION, person | session)
    consent = {"consent": allowance.grant_id, "client": allowance.client_id}
    await _row(connection, _CONSENT, person | consent)
    await demand_client(connection, allowance.client_id, now)
    return Standing(tuple(orjson.loads(user.roles)), user.name, user.email, user.email_verified)


async def demand_client(connection: AsyncConnection, client_id: str, now: float) -> None:
    """Refuse a client that was disabled since it proved who it is.

    SECURITY: what is remembered of a client is up to two seconds old, and tokens that were made of
    it after its end would outlive that.

    Raises:
        OAuthError: `invalid_grant`.
    """
    await _row(connection, _CLIENT, {"client": client_id, "now": now})


async def _row(connection: AsyncConnection, statement: Select[Any], values: dict[str, Any]) -> Any:
    row = (await connection.execute(statement, values)).one_or_none()
    if row is None:
        reason = "grant: person, session, consent or client has ended"
        raise OAuthError("invalid_grant", reason=reason)
    return row
