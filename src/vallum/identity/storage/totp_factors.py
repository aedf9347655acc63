"""Authenticator applications of people: their seeds, sealed, and the last code of each (AN-10)."""

from __future__ import annotations

from secrets import token_bytes
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, select, update

from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.people.totp import SEED_BYTES, matching_step
from vallum.identity.secrets import new_id
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import TOTP_FACTORS
from vallum.vault.sealing import Sealer

CONFIRM_SECONDS: Final = 900.0
"""A new seed that nobody has confirmed for so long is none."""
MOST_OF_ONE: Final = 10


class TotpFactor(NamedTuple):
    """One application of a person; its seed stays here."""

    id: str
    name: str
    created: float
    last_used: float | None


class TotpFactors:
    """The authenticator applications of all people."""

    def __init__(self, database: Database, clock: Clock, sealer: Sealer) -> None:
        self._database = database
        self._clock = clock
        self._sealer = sealer

    async def begin(self, user_id: str, name: str) -> tuple[str, Secret]:
        """A new seed, to be shown this once; it counts as soon as a code of it was typed.

        What the person began before and never confirmed is dropped.
        """
        factor_id, seed = new_id("totp"), token_bytes(SEED_BYTES)
        async with self._database.write() as connection:
            await connection.execute(
                delete(TOTP_FACTORS).where(
                    TOTP_FACTORS.c.user_id == user_id, TOTP_FACTORS.c.confirmed.is_(None)
                )
            )
            await insert_row(
                connection,
                TOTP_FACTORS,
                {
                    "id": factor_id,
                    "user_id": user_id,
                    "name": name,
                    "seed_sealed": self._sealer.seal(seed, _place(factor_id)),
                    "created": self._clock(),
                },
            )
        return factor_id, Secret(seed)

    async def pending(self, user_id: str, factor_id: str) -> bool:
        """Whether a person has begun this factor and may still confirm it."""
        return bool(await self._rows(*self._pending(user_id, factor_id)))

    async def confirm(self, user_id: str, factor_id: str, typed: str) -> bool:
        """Take a new seed into use with a code of it; False where the code is wrong."""
        which = self._pending(user_id, factor_id)
        return (
            await self._take(await self._rows(*which), typed, confirmed=self._clock()) is not None
        )

    async def verify(self, user_id: str, typed: str) -> str | None:
        """The id of the factor whose code this is; None where it is nobody's, or was used.

        Of two requests with the same code one is right (B-231).
        """
        which = (TOTP_FACTORS.c.user_id == user_id, TOTP_FACTORS.c.confirmed.is_not(None))
        return await self._take(await self._rows(*which), typed, last_used=self._clock())

    async def of_user(self, user_id: str) -> list[TotpFactor]:
        """The confirmed ones of a person, oldest first."""
        rows = await self._rows(
            TOTP_FACTORS.c.user_id == user_id, TOTP_FACTORS.c.confirmed.is_not(None)
        )
        return [TotpFactor(row.id, row.name, row.created, row.last_used) for row in rows]

    async def count(self, user_id: str) -> int:
        """How many a person has confirmed."""
        statement = select(func.count()).where(
            TOTP_FACTORS.c.user_id == user_id, TOTP_FACTORS.c.confirmed.is_not(None)
        )
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def rename(self, user_id: str, factor_id: str, name: str) -> bool:
        """Another name; False where it is not this person's."""
        statement = update(TOTP_FACTORS).where(*_mine(user_id, factor_id)).values(name=name)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def remove(self, user_id: str, factor_id: str) -> bool:
        """Take it away; False where it is not this person's."""
        statement = delete(TOTP_FACTORS).where(*_mine(user_id, factor_id))
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    def _pending(self, user_id: str, factor_id: str) -> tuple[Any, ...]:
        return (
            *(TOTP_FACTORS.c.id == factor_id, TOTP_FACTORS.c.user_id == user_id),
            *(
                TOTP_FACTORS.c.confirmed.is_(None),
                TOTP_FACTORS.c.created > self._clock() - CONFIRM_SECONDS,
            ),
        )

    async def _rows(self, *which: Any) -> list[Any]:
        statement = select(TOTP_FACTORS).where(*which).order_by(TOTP_FACTORS.c.created)
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).all())

    async def _take(self, rows: list[Any], typed: str, **changes: float) -> str | None:
        now = self._clock()
        for row in rows:
            seed = self._sealer.open(row.seed_sealed, _place(row.id))
            step = matching_step(seed, typed, now, after=row.last_step)
            if step is not None and await self._use(row.id, step, changes):
                return str(row.id)
        return None

    async def _use(self, factor_id: str, step: int, changes: dict[str, float]) -> bool:
        statement = (
            update(TOTP_FACTORS)
            .where(TOTP_FACTORS.c.id == factor_id, TOTP_FACTORS.c.last_step < step)
            .values(last_step=step, **changes)
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _mine(user_id: str, factor_id: str) -> tuple[Any, ...]:
    return (
        TOTP_FACTORS.c.id == factor_id,
        TOTP_FACTORS.c.user_id == user_id,
        TOTP_FACTORS.c.confirmed.is_not(None),
    )


def _place(factor_id: str) -> str:
    return f"totp_factors.seed/{factor_id}"
