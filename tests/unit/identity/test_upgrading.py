"""A database of an older Vallum is brought up to date when it is opened, once."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select, text, update
from tests.support.provider import Provider

from vallum.identity.storage.tables import METADATA, SCHEMA, SCHEMA_VERSION

_ADDED = (
    "DROP INDEX ix_access_tokens_parent_id",
    "ALTER TABLE access_tokens DROP COLUMN parent_id",
    "ALTER TABLE device_codes DROP COLUMN client_version",
)
"""What the first version did not have."""


def _shape(connection: Connection) -> dict[str, tuple[set[str], set[str | None]]]:
    found = inspect(connection)
    return {
        table: (
            {each["name"] for each in found.get_columns(table)},
            {each["name"] for each in found.get_indexes(table)},
        )
        for table in METADATA.tables
    }


def test_a_database_of_the_first_version_gets_what_was_added_since(provider: Provider) -> None:
    database = provider.services.database

    async def shape() -> dict[str, tuple[set[str], set[str | None]]]:
        async with database.read() as connection:
            return await connection.run_sync(_shape)

    async def age() -> None:
        async with database.write() as connection:
            for statement in _ADDED:
                await connection.execute(text(statement))
            await connection.execute(update(SCHEMA).values(version=1))

    async def version() -> int:
        async with database.read() as connection:
            return int((await connection.execute(select(SCHEMA.c.version))).scalar_one())

    new = provider.run(shape)
    provider.run(age)
    assert provider.run(shape) != new
    for _ in range(2):
        provider.run(database.open)
        assert provider.run(shape) == new
        assert provider.run(version) == SCHEMA_VERSION
