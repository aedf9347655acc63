"""Whether what a person allowed still holds, in the moment in which tokens are made of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from sqlalchemy import select, update
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


async def begin_use(connection: AsyncConnection, allowance: Allowance, now: float) -> Standing:
    """Note that tokens are made of what a person allowed, if it still holds.

    INVARIANT: before the transaction takes anything else. Who revokes takes account, session or
    consent first, and refresh tokens after it: in another order two could wait for each other.

    Raises:
        OAuthError: `invalid_grant`.
    """
    await connection.execute(
        update(GRANTS)
        .where(GRANTS.c.id == allowance.grant_id, GRANTS.c.revoked.is_(None))
        .values(last_used=now)
    )
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
    user = await _row(
        connection, select(USERS).where(USERS.c.id == allowance.user_id, USERS.c.disabled.is_(None))
    )
    if allowance.session_id is not None:
        await _row(
            connection,
            select(SESSIONS.c.id).where(
                SESSIONS.c.id == allowance.session_id,
                SESSIONS.c.user_id == allowance.user_id,
                SESSIONS.c.ended.is_(None),
                SESSIONS.c.expires > now,
            ),
        )
    await _row(
        connection,
        select(GRANTS.c.id).where(
            GRANTS.c.id == allowance.grant_id,
            GRANTS.c.user_id == allowance.user_id,
            GRANTS.c.client_id == allowance.client_id,
            GRANTS.c.revoked.is_(None),
        ),
    )
    return Standing(tuple(orjson.loads(user.roles)), user.name, user.email, user.email_verified)


async def _row(connection: AsyncConnection, statement: Any) -> Any:
    # SQLite has one writer at a time and leaves FOR SHARE out.
    row = (await connection.execute(statement.with_for_update(read=True))).one_or_none()
    if row is None:
        raise OAuthError("invalid_grant", reason="grant: person, session or consent has ended")
    return row
