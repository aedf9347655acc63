"""Transactions: one within another, side by side, and beside other processes; what they forget."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.support.provider import Provider

from vallum.identity.storage.database import Database, insert_new, insert_row
from vallum.identity.storage.tables import ONCE, SCHEMA, SCHEMA_VERSION, SESSIONS
from vallum.identity.storage.tidying import forget_ended


class Undone(Exception):  # noqa: N818  (undoes a transaction)
    """Raised within one."""


UNTIL = 1.0
OURS = select(ONCE.c.hash).where(ONCE.c.until == UNTIL)


def row(name: str) -> dict[str, Any]:
    """A row of ONCE."""
    return {"hash": name.encode(), "until": UNTIL}


async def add(database: Database, name: str) -> None:
    """In a transaction, its own or one that is open."""
    async with database.write() as connection:
        await insert_row(connection, ONCE, row(name))


async def names(database: Database) -> set[str]:
    """What is in ONCE, of what we have put there."""
    async with database.read() as connection:
        rows = (await connection.execute(OURS)).all()
    return {each.hash.decode() for each in rows}


def test_a_transaction_within_another_is_undone_with_it(provider: Provider) -> None:
    database = provider.services.database

    async def work() -> None:
        async with database.write():
            await add(database, "inner")
            assert await names(database) == {"inner"}
            raise Undone

    with pytest.raises(Undone):
        provider.run(work)
    assert provider.run(names, database) == set()


def test_a_task_that_is_started_meanwhile_has_its_own(provider: Provider) -> None:
    database = provider.services.database

    tasks: list[asyncio.Task[None]] = []

    async def undone() -> None:
        async with database.write():
            tasks.append(asyncio.create_task(add(database, "task")))
            await add(database, "inner")
            raise Undone

    async def work() -> None:
        with pytest.raises(Undone):
            await undone()
        await asyncio.gather(*tasks)

    provider.run(work)
    assert provider.run(names, database) == {"task"}


def test_writers_take_turns(provider: Provider) -> None:
    database = provider.services.database

    async def raise_version() -> None:
        async with database.write() as connection:
            found = (
                await connection.execute(select(SCHEMA.c.version).with_for_update())
            ).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(update(SCHEMA).values(version=found + 1))

    async def work() -> int:
        await asyncio.gather(*(raise_version() for _ in range(8)))
        async with database.read() as connection:
            return int((await connection.execute(select(SCHEMA.c.version))).scalar_one())

    assert provider.run(work) == SCHEMA_VERSION + 8


def test_rows_are_of_the_moment_in_which_they_were_asked_for(provider: Provider) -> None:
    database = provider.services.database

    async def work() -> list[Any]:
        async with database.write() as connection:
            await insert_row(connection, ONCE, row("first"))
            result = await connection.execute(OURS)
            assert not await insert_new(connection, ONCE, row("first"))
            assert await insert_new(connection, ONCE, row("second"))
            return list(result.scalars())

    assert provider.run(work) == [b"first"]


def on_a_file(work: Callable[[Database, Path], Awaitable[None]], folder: Path) -> None:
    """Do something with a new database that others may have opened too."""

    async def run() -> None:
        database = Database(f"sqlite:///{folder / 'identity.db'}")
        await database.open()
        try:
            await work(database, folder / "identity.db")
        finally:
            await database.close()

    asyncio.run(run())


def test_while_another_process_writes_everybody_else_goes_on(tmp_path: Path) -> None:
    async def work(database: Database, path: Path) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(add(database, "later"))
        for _ in range(50):
            assert await names(database) == set()
        assert not waiting.done()
        other.execute("ROLLBACK")
        other.close()
        await waiting
        assert await names(database) == {"later"}

    on_a_file(work, tmp_path)


def test_who_goes_away_while_waiting_leaves_the_way_free(tmp_path: Path) -> None:
    async def work(database: Database, path: Path) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(add(database, "never"))
        await names(database)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        other.close()
        await add(database, "next")
        assert await names(database) == {"next"}

    on_a_file(work, tmp_path)


def test_who_goes_away_during_a_commit_leaves_no_half_of_it(tmp_path: Path) -> None:
    async def gone(database: Database, begun: asyncio.Event) -> None:
        async with database.write() as connection:
            await insert_row(connection, ONCE, row("gone"))
            begun.set()

    async def work(database: Database, _: Path) -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(gone(database, begun))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await add(database, "next")
        assert await names(database) >= {"next"}

    on_a_file(work, tmp_path)


def test_what_ended_long_ago_is_forgotten_and_nothing_else(provider: Provider) -> None:
    services = provider.services
    begin: Callable[..., Coroutine[Any, Any, Any]] = partial(
        services.sessions.begin, "user_1", ("pwd",), address="192.0.2.7", agent="x"
    )
    provider.run(begin)
    provider.clock.now += services.settings.session_life + 86_401
    _, living = provider.run(begin)
    provider.run(forget_ended, services.database, provider.clock.now)

    async def left() -> list[str]:
        async with services.database.read() as connection:
            return list((await connection.execute(select(SESSIONS.c.id))).scalars())

    assert provider.run(left) == [living.id]
