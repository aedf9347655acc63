"""Recovery codes: ten for each person who has a second factor, each good once (B-235)."""

from __future__ import annotations

import hmac
from hashlib import sha256

from sqlalchemy import delete, func, insert, select, update

from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.people.recovery import canonical_code, new_codes
from vallum.identity.secrets import new_id
from vallum.identity.storage.database import Database
from vallum.identity.storage.tables import RECOVERY_CODES


class RecoveryCodes:
    """The recovery codes of all people, kept as HMACs under a key outside of the database."""

    def __init__(self, database: Database, clock: Clock, key: Secret) -> None:
        self._database = database
        self._clock = clock
        self._key = key

    async def make(self, user_id: str) -> tuple[str, ...]:
        """Ten new codes, to be shown this once; the old ones are void."""
        codes, now = new_codes(), self._clock()
        rows = [
            {
                "id": new_id("recovery"),
                "user_id": user_id,
                "hash": self._kept(user_id, canonical_code(code) or ""),
                "created": now,
            }
            for code in codes
        ]
        async with self._database.write() as connection:
            await connection.execute(
                delete(RECOVERY_CODES).where(RECOVERY_CODES.c.user_id == user_id)
            )
            await connection.execute(insert(RECOVERY_CODES), rows)
        return codes

    async def use(self, user_id: str, typed: str) -> bool:
        """Use a code up; False where it is none, or another request was faster."""
        code = canonical_code(typed)
        if code is None:
            return False
        statement = (
            update(RECOVERY_CODES)
            .where(
                RECOVERY_CODES.c.user_id == user_id,
                RECOVERY_CODES.c.hash == self._kept(user_id, code),
                RECOVERY_CODES.c.used.is_(None),
            )
            .values(used=self._clock())
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def left(self, user_id: str) -> int:
        """How many a person can still use."""
        statement = select(func.count()).where(
            RECOVERY_CODES.c.user_id == user_id, RECOVERY_CODES.c.used.is_(None)
        )
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def void(self, user_id: str) -> None:
        """Take them all away: there is nothing left that they stand in for."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(RECOVERY_CODES).where(RECOVERY_CODES.c.user_id == user_id)
            )

    def _kept(self, user_id: str, code: str) -> bytes:
        return hmac.digest(self._key.reveal(), f"{user_id}\0{code}".encode(), sha256)
