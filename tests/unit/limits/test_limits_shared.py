"""The table that worker processes share."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
from fcntl import LOCK_EX, lockf
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from vallum.core.ports import KNOWN
from vallum.limits.shared import SharedLimitStore, create_table

NOW = 1_760_000_000.0
_CONTEXT = multiprocessing.get_context("spawn")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    create_table(tmp_path / "limits")
    mode = stat.S_IMODE((tmp_path / "limits").stat().st_mode)
    assert mode == 0o600
    assert os.listdir(tmp_path) == ["limits"]


@pytest.mark.parametrize("content", [b"", b"vallum-limits-1\n", b"x" * 8192])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "limits"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a limit table"):
        SharedLimitStore(path)


def test_a_cut_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    create_table(path)
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(ValueError, match="not a limit table"):
        SharedLimitStore(path)


def test_a_new_table_is_empty_and_the_old_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    create_table(path)
    old = SharedLimitStore(path)
    assert old.take(KNOWN + b"k", now=NOW, interval=1.0, burst=1, cost=1) == 0
    create_table(path)
    new = SharedLimitStore(path)
    assert new.take(KNOWN + b"k", now=NOW, interval=1.0, burst=1, cost=1) == 0
    assert old.take(KNOWN + b"k", now=NOW, interval=1.0, burst=1, cost=1) < 0
    old.close()
    new.close()


def test_two_stores_in_one_table_see_the_same_buckets(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    create_table(path)
    one = SharedLimitStore(path)
    assert one.take(KNOWN + b"k", now=NOW, interval=1.0, burst=3, cost=2) == 1
    other = SharedLimitStore(path)
    assert other.take(KNOWN + b"k", now=NOW, interval=1.0, burst=3, cost=0) == 1
    assert other.take(KNOWN + b"k", now=NOW, interval=1.0, burst=3, cost=2) < 0
    one.close()
    other.close()


def test_a_process_remembers_a_bounded_number_of_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vallum.limits.shared._MOST_PLACES", 8)
    create_table(tmp_path / "limits")
    store = SharedLimitStore(tmp_path / "limits")
    for _ in range(2):
        for number in range(40):
            store.take(KNOWN + b"%d" % number, now=NOW, interval=1.0, burst=3, cost=1)
    assert len(store._places) <= 8
    left = store.take(KNOWN + b"39", now=NOW, interval=1.0, burst=3, cost=0)
    assert left == 1
    store.close()


def _hold_all(path: Path, ready: Connection) -> None:
    fd = os.open(path, os.O_RDWR)
    lockf(fd, LOCK_EX)
    ready.send(True)
    signal.pause()


def test_a_worker_killed_in_the_table_does_not_leave_it_locked(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    create_table(path)
    store = SharedLimitStore(path)
    ours, theirs = _CONTEXT.Pipe()
    holder = _CONTEXT.Process(target=_hold_all, args=(path, theirs))
    holder.start()
    try:
        assert ours.recv()
    finally:
        holder.kill()
        holder.join()
    assert store.take(KNOWN + b"k", now=NOW, interval=1.0, burst=2, cost=1) == 1
    store.close()
