"""Ending what was given: one place for every way in which tokens die early.

The database is changed first, so that no new token comes of what ended; then the gateway's workers
are told about each living access token.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.services import Services
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
        ended = await _end_tokens(connection, now, "grant_id", grant_id)
    _tell(services, ended)


async def revoke_family(services: Services, family: str) -> None:
    """End what came of one sign-in on one device: a chain of refresh tokens (B-174)."""
    now = services.clock()
    async with services.database.write() as connection:
        ended = await _end_tokens(connection, now, "family", family)
    _tell(services, ended)


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
        ended = await _end_tokens(connection, now, "session_id", session_id)
    _tell(services, ended)


async def revoke_user(services: Services, user_id: str, *, but_session: str | None = None) -> None:
    """End all sessions and tokens of a person: disabled, or a password changed.

    Args:
        services: the provider's parts.
        user_id: whose.
        but_session: the session that goes on, where the person did this.
    """
    now = services.clock()
    async with services.database.write() as connection:
        sessions = update(SESSIONS).where(SESSIONS.c.user_id == user_id, SESSIONS.c.ended.is_(None))
        if but_session is not None:
            sessions = sessions.where(SESSIONS.c.id != but_session)
        await connection.execute(sessions.values(ended=now))
        await _end_tokens(connection, now, "user_id", user_id)
    services.data_plane.revoke_subject(f"user:{user_id}")


async def revoke_client(services: Services, client_id: str) -> None:
    """End every token that a client holds: disabled, deleted, or its secret leaked."""
    now = services.clock()
    async with services.database.write() as connection:
        ended = await _end_tokens(connection, now, "client_id", client_id)
    _tell(services, ended)
    services.data_plane.revoke_subject(f"client:{client_id}")


async def revoke_access_token(services: Services, token_id: str) -> None:
    """End one access token that was issued for a person."""
    now = services.clock()
    async with services.database.write() as connection:
        ended = await _end_access(connection, now, ACCESS_TOKENS.c.id == token_id)
    _tell(services, ended)


async def revoke_issued_for_code(services: Services, code_hash: bytes) -> None:
    """End the tokens that a code led to, because somebody redeemed it again (B-159)."""
    now = services.clock()
    async with services.database.write() as connection:
        families = (
            await connection.execute(
                select(ACCESS_TOKENS.c.family).where(ACCESS_TOKENS.c.code_hash == code_hash)
            )
        ).scalars()
        ended = await _end_access(connection, now, ACCESS_TOKENS.c.code_hash == code_hash)
        for family in {each for each in families if each is not None}:
            ended += await _end_tokens(connection, now, "family", family)
    _tell(services, ended)


async def _end_tokens(
    connection: AsyncConnection, now: float, column: str, value: str
) -> list[tuple[str, float]]:
    refresh = REFRESH_TOKENS.c[column]
    await connection.execute(
        update(REFRESH_TOKENS)
        .where(refresh == value, REFRESH_TOKENS.c.revoked.is_(None))
        .values(revoked=now)
    )
    return await _end_access(connection, now, ACCESS_TOKENS.c[column] == value)


async def _end_access(
    connection: AsyncConnection, now: float, which: ColumnElement[bool]
) -> list[tuple[str, float]]:
    living = (which, ACCESS_TOKENS.c.revoked.is_(None), ACCESS_TOKENS.c.expires > now)
    rows: Any = (
        await connection.execute(select(ACCESS_TOKENS.c.id, ACCESS_TOKENS.c.expires).where(*living))
    ).all()
    await connection.execute(update(ACCESS_TOKENS).where(*living).values(revoked=now))
    return [(row.id, row.expires) for row in rows]


def _tell(services: Services, ended: list[tuple[str, float]]) -> None:
    for token_id, expires in ended:
        services.data_plane.revoke_token(token_id, until=expires + 60.0)
