"""SQLite in the event loop itself: a statement takes microseconds, a thread for each costs more.

What can take time waits elsewhere: a writer for other writers, and for the disk when it commits.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteExecutionContext
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_

from vallum.store.database import write_ahead

READS: Final = "vallum_read"
"""The execution option of connections that change nothing."""
PATIENCE_SECONDS: Final = 10.0
"""How long a writer waits for others."""
_RETRY_SECONDS: Final = 0.01
_DRIVER: Final = "vallum"


class _Cursor(sqlite3.Cursor):
    """Has all its rows at once, as SQLAlchemy expects of asynchronous drivers: what is read later
    is not of another moment."""

    _rows: deque[Any]

    def keep_rows(self) -> None:
        """Read all that the statement answers."""
        self._rows = deque(super().fetchall())

    def fetchone(self) -> Any:
        """The next row."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        return [self._rows.popleft() for _ in range(min(size or 1, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        """All other rows."""
        rows, self._rows = list(self._rows), deque()
        return rows

    async def _async_soft_close(self) -> None:
        """Has happened."""


class _Execution(SQLiteExecutionContext):
    def create_default_cursor(self) -> Any:
        connection: Any = self._dbapi_connection
        return connection.cursor(_Cursor)


class InLoop(SQLiteDialect_pysqlite):
    """The standard library's driver under SQLAlchemy's asynchronous interface."""

    driver = _DRIVER
    is_async = True
    supports_statement_cache = True
    execution_ctx_cls = _Execution

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Of its own: the loop's threads may all wait for slow names of others. Ends with this.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """The pool for event loops."""
        return AsyncAdaptedQueuePool

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute at once; SQLAlchemy insists that something is awaited."""
        await_(_nothing())
        cursor.execute(statement, parameters)
        cursor.keep_rows()

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, context: Any = None
    ) -> None:
        """As `do_execute`, for many rows."""
        await_(_nothing())
        cursor.executemany(statement, parameters)

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit in a thread: the disk must say that it has everything."""
        if dbapi_connection.in_transaction:
            await_(_in_thread(self._disk, dbapi_connection.commit))


def sqlite_engine(path: object) -> AsyncEngine:
    """An engine on a file, which exists."""
    engine = create_async_engine(
        f"sqlite+{_DRIVER}:///{path}",
        # A connection is used by one thread at a time: the loop's, or the one that commits.
        connect_args={"timeout": PATIENCE_SECONDS, "check_same_thread": False},
        pool_size=5,
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


async def _nothing() -> None:
    """Is done already."""


async def _in_thread(thread: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    future = asyncio.get_running_loop().run_in_executor(thread, work)
    try:
        await asyncio.shield(future)
    except asyncio.CancelledError:
        # The connection is the thread's until that is done, whoever has gone away.
        await asyncio.wait([future])
        raise


def _prepare(connection: Any, _: object) -> None:
    # The driver must not open transactions by itself: `_begin` does.
    connection.isolation_level = None
    write_ahead(connection)
    for pragma in ("synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    if connection.get_execution_options().get(READS, False):
        driver.execute("BEGIN")
        return
    # A writer takes the lock at the start: two that read first and write then would deadlock.
    # INVARIANT: nobody waits for another process in here, where everybody would wait along.
    tries = int(PATIENCE_SECONDS / _RETRY_SECONDS)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while not _has_begun(driver, is_last=(tries := tries - 1) < 0):
            await_(asyncio.sleep(_RETRY_SECONDS))
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(PATIENCE_SECONDS * 1000)}")


def _has_begun(driver: Any, *, is_last: bool) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if is_last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
        return False
    return True


registry.register(f"sqlite.{_DRIVER}", __name__, InLoop.__name__)
