"""Databases that an older Vallum made, brought up to the tables of this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.storage.tables import SCHEMA, SCHEMA_VERSION

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    2: (
        "ALTER TABLE access_tokens ADD COLUMN parent_id TEXT",
        "CREATE INDEX ix_access_tokens_parent_id ON access_tokens (parent_id)",
        "ALTER TABLE device_codes ADD COLUMN client_version INTEGER NOT NULL DEFAULT 0",
    ),
}
"""What each version changed in tables that were there; SQLite and PostgreSQL say it alike."""


async def upgrade(connection: AsyncConnection, found: int) -> None:
    """Take the steps from the version that was found, in the caller's transaction."""
    for version in range(found + 1, SCHEMA_VERSION + 1):
        for statement in _STEPS[version]:
            await connection.execute(text(statement))
    await connection.execute(update(SCHEMA).values(version=SCHEMA_VERSION))
