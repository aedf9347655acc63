"""What happened, for the people concerned, for operators and for alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import delete, select

from vallum.core.ports import Clock
from vallum.identity.secrets import new_id
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import EVENTS

KEEP_SECONDS: Final = 90 * 86_400.0


class Event(NamedTuple):
    """One thing that happened. Never holds a secret."""

    at: float
    kind: str
    """Dotted, such as `sign-in.ok`."""
    user_id: str | None
    client_id: str | None
    actor: str
    """Who did it: `user:…`, `client:…`, `operator`, or empty for somebody unknown."""
    address: str
    details: Mapping[str, Any]
    alert: bool = False
    """Whether an operator should look at once."""


Sink = Callable[[Event], None]


class Events:
    """Keeps events in the database and passes each on to the records."""

    def __init__(self, database: Database, clock: Clock, sink: Sink) -> None:
        """
        Args:
            database: where people find their own.
            clock: Unix seconds.
            sink: the records of the deployment; called with each event.
        """
        self._database = database
        self._clock = clock
        self._sink = sink

    async def record(
        self,
        kind: str,
        *,
        user_id: str | None = None,
        client_id: str | None = None,
        actor: str = "",
        address: str = "",
        alert: bool = False,
        **details: str | float | bool | None,
    ) -> None:
        """Keep what happened. `details` must hold nothing secret and nothing unbounded."""
        event = Event(
            self._clock(), kind, user_id, client_id, actor, address, _bounded(details), alert
        )
        self._sink(event)
        async with self._database.write() as connection:
            await insert_row(
                connection,
                EVENTS,
                {
                    "id": new_id("event"),
                    "at": event.at,
                    "kind": kind,
                    "user_id": user_id,
                    "client_id": client_id,
                    "actor": actor,
                    "address": address,
                    "details": orjson.dumps(event.details).decode(),
                },
            )

    def tell(
        self,
        kind: str,
        *,
        user_id: str | None = None,
        client_id: str | None = None,
        actor: str = "",
        address: str = "",
        alert: bool = False,
        **details: str | float | bool | None,
    ) -> None:
        """Pass on to the records what happens all the time, or whenever a stranger likes; the
        database does not keep it. Like `record` otherwise."""
        bounded = _bounded(details)
        self._sink(Event(self._clock(), kind, user_id, client_id, actor, address, bounded, alert))

    async def of_user(self, user_id: str, most: int = 50) -> Sequence[Event]:
        """The latest events of a person, newest first."""
        statement = (
            select(EVENTS)
            .where(EVENTS.c.user_id == user_id)
            .order_by(EVENTS.c.at.desc())
            .limit(most)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            Event(
                row.at,
                row.kind,
                row.user_id,
                row.client_id,
                row.actor,
                row.address,
                orjson.loads(row.details),
            )
            for row in rows
        ]

    async def forget_old(self) -> None:
        """Delete events that are older than 90 days; the records keep their own time."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(EVENTS).where(EVENTS.c.at < self._clock() - KEEP_SECONDS)
            )


def _bounded(details: Mapping[str, str | float | bool | None]) -> dict[str, Any]:
    return {
        name: value[:200] if isinstance(value, str) else value for name, value in details.items()
    }
