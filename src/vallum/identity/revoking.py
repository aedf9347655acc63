"""Ending what was given: one place for every way in which tokens die early.

The database is changed first, so that no new token comes of what ended; then the gateway's workers
are told about each living access token.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.services import Services
from vallum.identity.storage.revocations import note_subject, note_token
from vallum.identity.storage.tables import ACCESS_TOKENS, GRANTS, REFRESH_TOKENS, SESSIONS


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

    Args:
        services: the provider's parts.
        user_id: whose.
        but_session: the session that goes on, where the person did this.
    """
    async with services.database.write() as connection:
        # Now, not before the wait for the database: meanwhile tokens were issued.
        now = services.clock()
        sessions = update(SESSIONS).where(SESSIONS.c.user_id == user_id, SESSIONS.c.ended.is_(None))
        if but_session is not None:
            sessions = sessions.where(SESSIONS.c.id != but_session)
        await connection.execute(sessions.values(ended=now))
        await _end_tokens(connection, now, "user_id", user_id)
        # What somebody has begun in one of those sessions ends with it.
        await services.tickets.withdraw(user_id, "change-email")
        await note_subject(
            connection, f"user:{user_id}", life=services.settings.token_life, now=now
        )
    await services.revocations.deliver()


async def revoke_client(services: Services, client_id: str) -> None:
    """End every token that a client holds: disabled, deleted, or its secret leaked."""
    async with services.database.write() as connection:
        now = services.clock()
        await _end_tokens(connection, now, "client_id", client_id)
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
    living = (which, ACCESS_TOKENS.c.revoked.is_(None), ACCESS_TOKENS.c.expires > now)
    rows = (
        await connection.execute(select(ACCESS_TOKENS.c.id, ACCESS_TOKENS.c.expires).where(*living))
    ).all()
    await connection.execute(update(ACCESS_TOKENS).where(*living).values(revoked=now))
    for row in rows:
        await note_token(connection, row.id, expires=row.expires, now=now)
