"""One database behind everything the provider keeps: SQLite or PostgreSQL, the same statements."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from vallum.identity.storage.tables import METADATA, SCHEMA, SCHEMA_VERSION

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql://"
_READ: Final = {"vallum_read": True}


class DatabaseUnusable(Exception):  # noqa: N818  (named for what it says about the database)
    """The database cannot be opened, or a newer Vallum made it."""


class Database:
    """Opens connections to one database. For one process and one event loop."""

    def __init__(self, url: str) -> None:
        """
        Args:
            url: `sqlite:///path` or `postgresql://user:password@host/name`.

        Raises:
            DatabaseUnusable: it is neither, or the file cannot be made.
        """
        self._engine = _engine(url)
        self._is_sqlite = url.startswith(_SQLITE)

    async def open(self) -> None:
        """Make the tables where there are none.

        Raises:
            DatabaseUnusable: it cannot be reached, or has tables of a newer version.
        """
        try:
            async with self.write() as connection:
                await connection.run_sync(METADATA.create_all)
                found = (await connection.execute(select(SCHEMA.c.version))).scalar_one_or_none()
                if found is None:
                    await insert_new(connection, SCHEMA, {"one": 1, "version": SCHEMA_VERSION})
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnusable(f"cannot use the identity database: {error}") from error
        if found is not None and found > SCHEMA_VERSION:
            raise DatabaseUnusable("the identity database was made by a newer version of Vallum")

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that change nothing; takes no lock."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(**_READ)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all or nothing; what raises in it undoes it."""
        async with self._engine.begin() as connection:
            yield connection


def _engine(url: str) -> AsyncEngine:
    if url.startswith(_SQLITE):
        path = Path(url.removeprefix(_SQLITE))
        _make_private(path)
        # One process writes, and SQLite has one writer: a small pool, and time to wait for it.
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 10.0}, pool_size=5
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if url.startswith(_POSTGRESQL):
        return create_async_engine(
            f"postgresql+asyncpg://{url.removeprefix(_POSTGRESQL)}",
            pool_size=5,
            max_overflow=5,
            pool_pre_ping=True,
        )
    raise DatabaseUnusable("the identity database is `sqlite:///path` or `postgresql://…`")


def _make_private(path: Path) -> None:
    # The file has its mode before SQLite sees it; the WAL files beside it inherit the mode.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseUnusable(f"cannot make `{path}`: {error.strerror}") from error


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at the start: two that read first and write then would deadlock.
    reads = connection.get_execution_options().get("vallum_read", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


async def insert_new(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted. Atomic on both databases."""
    module = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = module.insert(table).values(**values).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount == 1


async def insert_row(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row; its key must be free."""
    await connection.execute(insert(table).values(**values))
