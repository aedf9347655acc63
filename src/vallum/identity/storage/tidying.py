"""What is over by itself, deleted now and then: no request waits for that."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete

from vallum.identity.storage.database import Database
from vallum.identity.storage.devices import KEEP_SECONDS
from vallum.identity.storage.tables import (
    ACCESS_TOKENS,
    CHALLENGES,
    CODES,
    DEVICES,
    REFRESH_TOKENS,
    SESSIONS,
)

_DAY: Final = 86_400.0

_ENDS: Final = (
    (SESSIONS.c.expires, _DAY),
    (DEVICES.c.last_seen, KEEP_SECONDS),
    # To know a code or token again that somebody brings after its end.
    (CODES.c.expires, 3600.0),
    (REFRESH_TOKENS.c.expires, _DAY),
    (ACCESS_TOKENS.c.expires, 3600.0),
    (CHALLENGES.c.until, 0.0),
)
"""When a row is over, and how many seconds later it is of no use to anybody."""


async def forget_ended(database: Database, now: float) -> None:
    """Delete what ended long enough ago, one table after another: nobody waits for all."""
    for column, more in _ENDS:
        async with database.write() as connection:
            await connection.execute(delete(column.table).where(column < now - more))
