"""Sessions of people in browsers (AN-9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import bindparam, select, update

from vallum.config.provider import TWO_FACTORS, IdentitySettings
from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_id, new_token
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import SESSION_CLIENTS, SESSIONS, USERS

_TOUCH_SECONDS: Final = 30.0
"""A session's last use is written at most so often."""

ACR_ONE: Final = "urn:vallum:acr:1"
ACR_TWO: Final = TWO_FACTORS
"""What `acr` says: one factor, or two (a passkey with user verification counts as two)."""


class Session(NamedTuple):
    """A person who is signed in."""

    id: str
    """May be shown and logged; the `sid` of tokens."""
    user_id: str
    amr: tuple[str, ...]
    authenticated: float
    created: float
    last_seen: float
    expires: float
    address: str
    agent: str

    @property
    def acr(self) -> str:
        """The authentication context class."""
        return acr_of(self.amr)


def acr_of(amr: Sequence[str]) -> str:
    """The authentication context class that these methods reach together."""
    return ACR_TWO if "mfa" in amr else ACR_ONE


_LIVING: Final = (
    select(SESSIONS)
    .join(USERS, USERS.c.id == SESSIONS.c.user_id)
    .where(
        SESSIONS.c.hash == bindparam("token"),
        SESSIONS.c.ended.is_(None),
        SESSIONS.c.expires > bindparam("now"),
        SESSIONS.c.last_seen > bindparam("used"),
        USERS.c.disabled.is_(None),
    )
)


class Sessions:
    """The sessions of all people."""

    def __init__(self, database: Database, clock: Clock, settings: IdentitySettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def begin(
        self, user_id: str, amr: Sequence[str], *, address: str, agent: str
    ) -> tuple[str, Session]:
        """Start a session; the cookie's value and the session.

        Always a new identifier, whatever the browser sent before (B-227).
        """
        token, now = new_token(), self._clock()
        session = Session(
            new_id("session"),
            user_id,
            tuple(amr),
            now,
            now,
            now,
            now + self._settings.session_life,
            address,
            agent[:200],
        )
        values = session._asdict() | {"hash": kept(token), "amr": orjson.dumps(amr).decode()}
        async with self._database.write() as connection:
            await insert_row(connection, SESSIONS, values)
        return token, session

    async def renew(
        self, token: str, user_id: str, amr: Sequence[str], *, address: str, agent: str
    ) -> tuple[str, Session] | None:
        """Go on with a person's session after another sign-in; None where it has ended.

        The cookie's value is a new one (B-227); the `id` stays, and with it what hangs on it.
        """
        session = await self.find(token)
        if session is None or session.user_id != user_id:
            return None
        fresh, now = new_token(), self._clock()
        changed = session._replace(
            amr=tuple(amr),
            authenticated=now,
            last_seen=now,
            expires=now + self._settings.session_life,
            address=address,
            agent=agent[:200],
        )
        values = changed._asdict() | {"hash": kept(fresh), "amr": orjson.dumps(amr).decode()}
        async with self._database.write() as connection:
            result = await connection.execute(
                update(SESSIONS)
                .where(SESSIONS.c.hash == kept(token), SESSIONS.c.ended.is_(None))
                .values(**values)
            )
            if result.rowcount != 1:
                return None
            # Applications hear of its end as long as it can end.
            longer = changed.expires - session.expires
            await connection.execute(
                update(SESSION_CLIENTS)
                .where(SESSION_CLIENTS.c.session_id == session.id)
                .values(until=SESSION_CLIENTS.c.until + longer)
            )
        return fresh, changed

    async def find(self, token: str) -> Session | None:
        """The session of a cookie's value, while it lives and its person may sign in."""
        now = self._clock()
        values = {"token": kept(token), "now": now, "used": now - self._settings.session_idle}
        async with self._database.read() as connection:
            row = (await connection.execute(_LIVING, values)).one_or_none()
        if row is None:
            return None
        if now - row.last_seen > _TOUCH_SECONDS:
            await self._touch(kept(token), now)
        return _session(row)

    async def _touch(self, digest: bytes, now: float) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(SESSIONS).where(SESSIONS.c.hash == digest).values(last_seen=now)
            )

    async def of_user(self, user_id: str) -> list[Session]:
        """The living sessions of a person, latest use first."""
        now = self._clock()
        statement = (
            select(SESSIONS)
            .where(
                SESSIONS.c.user_id == user_id,
                SESSIONS.c.ended.is_(None),
                SESSIONS.c.expires > now,
                SESSIONS.c.last_seen > now - self._settings.session_idle,
            )
            .order_by(SESSIONS.c.last_seen.desc())
        )
        async with self._database.read() as connection:
            return [_session(row) for row in (await connection.execute(statement)).all()]


def _session(row: Any) -> Session:
    return Session(
        row.id,
        row.user_id,
        tuple(orjson.loads(row.amr)),
        row.authenticated,
        row.created,
        row.last_seen,
        row.expires,
        row.address,
        row.agent,
    )
