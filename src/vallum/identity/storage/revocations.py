"""Revocations on their way to the workers of every node.

Whoever revokes writes here, in the transaction that does it. Each node's control process reads what
is new once a second and tells its workers: commands and other nodes need no channel of their own.
"""

from __future__ import annotations

from typing import Final, Protocol

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.core.ports import Clock
from vallum.identity.secrets import new_id
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import REVOCATIONS

_MARGIN_SECONDS: Final = 60.0
"""For leeway of verifiers, and for nodes whose clocks differ."""


class Told(Protocol):
    """Who has to know."""

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Refuse one token."""
        ...

    def revoke_subject(self, subject: str, *, at: float) -> None:
        """Refuse all tokens of a subject that were issued until then."""
        ...


async def note_token(
    connection: AsyncConnection, token_id: str, *, expires: float, now: float
) -> None:
    """Revoke one access token."""
    await insert_row(
        connection,
        REVOCATIONS,
        {
            "id": new_id("revocation"),
            "at": now,
            "token_id": token_id,
            "until": expires + _MARGIN_SECONDS,
        },
    )


async def note_subject(
    connection: AsyncConnection, subject: str, *, life: float, now: float
) -> None:
    """Revoke every token of `user:<id>` or `client:<id>`, of which none lives longer than `life`
    seconds."""
    await insert_row(
        connection,
        REVOCATIONS,
        {
            "id": new_id("revocation"),
            "at": now,
            "subject": subject,
            "until": now + life + _MARGIN_SECONDS,
        },
    )


class RevocationFeed:
    """Delivers what is new to the workers of this node, each revocation once."""

    def __init__(self, database: Database, clock: Clock, told: Told) -> None:
        self._database = database
        self._clock = clock
        self._told = told
        self._delivered: dict[str, float] = {}

    async def deliver(self) -> None:
        """Tell the workers what they do not know yet; after a start, everything that counts."""
        now = self._clock()
        statement = select(REVOCATIONS).where(REVOCATIONS.c.until > now).order_by(REVOCATIONS.c.at)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        for row in rows:
            if row.id in self._delivered:
                continue
            if row.token_id is not None:
                self._told.revoke_token(row.token_id, until=row.until)
            else:
                # Told again after each start: what was issued since then goes on.
                self._told.revoke_subject(row.subject, at=row.at)
            self._delivered[row.id] = row.until
        living = {row.id for row in rows}
        self._delivered = {key: until for key, until in self._delivered.items() if key in living}

    async def forget_old(self) -> None:
        """Delete what has expired by itself."""
        async with self._database.write() as connection:
            await connection.execute(delete(REVOCATIONS).where(REVOCATIONS.c.until < self._clock()))
