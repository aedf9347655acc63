"""The provider's signing keys: made, announced, used, withdrawn, by the calendar or at once.

created ── announced ── signs ──────────────── only verifies ── gone
        key_announce        key_rotation         the last token's life
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.config.provider import IdentitySettings
from vallum.core.ports import Clock
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.once import first_time
from vallum.identity.storage.tables import SIGNING_KEYS
from vallum.tokens.signing import Signer, new_private_jwk
from vallum.vault.sealing import Sealer

_MARGIN_SECONDS: Final = 300.0
"""A key verifies for so long after the life of its last token: clocks differ, requests run."""


SPREAD_SECONDS: Final = 10.0
"""A key that was not announced by the calendar is known for so long before it signs: workers and
other nodes read the keys within a second or two, and must never see a token before its key."""


class KeyStatus(NamedTuple):
    """A key as an operator sees it."""

    kid: str
    algorithm: str
    signs_from: float
    signs_until: float
    expires: float


class SigningKeys:
    """Signs with the present key and knows which keys others must trust."""

    def __init__(
        self, database: Database, sealer: Sealer, clock: Clock, settings: IdentitySettings
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._settings = settings
        self._signers: dict[str, Signer] = {}
        self._rows: Sequence[KeyStatus] = ()
        self.jwks: bytes = b'{"keys":[]}'
        """The public keys, as a JWK Set."""

    def signer(self) -> Signer:
        """The key that signs now.

        Raises:
            RuntimeError: `maintain` never ran.
        """
        now = self._clock()
        signing = [row for row in self._rows if row.signs_from <= now < row.signs_until]
        if not signing:
            raise RuntimeError("there is no signing key; `maintain` makes one")
        return self._signers[max(signing, key=lambda row: row.signs_from).kid]

    def status(self) -> Sequence[KeyStatus]:
        """The keys that others must trust now."""
        return self._rows

    async def maintain(self) -> bool:
        """Make keys that will be needed, take in what other nodes did; whether the set changed.

        Call it at the start and every few seconds.
        """
        now = self._clock()
        await self._load(now)
        if self._rows and not self._signs(now):
            # The key that signed was withdrawn: the announced one begins early.
            async with self._database.write() as connection:
                await connection.execute(
                    update(SIGNING_KEYS)
                    .where(SIGNING_KEYS.c.signs_from > now, SIGNING_KEYS.c.revoked.is_(None))
                    .values(signs_from=now)
                )
            await self._load(now)
        newest = max((row.signs_until for row in self._rows), default=0.0)
        if newest - self._settings.key_announce <= now:
            # Two nodes with one calendar must not make two keys: one is first.
            if await self._make(now, max(newest, now)):
                await self._load(now)
            elif not self._signs(now):
                await asyncio.sleep(0.05)
                await self._load(now)
        published = orjson.dumps(
            {"keys": [self._signers[row.kid].public_jwk for row in self._rows]}
        )
        changed, self.jwks = published != self.jwks, published
        return changed

    async def rotate(self) -> str:
        """Sign with a new key in `SPREAD_SECONDS`; the old ones go on verifying. Its `kid`."""
        now = self._clock()
        begins = now + SPREAD_SECONDS
        async with self._database.write() as connection:
            await connection.execute(
                update(SIGNING_KEYS)
                .where(SIGNING_KEYS.c.signs_until > now)
                .values(signs_until=begins, expires=begins + self._verifies_for())
            )
            kid = await self._insert(connection, now, begins)
        await self.maintain()
        return kid

    async def revoke(self, kid: str) -> bool:
        """Withdraw a key at once: its tokens are worth nothing. False where there is none."""
        now = self._clock()
        async with self._database.write() as connection:
            result = await connection.execute(
                update(SIGNING_KEYS)
                .where(SIGNING_KEYS.c.kid == kid, SIGNING_KEYS.c.revoked.is_(None))
                .values(revoked=now, signs_until=now)
            )
        await self.maintain()
        return result.rowcount == 1

    def _signs(self, now: float) -> bool:
        return any(row.signs_from <= now < row.signs_until for row in self._rows)

    def _verifies_for(self) -> float:
        return max(self._settings.token_life, self._settings.id_token_life) + _MARGIN_SECONDS

    async def _make(self, now: float, signs_from: float) -> bool:
        async with self._database.write() as connection:
            counted = select(func.count()).select_from(SIGNING_KEYS)
            number = str((await connection.execute(counted)).scalar_one())
            if not await first_time(
                connection, "signing key", number, until=signs_from + 120, now=now
            ):
                return False
            await self._insert(connection, now, signs_from)
        return True

    async def _insert(self, connection: AsyncConnection, now: float, signs_from: float) -> str:
        algorithm = self._settings.algorithm
        private = new_private_jwk(algorithm, token_hex(8))
        signs_until = signs_from + self._settings.key_rotation
        values: dict[str, Any] = {
            "kid": private["kid"],
            "algorithm": algorithm,
            "public_jwk": orjson.dumps(Signer(private).public_jwk).decode(),
            "private_sealed": self._sealer.seal(orjson.dumps(private), _place(private["kid"])),
            "created": now,
            "signs_from": signs_from,
            "signs_until": signs_until,
            "expires": signs_until + self._verifies_for(),
        }
        await insert_row(connection, SIGNING_KEYS, values)
        return str(private["kid"])

    async def _load(self, now: float) -> None:
        statement = (
            select(SIGNING_KEYS)
            .where(SIGNING_KEYS.c.expires > now, SIGNING_KEYS.c.revoked.is_(None))
            .order_by(SIGNING_KEYS.c.signs_from)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        self._signers = {
            row.kid: self._signers.get(row.kid)
            or Signer(orjson.loads(self._sealer.open(row.private_sealed, _place(row.kid))))
            for row in rows
        }
        self._rows = [
            KeyStatus(row.kid, row.algorithm, row.signs_from, row.signs_until, row.expires)
            for row in rows
        ]


def _place(kid: str) -> str:
    return f"signing_keys.private/{kid}"
