"""The state file: one SQLite database in WAL mode, readable by its owner alone."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vallum.store.database_file import OpenedFile, create_file
from vallum.store.errors import StateUnusable

SCHEMA_VERSION: Final = 1
_PATIENCE: Final = 5.0
"""Seconds that a connection waits for the others."""
_PAUSE: Final = 0.005

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS generation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO generation VALUES (1, 0);
CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    scopes TEXT NOT NULL,
    roles TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    revoked REAL,
    replaced_by TEXT,
    last_used REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS api_keys_by_name ON api_keys (name);
CREATE TABLE IF NOT EXISTS revoked_tokens (
    issuer TEXT NOT NULL,
    token_id TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (issuer, token_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revoked_subjects (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
"""


def check_folder(path: Path) -> None:
    """Make the folder of the state file and try to write there, before anything is served.

    Raises:
        StateUnusable: nothing could be kept; the text names the folder and says why.
    """
    try:
        _make_folder(path)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unusable(path, error) from error


def _make_folder(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)


def _unusable(path: Path, error: OSError) -> StateUnusable:
    reason = f"`{path.parent}` is no folder" if path.parent.is_file() else error.strerror
    return StateUnusable(
        f"cannot keep the state file `{path}`: {reason}; name a file under `state:` in a"
        " folder that this user may write in"
    )


def connect(path: Path, schema: str = _SCHEMA) -> sqlite3.Connection:
    """Open the state file, and make it when there is none.

    A connection belongs to the process that opened it: open it after forking.

    Args:
        path: the file.
        schema: the statements that make its tables, where it is not the state file itself.

    Raises:
        StateUnusable: it cannot be opened, is not a state file, or a newer Vallum made it.
    """
    try:
        _make_folder(path)
        create_file(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)
    except OSError as error:
        raise _unusable(path, error) from error
    except sqlite3.Error as error:
        raise StateUnusable(f"cannot open the state file `{path}`: {error}") from error
    try:
        _prepare(connection, path, schema)
    except sqlite3.Error as error:
        connection.close()
        raise StateUnusable(f"cannot use the state file `{path}`: {error}") from error
    except StateUnusable:
        connection.close()
        raise
    return connection


class StateFile:
    """The state file as a process opened it; notices when another one has taken its place."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: the file; made when there is none.

        Raises:
            StateUnusable: it cannot be used.
        """
        self.connection = connect(path)
        self._file = OpenedFile(
            path, what="the state file", meanwhile="it lets nobody in with a key or token"
        )

    def generation(self) -> int:
        """The number that `bump_generation` counts up; another one means: forget what you remember.

        Writes that concern no decision, such as times of last use, leave it alone.

        Raises:
            StateUnusable: the file was replaced or removed.
        """
        self._file.demand_same(StateUnusable)
        return int(self.connection.execute("SELECT number FROM generation").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def _prepare(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StateUnusable(f"the state file `{path}` was made by a newer version of Vallum")
    write_ahead(connection)
    # A revocation that was confirmed must survive a power failure.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    if version < SCHEMA_VERSION:
        connection.executescript(
            f"BEGIN IMMEDIATE;{schema}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
        )


def write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the file to WAL mode.

    SQLite itself waits for nobody here: of several that open a new file at once, one may fail.

    Raises:
        sqlite3.Error: it cannot be turned.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def bump_generation(connection: sqlite3.Connection) -> None:
    """Tell every process that keys or revocations changed; in the same transaction as they did."""
    connection.execute("UPDATE generation SET number = number + 1")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, with the right to write taken at the start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
