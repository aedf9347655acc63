"""Device codes (RFC 8628): what waits until its person has confirmed it elsewhere."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

import orjson
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.config.provider import IdentitySettings
from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.allowances import Allowance, allowance_of
from vallum.identity.storage.clients import Client
from vallum.identity.storage.database import Database, insert_new
from vallum.identity.storage.tables import DEVICE_CODES

INTERVAL: Final = 5.0
"""Seconds between two questions of a device (RFC 8628 §3.2); as many more for each too early."""

# RFC 8628 §6.1: no vowels, so no words; nothing that looks like something else.
ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
_HALF: Final = 4

Status = Literal["pending", "approved", "denied", "used"]


class NewDevice(NamedTuple):
    """What a device is told."""

    device_code: str
    user_code: str
    """`XXXX-XXXX`: 34 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A device that waits for its person."""

    hash: bytes
    client_id: str
    client_version: int
    """The version of the client that asked."""
    scopes: tuple[str, ...]
    resource: str
    address: str
    """Where the device asked from."""
    status: Status
    jkt: str | None
    expires: float
    allowance: Allowance | None
    """Once it was approved."""


class DeviceCodes:
    """All devices that wait. Codes are kept as hashes; the short ones under a key."""

    def __init__(
        self, database: Database, clock: Clock, settings: IdentitySettings, key: Secret
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._key = key

    async def issue(
        self,
        client: Client,
        *,
        scopes: tuple[str, ...],
        resource: str,
        address: str,
        jkt: str | None,
    ) -> NewDevice:
        """New codes for a device."""
        now = self._clock()
        async with self._database.write() as connection:
            await connection.execute(
                delete(DEVICE_CODES).where(DEVICE_CODES.c.expires < now - 3600.0)
            )
            while True:
                new = NewDevice(new_token(), _new_user_code())
                values = {
                    "hash": kept(new.device_code),
                    "user_code_hash": self._hash(new.user_code),
                    "client_id": client.id,
                    "client_version": client.version,
                    "scopes": orjson.dumps(sorted(scopes)).decode(),
                    "resource": resource,
                    "address": address,
                    "interval": INTERVAL,
                    "jkt": jkt,
                    "expires": now + self._settings.device_code_life,
                }
                if await insert_new(connection, DEVICE_CODES, values):
                    return new

    async def by_device_code(self, text: str) -> Waiting | None:
        """The device that holds this code."""
        return await self._one(DEVICE_CODES.c.hash == kept(text))

    async def by_user_code(self, text: str) -> Waiting | None:
        """The device that shows this code, while somebody may still confirm it."""
        found = await self._one(DEVICE_CODES.c.user_code_hash == self._hash(text))
        if found is None or found.status != "pending" or found.expires <= self._clock():
            return None
        return found

    async def poll(self, waiting: Waiting) -> bool:
        """Note that the device asks; False where it asks too early: it must wait longer now."""
        now = self._clock()
        mine = DEVICE_CODES.c.hash == waiting.hash
        in_time = or_(
            DEVICE_CODES.c.polled.is_(None),
            DEVICE_CODES.c.polled + DEVICE_CODES.c.interval <= now,
        )
        async with self._database.write() as connection:
            result = await connection.execute(
                update(DEVICE_CODES).where(mine, in_time).values(polled=now)
            )
            if result.rowcount == 1:
                return True
            # RFC 8628 §3.5: the interval MUST be increased by 5 seconds for all later requests.
            await connection.execute(
                update(DEVICE_CODES)
                .where(mine)
                .values(polled=now, interval=DEVICE_CODES.c.interval + INTERVAL)
            )
        return False

    async def approve(self, waiting: Waiting, allowance: Allowance) -> bool:
        """A person has said yes; False where somebody has answered already."""
        return await self._answer(
            waiting,
            {
                "status": "approved",
                "user_id": allowance.user_id,
                "session_id": allowance.session_id,
                "grant_id": allowance.grant_id,
                "amr": orjson.dumps(allowance.amr).decode(),
                "authenticated": allowance.authenticated,
            },
        )

    async def deny(self, waiting: Waiting) -> bool:
        """A person has said no; False where somebody has answered already."""
        return await self._answer(waiting, {"status": "denied"})

    async def _answer(self, waiting: Waiting, values: dict[str, Any]) -> bool:
        async with self._database.write() as connection:
            result = await connection.execute(
                update(DEVICE_CODES)
                .where(
                    DEVICE_CODES.c.hash == waiting.hash,
                    DEVICE_CODES.c.status == "pending",
                    DEVICE_CODES.c.expires > self._clock(),
                )
                .values(**values)
            )
        return result.rowcount == 1

    async def _one(self, which: Any) -> Waiting | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(DEVICE_CODES).where(which))).one_or_none()
        return None if row is None else _waiting(row)

    def _hash(self, user_code: str) -> bytes:
        # A code has 34 bits only: without the key, a copied database would tell it.
        return hmac.digest(self._key.reveal(), plain(user_code).encode("utf-8", "replace"), sha256)


async def use_device_code(connection: AsyncConnection, digest: bytes) -> bool:
    """Use an approved code up; False where another request was faster."""
    result = await connection.execute(
        update(DEVICE_CODES)
        .where(DEVICE_CODES.c.hash == digest, DEVICE_CODES.c.status == "approved")
        .values(status="used")
    )
    return result.rowcount == 1


def plain(user_code: str) -> str:
    """What somebody typed, as it is compared: without blanks and hyphens, in upper case."""
    return "".join(each for each in user_code[:64].upper() if each not in " -")


def _new_user_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def _waiting(row: Any) -> Waiting:
    approved = row.status in ("approved", "used") and row.user_id is not None
    return Waiting(
        hash=row.hash,
        client_id=row.client_id,
        client_version=row.client_version,
        scopes=tuple(orjson.loads(row.scopes)),
        resource=row.resource,
        address=row.address,
        status=row.status,
        jkt=row.jkt,
        expires=row.expires,
        allowance=allowance_of(row) if approved else None,
    )
