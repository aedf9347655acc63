"""Browsers that people have signed in with before (B-223)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, select, update

from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.database import Database, insert_new
from vallum.identity.storage.tables import DEVICES, USERS

KEEP_SECONDS: Final = 180 * 86_400.0
_MOST_OF_ONE: Final = 50


class Devices:
    """The known browsers of all people. What a browser holds is kept as a hash."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def is_known(self, token: str | None, email: str) -> bool:
        """Whether the person with this address has signed in here before.

        Asks the database whether or not there is such a person, or a token (B-221).
        """
        statement = (
            select(DEVICES.c.hash)
            .join(USERS, USERS.c.id == DEVICES.c.user_id)
            .where(
                DEVICES.c.hash == kept(token or ""),
                USERS.c.email == email,
                DEVICES.c.last_seen > self._clock() - KEEP_SECONDS,
            )
        )
        async with self._database.read() as connection:
            return (await connection.execute(statement)).first() is not None

    async def remember(self, token: str | None, user_id: str, agent: str) -> tuple[str, bool]:
        """Note a sign-in; the browser's new token, and whether this person knew the browser.

        The token is new each time: one that somebody planted or copied before is worth nothing
        after. All people of the browser move along to the new one.
        """
        fresh, now = new_token(), self._clock()
        old, new = kept(token or ""), kept(fresh)
        async with self._database.write() as connection:
            await connection.execute(
                delete(DEVICES).where(DEVICES.c.last_seen < now - KEEP_SECONDS)
            )
            await connection.execute(update(DEVICES).where(DEVICES.c.hash == old).values(hash=new))
            mine = (DEVICES.c.hash == new, DEVICES.c.user_id == user_id)
            seen = await connection.execute(
                update(DEVICES).where(*mine).values(last_seen=now, agent=agent)
            )
            if seen.rowcount == 1:
                return fresh, True
            await insert_new(
                connection,
                DEVICES,
                {
                    "hash": new,
                    "user_id": user_id,
                    "agent": agent,
                    "created": now,
                    "last_seen": now,
                },
            )
            latest = (
                select(DEVICES.c.hash)
                .where(DEVICES.c.user_id == user_id)
                .order_by(DEVICES.c.last_seen.desc())
                .limit(_MOST_OF_ONE)
            )
            await connection.execute(
                delete(DEVICES).where(DEVICES.c.user_id == user_id, DEVICES.c.hash.not_in(latest))
            )
        return fresh, False

    async def count(self, user_id: str) -> int:
        """How many browsers a person is known with."""
        statement = select(func.count()).where(DEVICES.c.user_id == user_id)
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def forget(self, user_id: str) -> None:
        """Forget all browsers of a person: each must prove itself anew."""
        async with self._database.write() as connection:
            await connection.execute(delete(DEVICES).where(DEVICES.c.user_id == user_id))
