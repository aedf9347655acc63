"""Authorization codes: for one client, one key, one use and one minute (OAuth 2.1 §4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.config.provider import IdentitySettings
from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.allowances import Allowance, allowance_of
from vallum.identity.storage.database import Database, insert_new, insert_row
from vallum.identity.storage.events import Events
from vallum.identity.storage.tables import CHALLENGES, CODES

_CHALLENGE_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a code stands for."""

    allowance: Allowance
    redirect_uri: str
    """Where the code is sent; the client must name it again if it names one."""
    challenge: str
    """Of PKCE, S256 (RFC 7636 §4.2)."""
    nonce: str | None = None
    """For the ID token."""
    jkt: str | None = None
    """The DPoP key that the code is bound to (RFC 9449 §10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """A code that somebody brought; `code.allowance` is not to be believed before its checks."""

    code: Code
    hash: bytes
    expires: float
    used: bool


_LOOK: Final = select(CODES).where(CODES.c.hash == bindparam("code"))
_USE: Final = update(CODES).where(CODES.c.hash == bindparam("code"), CODES.c.used.is_(None))


class Codes:
    """All codes. Only their hashes are kept."""

    def __init__(
        self, database: Database, clock: Clock, settings: IdentitySettings, events: Events
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._events = events

    async def issue(self, code: Code) -> str:
        """A new code, to be sent to `redirect_uri` and nowhere else.

        A challenge that the client used within 24 hours raises an alert (B-165).
        """
        text, now = new_token(), self._clock()
        client_id = code.allowance.client_id
        values = code.allowance.row() | {
            "hash": kept(text),
            "redirect_uri": code.redirect_uri,
            "challenge": code.challenge,
            "nonce": code.nonce,
            "jkt": code.jkt,
            "expires": now + self._settings.code_life,
        }
        seen = {
            "hash": kept(f"{client_id}\0{code.challenge}"),
            "until": now + _CHALLENGE_SECONDS,
        }
        async with self._database.write() as connection:
            await connection.execute(
                delete(CHALLENGES).where(
                    CHALLENGES.c.hash == seen["hash"], CHALLENGES.c.until < now
                )
            )
            await insert_row(connection, CODES, values)
            is_new = await insert_new(connection, CHALLENGES, seen)
        if not is_new:
            await self._events.record(
                "pkce.challenge-reused",
                user_id=code.allowance.user_id,
                client_id=client_id,
                actor=f"client:{client_id}",
                alert=True,
            )
        return text

    async def look(self, text: str) -> IssuedCode | None:
        """The code, used or expired as it may be; does not use it."""
        digest = kept(text)
        async with self._database.read() as connection:
            row = (await connection.execute(_LOOK, {"code": digest})).one_or_none()
        if row is None:
            return None
        code = Code(
            allowance=allowance_of(row),
            redirect_uri=row.redirect_uri,
            challenge=row.challenge,
            nonce=row.nonce,
            jkt=row.jkt,
        )
        return IssuedCode(code=code, hash=digest, expires=row.expires, used=row.used is not None)


async def use_code(connection: AsyncConnection, digest: bytes, now: float) -> bool:
    """Use a code up; False where another request was faster.

    INVARIANT: in the transaction that keeps what the code leads to. Whoever brings the code a
    second time waits for it here, and then finds everything that must be revoked (B-159).
    """
    result = await connection.execute(_USE, {"code": digest, "used": now})
    return result.rowcount == 1
