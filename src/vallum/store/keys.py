"""API keys at rest: who they are for, what they may do, until when; never the keys (AN-2)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from vallum.core.secret import Secret
from vallum.store.database import StateFile, bump_generation, connect, transaction
from vallum.store.errors import KeyNameTaken, UnknownKey
from vallum.store.secret_file import load_secret

_COLUMNS = "id, name, hash, scopes, roles, created, expires, revoked, replaced_by, last_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """What is known of one API key."""

    id: str
    name: str
    """Of the client that it is for; a key and those that replace it share it."""
    hash: bytes = field(repr=False)
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    created: float
    """Unix seconds, as are the other times."""
    expires: float | None = None
    revoked: float | None = None
    replaced_by: str | None = None
    """Id of the key that `rotate` made in its place."""
    last_used: float | None = None
    """To the minute."""

    def is_active(self, now: float) -> bool:
        """Whether the key opens anything at `now`."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class KeyStore:
    """Reads and changes API keys; for the command line and other administration."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: the state file.

        Raises:
            StateUnusable: it cannot be used.
        """
        self._path = path
        self._connection = connect(path)

    def close(self) -> None:
        """Close the state file."""
        self._connection.close()

    def pepper(self) -> Secret:
        """The secret under which keys are hashed; made with the first key.

        Raises:
            StateUnusable: it is missing although there are keys, is damaged, or others can read it.
        """
        return _pepper(self._connection, self._path)

    def add(
        self, key: StoredKey, *, now: float, hand_over: Callable[[], None] = lambda: None
    ) -> None:
        """Store a new key.

        Args:
            key: the key.
            now: Unix seconds.
            hand_over: gives the key to who asked for it; where it raises, nothing is stored.

        Raises:
            KeyNameTaken: a key of this name is active; `replace` is for that.
        """
        with transaction(self._connection):
            if any(other.is_active(now) for other in self.named(key.name)):
                raise KeyNameTaken(key.name)
            self._insert([key])
            bump_generation(self._connection)
            hand_over()

    def add_many(self, keys: Iterable[StoredKey]) -> None:
        """Store many new keys in one transaction, for imports; names are not looked at."""
        with transaction(self._connection):
            self._insert(keys)
            bump_generation(self._connection)

    def replace(
        self,
        old: StoredKey,
        new: StoredKey,
        *,
        overlap_until: float,
        hand_over: Callable[[], None] = lambda: None,
    ) -> None:
        """Store `new` in the place of `old`, which goes on until `overlap_until` at most.

        Args:
            old: the key that ends.
            new: the key that begins.
            overlap_until: Unix seconds.
            hand_over: gives the new key to who asked for it; where it raises, all stays as it was.
        """
        expires = overlap_until if old.expires is None else min(old.expires, overlap_until)
        with transaction(self._connection):
            self._insert([new])
            self._connection.execute(
                "UPDATE api_keys SET expires = ?, replaced_by = ? WHERE id = ?",
                (expires, new.id, old.id),
            )
            bump_generation(self._connection)
            hand_over()

    def revoke(self, ids: Collection[str], *, now: float) -> None:
        """End keys at once; in effect on every worker within two seconds."""
        with transaction(self._connection):
            self._connection.executemany(
                "UPDATE api_keys SET revoked = ? WHERE id = ? AND revoked IS NULL",
                [(now, key_id) for key_id in ids],
            )
            bump_generation(self._connection)

    def named(self, name_or_id: str) -> list[StoredKey]:
        """The keys of this name, or the one key of this id; the newest first."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM api_keys WHERE name = ?1 OR id = ?1"  # noqa: S608
            " ORDER BY created DESC, id",
            (name_or_id,),
        )
        return [_stored(row) for row in rows]

    def require(self, name_or_id: str) -> list[StoredKey]:
        """As `named`.

        Raises:
            UnknownKey: there is none.
        """
        keys = self.named(name_or_id)
        if not keys:
            raise UnknownKey(name_or_id)
        return keys

    def all(self) -> Iterator[StoredKey]:
        """Every key, by name, the newest of a name first."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM api_keys ORDER BY name, created DESC"  # noqa: S608
        )
        return map(_stored, rows)

    def names(self) -> list[str]:
        """Every name."""
        rows = self._connection.execute("SELECT DISTINCT name FROM api_keys ORDER BY name")
        return [row[0] for row in rows]

    def _insert(self, keys: Iterable[StoredKey]) -> None:
        self._connection.executemany(
            f"INSERT INTO api_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                (
                    key.id,
                    key.name,
                    key.hash,
                    " ".join(sorted(key.scopes)),
                    " ".join(sorted(key.roles)),
                    key.created,
                    key.expires,
                    key.revoked,
                    key.replaced_by,
                    key.last_used,
                )
                for key in keys
            ),
        )


class KeyDirectory:
    """Finds keys for the gateway: one point query each, nothing held in memory.

    What was found and verified is remembered by the filter; `generation` says when to forget it.
    """

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: the state file.

        Raises:
            StateUnusable: it cannot be used.
        """
        self._file = StateFile(path)
        self._connection = self._file.connection
        self.pepper = _pepper(self._connection, path)
        """The secret under which keys are hashed."""

    def generation(self) -> int:
        """Another number after a key was made, replaced or revoked, by any process.

        Raises:
            StateUnusable: the file is another one than at the start.
        """
        return self._file.generation()

    def find(self, key_id: str) -> StoredKey | None:
        """The key of this id, active or not."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM api_keys WHERE id = ?",  # noqa: S608
            (key_id,),
        ).fetchone()
        return None if row is None else _stored(row)

    def close(self) -> None:
        """Close the state file."""
        self._file.close()


def record_usage(path: Path, used: Mapping[str, float]) -> None:
    """Write when keys were last used; once a minute is often enough, and never in the event loop.

    Args:
        path: the state file.
        used: Unix seconds by key id.
    """
    if not used:
        return
    connection = connect(path)
    try:
        # Usage is no decision: the generation stays, and no worker forgets its verified keys.
        with transaction(connection):
            connection.executemany(
                "UPDATE api_keys SET last_used = max(coalesce(last_used, 0), ?2) WHERE id = ?1",
                [(key_id, at // 60 * 60) for key_id, at in used.items()],
            )
    finally:
        connection.close()


def _pepper(connection: sqlite3.Connection, path: Path) -> Secret:
    has_keys = connection.execute("SELECT EXISTS (SELECT 1 FROM api_keys)").fetchone()[0]
    # A new pepper would silently turn every key into a wrong one.
    return load_secret(path.with_name(path.name + ".pepper"), create=not has_keys)


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    # Keys of one kind share their sets.
    return frozenset(text.split())


def _stored(row: tuple[Any, ...]) -> StoredKey:
    return StoredKey(
        id=row[0],
        name=row[1],
        hash=row[2],
        scopes=_words(row[3]),
        roles=_words(row[4]),
        created=row[5],
        expires=row[6],
        revoked=row[7],
        replaced_by=row[8],
        last_used=row[9],
    )
