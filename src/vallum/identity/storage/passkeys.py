"""Passkeys of people: what is kept of a WebAuthn credential (WebAuthn L3 §4, credential record)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import and_, delete, or_, select, update

from vallum.core.ports import Clock
from vallum.identity.storage.database import Database, insert_new
from vallum.identity.storage.tables import PASSKEYS

MOST_OF_ONE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One credential of one person. Nothing of it is secret."""

    credential_id: bytes
    user_id: str
    name: str
    public_key: bytes
    """COSE."""
    sign_count: int
    backup_eligible: bool
    """Whether it may be copied to the person's other devices (BE); never changes."""
    backed_up: bool
    transports: tuple[str, ...]
    created: float
    last_used: float | None


class Passkeys:
    """The passkeys of all people."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, passkey: Passkey) -> bool:
        """Keep a new one; False where somebody has it already (L3 §7.1 step 26; atomic)."""
        values = {name: getattr(passkey, name) for name in Passkey.__slots__}
        values["transports"] = orjson.dumps(passkey.transports).decode()
        async with self._database.write() as connection:
            return await insert_new(connection, PASSKEYS, values)

    async def get(self, credential_id: bytes) -> Passkey | None:
        """The one with this id, whoever's it is."""
        statement = select(PASSKEYS).where(PASSKEYS.c.credential_id == credential_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _passkey(row)

    async def of_user(self, user_id: str) -> list[Passkey]:
        """Those of a person, oldest first."""
        statement = (
            select(PASSKEYS).where(PASSKEYS.c.user_id == user_id).order_by(PASSKEYS.c.created)
        )
        async with self._database.read() as connection:
            return [_passkey(row) for row in (await connection.execute(statement)).all()]

    async def used(self, credential_id: bytes, sign_count: int, *, backed_up: bool) -> bool:
        """Note a use; False where the counter did not go on: a copy may be about (B-241).

        L3 §6.1.1: authenticators that do not count say 0, always.
        """
        goes_on = or_(
            PASSKEYS.c.sign_count < sign_count,
            and_(PASSKEYS.c.sign_count == 0, sign_count == 0),  # type: ignore[arg-type]
        )
        statement = (
            update(PASSKEYS)
            .where(PASSKEYS.c.credential_id == credential_id, goes_on)
            .values(sign_count=sign_count, backed_up=backed_up, last_used=self._clock())
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def rename(self, user_id: str, credential_id: bytes, name: str) -> bool:
        """Another name; False where it is not this person's."""
        statement = update(PASSKEYS).where(*_mine(user_id, credential_id)).values(name=name)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def remove(self, user_id: str, credential_id: bytes) -> bool:
        """Take it away; False where it is not this person's."""
        statement = delete(PASSKEYS).where(*_mine(user_id, credential_id))
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _mine(user_id: str, credential_id: bytes) -> tuple[Any, Any]:
    return (PASSKEYS.c.credential_id == credential_id, PASSKEYS.c.user_id == user_id)


def _passkey(row: Any) -> Passkey:
    values = {name: getattr(row, name) for name in Passkey.__slots__}
    values["transports"] = tuple(orjson.loads(values["transports"]))
    return Passkey(**values)
