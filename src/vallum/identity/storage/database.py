"""One database behind everything the provider keeps: SQLite or PostgreSQL, the same statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Insert, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from vallum.identity.storage.sqlite import READS, sqlite_engine
from vallum.identity.storage.tables import METADATA, SCHEMA, SCHEMA_VERSION
from vallum.identity.storage.upgrading import upgrade
from vallum.store.database_file import OpenedFile, create_file

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql://"


_Open = tuple[asyncio.Task[Any] | None, AsyncConnection]


class DatabaseUnusable(Exception):  # noqa: N818  (named for what it says about the database)
    """The database cannot be opened, a newer Vallum made it, or its file is another one by now."""


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
        self._file = _opened(url)
        # SQLite has one writer at a time; those of this process take turns before they ask it.
        self._open: ContextVar[_Open | None] = ContextVar("open transaction", default=None)
        self._turn = asyncio.Lock() if url.startswith(_SQLITE) else None

    async def open(self) -> None:
        """Make the tables where there are none, and bring older ones up to date.

        Raises:
            DatabaseUnusable: it cannot be reached, or has tables of a newer version.
        """
        try:
            async with self.write() as connection:
                await connection.run_sync(METADATA.create_all)
                # Locked: of several nodes that start at once, one takes the steps.
                version = select(SCHEMA.c.version).with_for_update()
                found = (await connection.execute(version)).scalar_one_or_none()
                if found is None:
                    await insert_new(connection, SCHEMA, {"one": 1, "version": SCHEMA_VERSION})
                elif found < SCHEMA_VERSION:
                    await upgrade(connection, found)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnusable(f"cannot use the identity database: {error}") from error
        if found is not None and found > SCHEMA_VERSION:
            raise DatabaseUnusable("the identity database was made by a newer version of Vallum")

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that change nothing; takes no lock.

        In a transaction of the same task it is that one's, and sees what that has changed.
        """
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        self._demand_same_file()
        async with self._engine.connect() as connection:
            yield await connection.execution_options(**{READS: True})

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all or nothing; what raises in it undoes it.

        One within another, in the same task, is a part of that.
        """
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        self._demand_same_file()
        async with self._turn or nullcontext(), self._engine.begin() as connection:
            mark = self._open.set((asyncio.current_task(), connection))
            try:
                yield connection
            finally:
                self._open.reset(mark)

    def _demand_same_file(self) -> None:
        if self._file is not None:
            self._file.demand_same(DatabaseUnusable)

    def _joined(self) -> AsyncConnection | None:
        # Tasks that were started meanwhile know of it too, and are no part of it.
        task, connection = self._open.get() or (None, None)
        return connection if task is asyncio.current_task() else None


def _engine(url: str) -> AsyncEngine:
    if url.startswith(_SQLITE):
        path = Path(url.removeprefix(_SQLITE))
        _make_private(path)
        return sqlite_engine(path)
    if url.startswith(_POSTGRESQL):
        return create_async_engine(
            f"postgresql+asyncpg://{url.removeprefix(_POSTGRESQL)}",
            pool_size=5,
            max_overflow=5,
            pool_pre_ping=True,
        )
    raise DatabaseUnusable("the identity database is `sqlite:///path` or `postgresql://…`")


def _opened(url: str) -> OpenedFile | None:
    if not url.startswith(_SQLITE):
        return None
    path = Path(url.removeprefix(_SQLITE))
    return OpenedFile(path, what="the identity database", meanwhile="nobody signs in")


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        create_file(path)
    except OSError as error:
        raise DatabaseUnusable(f"cannot make `{path}`: {error.strerror}") from error


async def insert_new(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted. Atomic on both databases."""
    statement = _insert_new(connection.dialect.name, table)
    return (await connection.execute(statement, dict(values))).rowcount == 1


async def insert_row(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row; its key must be free."""
    await connection.execute(_insert(table), dict(values))


# Making a statement costs several times what executing it does: each is made once.
@cache
def _insert(table: Table) -> Insert:
    return insert(table)


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    module = sqlite if dialect == "sqlite" else postgresql
    statement: Insert = module.insert(table).on_conflict_do_nothing()
    return statement
