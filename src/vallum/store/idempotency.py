"""Requests that run once, and what was answered to them (B-126), shared by all workers.

A file of its own beside the state file: answers come and go by the thousand, keys and revocations
do not have to wait for them. SQLite, because of all that workers share it alone keeps both
promises: one of many inserts of the same key wins, and what was promised outlives a crash.
"""

from __future__ import annotations

import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from vallum.core.ports import KeptAnswer
from vallum.store.database import connect, transaction

LARGEST_BODY: Final = 64 * 1024
"""Bytes of an answer's body that are kept; of a larger one only the fact."""
MOST_RUNS: Final = 200_000
MOST_RUNS_OF_ONE: Final = 10_000
MOST_BYTES: Final = 256 * 1024 * 1024
_SWEPT: Final = 64
"""Ended runs that a new one clears away: more than come in, so that they never pile up."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS runs (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL,
    content BLOB NOT NULL,
    until REAL NOT NULL,
    status INTEGER,
    lines BLOB,
    body BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS runs_by_owner ON runs (owner);
CREATE INDEX IF NOT EXISTS runs_by_end ON runs (until);
CREATE TABLE IF NOT EXISTS totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    runs INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO totals VALUES (1, 0, 0);
CREATE TRIGGER IF NOT EXISTS run_made AFTER INSERT ON runs BEGIN
    UPDATE totals SET runs = runs + 1;
END;
CREATE TRIGGER IF NOT EXISTS run_answered AFTER UPDATE OF body ON runs BEGIN
    UPDATE totals SET bytes = bytes + ifnull(length(new.body), 0) - ifnull(length(old.body), 0);
END;
CREATE TRIGGER IF NOT EXISTS run_gone AFTER DELETE ON runs BEGIN
    UPDATE totals SET runs = runs - 1, bytes = bytes - ifnull(length(old.body), 0);
END;
"""


class TooManyRunsError(Exception):
    """There is no room for another run, of this caller or of anybody."""


class Earlier(NamedTuple):
    """A run of the same key that came first."""

    content: bytes
    """What was asked, as a digest."""
    answer: KeptAnswer | None
    """None while it runs, where nobody knows how it ended, and where it was too large."""


class Runs:
    """One file of runs. Opened with its first use, in the process that uses it."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: of the SQLite file.
        """
        self._path = path

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        return connect(self._path, _SCHEMA)

    def begin(
        self, run: bytes, owner: bytes, content: bytes, *, now: float, until: float
    ) -> Earlier | None:
        """Begin a run, unless there is one of the same id.

        Args:
            run: the id: a digest of all that the key belongs to.
            owner: a digest of the caller.
            content: a digest of what is asked.
            now: Unix seconds.
            until: Unix seconds at which it is forgotten.

        Returns:
            None: it is the caller's to run. Else the one that came first.

        Raises:
            TooManyRunsError: there is no room.
            StateUnusable: the file cannot be opened.
            sqlite3.Error: it cannot be written.
        """
        connection = self._connection
        with transaction(connection):
            connection.execute(
                "DELETE FROM runs WHERE id = ?1 AND until <= ?2 OR id IN"
                " (SELECT id FROM runs WHERE until <= ?2 LIMIT ?3)",
                (run, now, _SWEPT),
            )
            row = connection.execute(
                "SELECT content, status, lines, body FROM runs WHERE id = ?", (run,)
            ).fetchone()
            if row is not None:
                answer = None if row[3] is None else KeptAnswer(row[1], row[2], row[3])
                return Earlier(row[0], answer)
            self._require_room(owner)
            connection.execute(
                "INSERT INTO runs (id, owner, content, until) VALUES (?, ?, ?, ?)",
                (run, owner, content, until),
            )
        return None

    def _require_room(self, owner: bytes) -> None:
        mine, everybodys = self._connection.execute(
            "SELECT (SELECT count(*) FROM runs WHERE owner = ?), runs FROM totals", (owner,)
        ).fetchone()
        if mine >= MOST_RUNS_OF_ONE or everybodys >= MOST_RUNS:
            raise TooManyRunsError

    def keep(self, run: bytes, answer: KeptAnswer) -> None:
        """Keep the answer of a run, where there is room for it."""
        if len(answer.body) + len(answer.lines) > LARGEST_BODY:
            return
        self._connection.execute(
            "UPDATE runs SET status = ?1, lines = ?2, body = ?3 WHERE id = ?4"
            " AND (SELECT bytes FROM totals) + length(?3) <= ?5",
            (answer.status, answer.lines, answer.body, run, MOST_BYTES),
        )

    def forget(self, run: bytes) -> None:
        """It never ran after all."""
        self._connection.execute("DELETE FROM runs WHERE id = ?", (run,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
