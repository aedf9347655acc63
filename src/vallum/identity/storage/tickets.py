"""Links and tokens that work once: verification, reset, first administrator, registration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import orjson
from sqlalchemy import delete, select, update

from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import TICKETS

Purpose = Literal["verify-email", "change-email", "reset-password", "first-admin", "registration"]

LIFE: Final[Mapping[str, float]] = {
    "verify-email": 24 * 3600.0,
    "change-email": 900.0,
    "reset-password": 900.0,  # B-226
    "first-admin": 24 * 3600.0,
    "registration": 24 * 3600.0,
}
"""Seconds."""


class Ticket(NamedTuple):
    """A ticket that was good."""

    purpose: str
    user_id: str | None
    data: Mapping[str, Any]


class Tickets:
    """All tickets. What a person or program holds is kept as a hash only."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def issue(
        self,
        purpose: Purpose,
        user_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        life: float | None = None,
    ) -> str:
        """A new ticket. Older ones for the same person and purpose end (B-226).

        Args:
            purpose: what it is good for, and how long unless `life` says so.
            user_id: for whom.
            data: what must be remembered with it.
            life: seconds.
        """
        token, now = new_token(), self._clock()
        async with self._database.write() as connection:
            await connection.execute(delete(TICKETS).where(TICKETS.c.expires < now))
            if user_id is not None:
                await connection.execute(
                    delete(TICKETS).where(
                        TICKETS.c.user_id == user_id, TICKETS.c.purpose == purpose
                    )
                )
            await insert_row(
                connection,
                TICKETS,
                {
                    "hash": kept(token),
                    "purpose": purpose,
                    "user_id": user_id,
                    "data": orjson.dumps(data or {}).decode(),
                    "created": now,
                    "expires": now + (LIFE[purpose] if life is None else life),
                },
            )
        return token

    async def look(self, token: str, purpose: Purpose) -> Ticket | None:
        """The ticket, if it would be good; does not use it."""
        statement = select(TICKETS).where(
            TICKETS.c.hash == kept(token),
            TICKETS.c.purpose == purpose,
            TICKETS.c.used.is_(None),
            TICKETS.c.expires > self._clock(),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else Ticket(row.purpose, row.user_id, orjson.loads(row.data))

    async def use(self, token: str, purpose: Purpose) -> Ticket | None:
        """Use a ticket up; None where it is not good, or another request was faster."""
        ticket = await self.look(token, purpose)
        if ticket is None:
            return None
        async with self._database.write() as connection:
            result = await connection.execute(
                update(TICKETS)
                .where(TICKETS.c.hash == kept(token), TICKETS.c.used.is_(None))
                .values(used=self._clock())
            )
        return ticket if result.rowcount == 1 else None

    async def withdraw(self, user_id: str, purpose: Purpose) -> None:
        """Void what a person holds for a purpose."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(TICKETS).where(TICKETS.c.user_id == user_id, TICKETS.c.purpose == purpose)
            )

    async def withdraw_all(self, purpose: Purpose) -> None:
        """Void what anybody holds for a purpose."""
        async with self._database.write() as connection:
            await connection.execute(delete(TICKETS).where(TICKETS.c.purpose == purpose))
