"""Whether what a person allowed still holds, in the moment in which tokens are made of it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.errors import OAuthError
from vallum.identity.storage.allowances import Allowance
from vallum.identity.storage.tables import GRANTS, SESSIONS, USERS


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
    """What is known of the person, if account, consent and session still hold.

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
    return Standing(tuple(orjson.loads(user.roles)), user.name, user.email, user.email_verified)


async def _row(connection: AsyncConnection, statement: Select[Any], values: dict[str, Any]) -> Any:
    row = (await connection.execute(statement, values)).one_or_none()
    if row is None:
        raise OAuthError("invalid_grant", reason="grant: person, session or consent has ended")
    return row
