"""API keys at rest."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vallum.store.database import SCHEMA_VERSION, connect, transaction
from vallum.store.errors import KeyNameTaken, StateUnusable, UnknownKey
from vallum.store.keys import KeyDirectory, KeyStore, StoredKey, record_usage

NOW = 1_800_000_000.0


def stored(key_id: str, name: str = "webshop", **more: object) -> StoredKey:
    """A key with some hash."""
    about: dict[str, object] = {"hash": key_id.encode() * 4, "created": NOW, **more}
    return StoredKey(id=key_id, name=name, **about)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[KeyStore]:
    store = KeyStore(path)
    store.pepper()
    yield store
    store.close()


def test_a_key_comes_back_as_it_was(store: KeyStore, path: Path) -> None:
    key = stored(
        "a", scopes=frozenset({"x", "y:z"}), roles=frozenset({"r"}), expires=NOW + 5, created=NOW
    )
    store.add(key, now=NOW)
    assert store.named("webshop") == store.named("a") == [key]
    directory = KeyDirectory(path)
    assert directory.find("a") == key
    assert directory.find("b") is None
    assert directory.find("webshop") is None
    assert repr(key.hash) not in repr(key)
    directory.close()


def test_active() -> None:
    assert stored("a").is_active(NOW)
    assert stored("a", expires=NOW + 1).is_active(NOW)
    assert not stored("a", expires=NOW).is_active(NOW)
    assert not stored("a", revoked=NOW).is_active(NOW)


def test_a_name_has_one_active_key(store: KeyStore) -> None:
    store.add(stored("a", expires=NOW + 5), now=NOW)
    with pytest.raises(KeyNameTaken):
        store.add(stored("b"), now=NOW)
    assert store.names() == ["webshop"]
    assert [key.id for key in store.all()] == ["a"]
    store.add(stored("b", created=NOW + 5), now=NOW + 5)
    assert [key.id for key in store.named("webshop")] == ["b", "a"]


def test_replace(store: KeyStore) -> None:
    store.add(stored("a"), now=NOW)
    store.add(stored("short", "short", expires=NOW + 5), now=NOW)
    store.replace(store.named("a")[0], stored("b", created=NOW + 1), overlap_until=NOW + 60)
    store.replace(store.named("short")[0], stored("c", "short"), overlap_until=NOW + 60)
    new, old = store.named("webshop")
    assert (new.id, new.expires, new.replaced_by) == ("b", None, None)
    assert (old.id, old.expires, old.replaced_by) == ("a", NOW + 60, "b")
    # Replacing a key never makes it live longer.
    assert store.named("short")[1].expires == NOW + 5


def test_revoke_keeps_the_first_time(store: KeyStore) -> None:
    store.add(stored("a"), now=NOW)
    store.revoke(["a"], now=NOW + 1)
    store.revoke(["a", "nobody"], now=NOW + 2)
    assert store.named("a")[0].revoked == NOW + 1


def test_unknown(store: KeyStore) -> None:
    with pytest.raises(UnknownKey):
        store.require("nobody")


def test_every_change_is_seen_by_everybody(store: KeyStore, path: Path) -> None:
    directory = KeyDirectory(path)
    seen = [directory.generation()]
    store.add(stored("a"), now=NOW)
    seen.append(directory.generation())
    store.replace(stored("a"), stored("b"), overlap_until=NOW)
    seen.append(directory.generation())
    store.revoke(["b"], now=NOW)
    seen.append(directory.generation())
    store.add_many([stored("c", "c"), stored("d", "d")])
    seen.append(directory.generation())
    assert len(set(seen)) == len(seen)
    # When keys were last used is no change.
    record_usage(path, {"a": NOW + 61})
    record_usage(path, {"a": NOW})
    record_usage(path, {})
    assert directory.generation() == seen[-1]
    assert [key.last_used for key in store.named("a")] == [NOW + 60]
    directory.close()


def test_a_failed_change_changes_nothing(store: KeyStore, path: Path) -> None:
    store.add(stored("a"), now=NOW)
    directory = KeyDirectory(path)
    before = directory.generation()
    with pytest.raises(sqlite3.IntegrityError):
        store.replace(stored("a"), stored("a"), overlap_until=NOW)
    assert store.named("a")[0].replaced_by is None
    assert directory.generation() == before
    store.add(stored("b", "b"), now=NOW)
    directory.close()


def test_the_pepper_is_not_made_anew_when_keys_depend_on_it(store: KeyStore, path: Path) -> None:
    pepper = store.pepper()
    store.add(stored("a"), now=NOW)
    assert store.pepper() == pepper
    path.with_name("state.db.pepper").unlink()
    with pytest.raises(StateUnusable, match="put back both"):
        store.pepper()
    with pytest.raises(StateUnusable, match="put back both"):
        KeyDirectory(path)


def test_a_backup_as_documented_holds_what_was_revoked_just_now(
    store: KeyStore, path: Path, tmp_path: Path
) -> None:
    """The newest stands in the WAL alone: in a plain copy a revoked key would be good again."""
    store.add(stored("a"), now=NOW)
    store.revoke(["a"], now=NOW)
    policy = Path(__file__).parents[3] / "docs/policy.md"
    (command,) = re.findall(r"sqlite3 var/vallum\.db \"(.*)\"", policy.read_text("utf-8"))
    copied = tmp_path / "backup"
    copied.mkdir()
    connection = sqlite3.connect(path)
    connection.execute(command.replace("vallum-backup.db", f"{copied}/state.db"))
    connection.close()
    shutil.copy(path.with_name("state.db.pepper"), copied)
    directory = KeyDirectory(copied / "state.db")
    key = directory.find("a")
    assert key is not None
    assert not key.is_active(NOW)
    directory.close()


def test_files_are_for_the_owner_alone(store: KeyStore, path: Path) -> None:
    store.add(stored("a"), now=NOW)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "state.db-wal" in modes


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but long enough to have a header of one\n" * 20)
    with pytest.raises(StateUnusable, match="not a database"):
        KeyStore(tmp_path / "text")
    with pytest.raises(StateUnusable, match="cannot open"):
        KeyStore(tmp_path)
    with pytest.raises(StateUnusable, match="cannot keep"):
        KeyStore(tmp_path / "text" / "below")


def test_a_newer_file(path: Path) -> None:
    connection = connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StateUnusable, match="newer"):
        connect(path)


def fail_half_way(connection: sqlite3.Connection) -> None:
    """A change that is cut short."""
    with transaction(connection):
        connection.execute("UPDATE generation SET number = 99")
        raise KeyboardInterrupt


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    connection = connect(path)
    with pytest.raises(KeyboardInterrupt):
        fail_half_way(connection)
    assert connection.execute("SELECT number FROM generation").fetchone() == (0,)
    connection.close()


CHANGE = """
import sys
from pathlib import Path
from vallum.store.keys import KeyStore
store = KeyStore(Path(sys.argv[1]))
store.revoke(["a"], now=1.0)
store.close()
"""


def test_changes_of_another_process_are_seen_by_every_connection(
    store: KeyStore, path: Path
) -> None:
    """Opening the file a second time must not give up the locks of the first (POSIX §fcntl)."""
    store.add(stored("a"), now=NOW)
    store.close()
    readers = [KeyDirectory(path) for _ in range(3)]
    before = {reader.generation() for reader in readers}
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", CHANGE, str(path)],
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "src")},
        )
        after = {reader.generation() for reader in readers}
        assert len(after) == 1
        assert after != before
        before = after
    for reader in readers:
        found = reader.find("a")
        assert found is not None
        assert found.revoked == 1.0
        reader.close()
