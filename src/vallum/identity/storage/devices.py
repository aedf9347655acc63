"""Browsers that people have signed in with before (B-223)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, func, select, update

from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.database import Database, insert_new
from vallum.identity.storage.tables import DEVICES, USERS

KEEP_SECONDS: Final = 180 * 86_400.0
_MOST_OF_ONE: Final = 50


_KNOWN: Final = (
    select(DEVICES.c.created)
    .join(USERS, USERS.c.id == DEVICES.c.user_id)
    .where(
        DEVICES.c.hash == bindparam("token"),
        USERS.c.email == bindparam("address"),
        DEVICES.c.last_seen > bindparam("since"),
    )
)
_MOVE: Final = update(DEVICES).where(
    DEVICES.c.hash == bindparam("old"), DEVICES.c.last_seen > bindparam("since")
)
_SEEN: Final = update(DEVICES).where(
    DEVICES.c.hash == bindparam("token"), DEVICES.c.user_id == bindparam("person")
)
_LATEST: Final = (
    select(DEVICES.c.hash)
    .where(DEVICES.c.user_id == bindparam("person"))
    .order_by(DEVICES.c.last_seen.desc())
    .limit(_MOST_OF_ONE)
)
_FORGET_MOST: Final = delete(DEVICES).where(
    DEVICES.c.user_id == bindparam("person"), DEVICES.c.hash.not_in(_LATEST)
)


class Devices:
    """The known browsers of all people. What a browser holds is kept as a hash."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def known_since(self, token: str | None, email: str) -> float | None:
        """When the person with this address signed in here first; None for never.

        Tells the browsers of one person apart, whatever cookies they get meanwhile.
        Asks the database whether or not there is such a person, or a token (B-221).
        """
        values = {
            "token": kept(token or ""),
            "address": email,
            "since": self._clock() - KEEP_SECONDS,
        }
        async with self._database.read() as connection:
            return (await connection.execute(_KNOWN, values)).scalar_one_or_none()

    async def remember(self, token: str | None, user_id: str, agent: str) -> tuple[str, bool]:
        """Note a sign-in; the browser's new token, and whether this person knew the browser.

        The token is new each time: one that somebody planted or copied before is worth nothing
        after. All people of the browser move along to the new one.
        """
        fresh, now = new_token(), self._clock()
        new = kept(fresh)
        async with self._database.write() as connection:
            if token is not None:
                since = now - KEEP_SECONDS
                await connection.execute(_MOVE, {"old": kept(token), "since": since, "hash": new})
                mine = {"token": new, "person": user_id}
                seen = await connection.execute(_SEEN, {**mine, "last_seen": now, "agent": agent})
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
            await connection.execute(_FORGET_MOST, {"person": user_id})
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
