"""Ending what was given: one place for every way in which tokens die early.

The database is changed first, so that no new token comes of what ended; then the gateway's workers
are told about each living access token.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.services import Services
from vallum.identity.storage.revocations import note_subject, note_token
from vallum.identity.storage.tables import (
    ACCESS_TOKENS,
    CODES,
    DEVICE_CODES,
    FLOWS,
    GRANTS,
    PUSHED_REQUESTS,
    REFRESH_TOKENS,
    SESSIONS,
    USERS,
)

_PARENTS: Final = ACCESS_TOKENS.alias("parents")
_CAME_OF_ENDED: Final = ACCESS_TOKENS.c.parent_id.in_(
    select(_PARENTS.c.id).where(_PARENTS.c.revoked.is_not(None))
)


async def revoke_grant(services: Services, grant_id: str) -> None:
    """End a consent with every token that came of it."""
    now = services.clock()
    async with services.database.write() as connection:
        await connection.execute(
            update(GRANTS)
            .where(GRANTS.c.id == grant_id, GRANTS.c.revoked.is_(None))
            .values(revoked=now)
        )
        await _end_tokens(connection, now, "grant_id", grant_id)
    await services.revocations.deliver()


async def revoke_family(services: Services, family: str) -> None:
    """End what came of one sign-in on one device: a chain of refresh tokens (B-174)."""
    now = services.clock()
    async with services.database.write() as connection:
        await _end_tokens(connection, now, "family", family)
    await services.revocations.deliver()


async def revoke_session(services: Services, user_id: str, session_id: str) -> None:
    """End one of a person's sessions and the access tokens that it led to.

    Refresh tokens of `offline_access` outlive sessions; those without end with it.
    """
    now = services.clock()
    async with services.database.write() as connection:
        await connection.execute(
            update(SESSIONS)
            .where(SESSIONS.c.id == session_id, SESSIONS.c.user_id == user_id)
            .where(SESSIONS.c.ended.is_(None))
            .values(ended=now)
        )
        await _end_tokens(connection, now, "session_id", session_id)
    await services.revocations.deliver()


async def revoke_user(services: Services, user_id: str, *, but_session: str | None = None) -> None:
    """End all sessions and tokens of a person: disabled, or a password changed.

    What somebody is in the middle of as this person ends too, unless a session goes on: a sign-in
    that waits for its second step must not wait until an account is enabled again.

    Args:
        services: the provider's parts.
        user_id: whose.
        but_session: the session that goes on, where the person did this.
    """
    async with services.database.write() as connection:
        # INVARIANT: the account before its sessions, as where sessions begin: a sign-in under way
        # has either begun one that ends here, or finds its flow ended.
        await connection.execute(select(USERS.c.id).where(USERS.c.id == user_id).with_for_update())
        # Now, not before the wait for the database: meanwhile tokens were issued.
        now = services.clock()
        sessions = update(SESSIONS).where(SESSIONS.c.user_id == user_id, SESSIONS.c.ended.is_(None))
        if but_session is not None:
            sessions = sessions.where(SESSIONS.c.id != but_session)
        await connection.execute(sessions.values(ended=now))
        await _end_tokens(connection, now, "user_id", user_id)
        # What somebody has begun in one of those sessions ends with it.
        await services.tickets.withdraw(user_id, "change-email")
        if but_session is None:
            await connection.execute(delete(FLOWS).where(FLOWS.c.user_id == user_id))
        await note_subject(
            connection, f"user:{user_id}", life=services.settings.token_life, now=now
        )
    await services.revocations.deliver()


async def revoke_client(services: Services, client_id: str) -> None:
    """End every token that a client holds: disabled, deleted, or its secret leaked.

    What it could still get tokens for ends too: it must not wait until it is enabled again.
    """
    async with services.database.write() as connection:
        now = services.clock()
        await _end_tokens(connection, now, "client_id", client_id)
        for table in (CODES, DEVICE_CODES, PUSHED_REQUESTS):
            await connection.execute(delete(table).where(table.c.client_id == client_id))
        await note_subject(
            connection, f"client:{client_id}", life=services.settings.token_life, now=now
        )
    await services.revocations.deliver()


async def revoke_access_token(services: Services, token_id: str) -> None:
    """End one access token that was issued for a person."""
    now = services.clock()
    async with services.database.write() as connection:
        await _end_access(connection, now, ACCESS_TOKENS.c.id == token_id)
    await services.revocations.deliver()


async def revoke_client_token(services: Services, token_id: str, *, expires: float) -> None:
    """End one access token that a client got for itself."""
    now = services.clock()
    async with services.database.write() as connection:
        await note_token(connection, token_id, expires=expires, now=now)
    await services.revocations.deliver()


async def revoke_issued_for_code(services: Services, code_hash: bytes) -> None:
    """End the tokens that a code led to, because somebody redeemed it again (B-159)."""
    now = services.clock()
    async with services.database.write() as connection:
        families = (
            await connection.execute(
                select(ACCESS_TOKENS.c.family).where(ACCESS_TOKENS.c.code_hash == code_hash)
            )
        ).scalars()
        await _end_access(connection, now, ACCESS_TOKENS.c.code_hash == code_hash)
        for family in {each for each in families if each is not None}:
            await _end_tokens(connection, now, "family", family)
    await services.revocations.deliver()


async def _end_tokens(connection: AsyncConnection, now: float, column: str, value: str) -> None:
    refresh = REFRESH_TOKENS.c[column]
    await connection.execute(
        update(REFRESH_TOKENS)
        .where(refresh == value, REFRESH_TOKENS.c.revoked.is_(None))
        .values(revoked=now)
    )
    await _end_access(connection, now, ACCESS_TOKENS.c[column] == value)


async def _end_access(connection: AsyncConnection, now: float, which: ColumnElement[bool]) -> None:
    # What was exchanged for a token ends with it, whoever holds it (RFC 8693); and what was
    # exchanged for that. INVARIANT: those that end are locked before those that came of them are
    # looked for, so that an exchange under way is either found or finds its token ended.
    while await _end_these(connection, now, which):
        which = _CAME_OF_ENDED


async def _end_these(connection: AsyncConnection, now: float, which: ColumnElement[bool]) -> bool:
    living = (which, ACCESS_TOKENS.c.revoked.is_(None), ACCESS_TOKENS.c.expires > now)
    ended = await connection.execute(
        update(ACCESS_TOKENS)
        .where(*living)
        .values(revoked=now)
        .returning(ACCESS_TOKENS.c.id, ACCESS_TOKENS.c.expires)
    )
    rows = ended.all()
    for row in rows:
        await note_token(connection, row.id, expires=row.expires, now=now)
    return bool(rows)
