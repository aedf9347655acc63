"""Refresh tokens: chains of single-use secrets, one chain for each sign-in on each device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.config.provider import IdentitySettings
from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.allowances import Allowance, allowance_of
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import REFRESH_TOKENS
from vallum.vault.sealing import Sealer

GRACE_SECONDS: Final = 10.0
"""A holder of the same key that asks again so soon gets the same successor (B-174)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token that somebody brought; not to be believed before its checks."""

    hash: bytes
    family: str
    allowance: Allowance
    jkt: str | None
    """The key of the proofs that must come with it."""
    x5t: str | None
    """The certificate of the connections that it must come on."""
    expires: float
    """Unless it is used before."""
    ends: float
    """At the latest; the same for the whole family."""
    used: float | None
    revoked: float | None
    successor_sealed: bytes | None

    @property
    def is_bound(self) -> bool:
        """Whether only the holder of a key can use it."""
        return self.jkt is not None or self.x5t is not None


_LOOK: Final = select(REFRESH_TOKENS).where(REFRESH_TOKENS.c.hash == bindparam("token"))
_TAKE: Final = update(REFRESH_TOKENS).where(
    REFRESH_TOKENS.c.hash == bindparam("token"),
    REFRESH_TOKENS.c.used.is_(None),
    REFRESH_TOKENS.c.revoked.is_(None),
)


class RefreshTokens:
    """All refresh tokens. Only their hashes are kept, and for ten seconds, sealed, the next."""

    def __init__(
        self, database: Database, clock: Clock, settings: IdentitySettings, sealer: Sealer
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._sealer = sealer

    async def look(self, text: str) -> RefreshToken | None:
        """The token, in whatever state; does not use it."""
        async with self._database.read() as connection:
            row = (await connection.execute(_LOOK, {"token": kept(text)})).one_or_none()
        return None if row is None else _token(row)

    async def begin(
        self,
        connection: AsyncConnection,
        allowance: Allowance,
        *,
        family: str,
        jkt: str | None,
        x5t: str | None,
    ) -> str:
        """The first token of a family."""
        now = self._clock()
        ends = now + self._settings.refresh_life
        return await self._insert(connection, allowance, family, jkt, x5t, ends)

    async def rotate(self, connection: AsyncConnection, token: RefreshToken) -> str | None:
        """Use a token up for its successor; None where another request was faster.

        INVARIANT: in one transaction, so that a chain never has two living ends.
        """
        successor = new_token()
        sealed = None
        if token.is_bound:
            sealed = self._sealer.seal(successor.encode("ascii"), _place(token.hash))
        values = {"used": self._clock(), "successor_sealed": sealed}
        if not await self._take(connection, token, values):
            return None
        return await self._insert(
            connection,
            token.allowance,
            token.family,
            token.jkt,
            token.x5t,
            token.ends,
            text=successor,
        )

    async def prolong(self, connection: AsyncConnection, token: RefreshToken) -> bool:
        """Note the use of a token that is not rotated; False where it has ended meanwhile."""
        return await self._take(connection, token, {"expires": self._expiry(token.ends)})

    def successor(self, token: RefreshToken) -> str | None:
        """What a token that was used a moment ago was replaced by; None where that is over."""
        if (
            token.successor_sealed is None
            or token.used is None
            or not 0.0 <= self._clock() - token.used <= GRACE_SECONDS
        ):
            return None
        return self._sealer.open(token.successor_sealed, _place(token.hash)).decode("ascii")

    async def _take(
        self, connection: AsyncConnection, token: RefreshToken, values: dict[str, Any]
    ) -> bool:
        result = await connection.execute(_TAKE, {"token": token.hash, **values})
        return result.rowcount == 1

    async def _insert(
        self,
        connection: AsyncConnection,
        allowance: Allowance,
        family: str,
        jkt: str | None,
        x5t: str | None,
        ends: float,
        *,
        text: str | None = None,
    ) -> str:
        text = text or new_token()
        values = allowance.row() | {
            "hash": kept(text),
            "family": family,
            "jkt": jkt,
            "x5t": x5t,
            "created": self._clock(),
            "expires": self._expiry(ends),
            "ends": ends,
        }
        await insert_row(connection, REFRESH_TOKENS, values)
        return text

    def _expiry(self, ends: float) -> float:
        return min(self._clock() + self._settings.refresh_idle, ends)


def _token(row: Any) -> RefreshToken:
    return RefreshToken(
        hash=row.hash,
        family=row.family,
        allowance=allowance_of(row),
        jkt=row.jkt,
        x5t=row.x5t,
        expires=row.expires,
        ends=row.ends,
        used=row.used,
        revoked=row.revoked,
        successor_sealed=row.successor_sealed,
    )


def _place(digest: bytes) -> str:
    return f"refresh_tokens.successor/{digest.hex()}"
