"""What is used once: for all workers, across restarts, and never more than there is room for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from vallum.limits.replays import MemoryReplays, Replays

NOW = 1_800_000_000.0


def replay_id(number: int) -> bytes:
    """16 even bytes."""
    return blake2b(b"%d" % number, digest_size=16).digest()


@pytest.fixture(params=["file", "memory"])
def replays(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replays | MemoryReplays]:
    """Each kind."""
    chosen: Replays | MemoryReplays
    chosen = Replays(tmp_path / "replays") if request.param == "file" else MemoryReplays()
    chosen.open()
    yield chosen
    chosen.close()


def test_the_second_is_not_the_first(replays: Replays | MemoryReplays) -> None:
    for number in range(100):
        assert replays.is_first(replay_id(number), NOW + 60, NOW)
    for number in range(100):
        assert not replays.is_first(replay_id(number), NOW + 60, NOW + 59.9)
        assert not replays.is_first(replay_id(number), NOW + 60, NOW + 60)


def test_what_has_expired_takes_no_room(replays: Replays | MemoryReplays) -> None:
    assert replays.is_first(replay_id(1), NOW + 60, NOW)
    assert replays.is_first(replay_id(1), NOW + 200, NOW + 100)


def test_what_is_used_late_is_remembered_until_then(replays: Replays | MemoryReplays) -> None:
    assert replays.is_first(replay_id(1), NOW + 120, NOW)  # The client's clock is ahead.
    assert not replays.is_first(replay_id(1), NOW + 120, NOW + 119)
    assert replays.is_first(replay_id(2), NOW - 1, NOW)
    assert not replays.is_first(replay_id(2), NOW - 1, NOW)


def test_a_full_memory_refuses() -> None:
    small = MemoryReplays(capacity=8)
    answers = [small.is_first(replay_id(number), NOW + 60, NOW) for number in range(200)]
    assert sum(answers) < 40
    assert not any(answers[100:])


def test_workers_and_restarts_share_a_table(tmp_path: Path) -> None:
    one, other = Replays(tmp_path / "replays"), Replays(tmp_path / "replays")
    one.open()
    other.open()
    assert one.made_at == other.made_at > 0
    assert one.is_first(replay_id(1), NOW + 60, NOW)
    assert not other.is_first(replay_id(1), NOW + 60, NOW)
    for each in (one, other):
        each.close()
    again = Replays(tmp_path / "replays")
    again.open()
    again.open()
    assert again.made_at == one.made_at
    assert not again.is_first(replay_id(1), NOW + 60, NOW)
    again.close()


def test_a_table_of_another_boot_is_not_believed(tmp_path: Path) -> None:
    old = tmp_path / "replays-000000000000"
    old.write_bytes(b"whatever")
    replays = Replays(tmp_path / "replays")
    replays.open()
    assert not old.exists()
    (table,) = tmp_path.iterdir()
    assert os.stat(table).st_mode & 0o077 == 0
    replays.close()


def test_a_damaged_table_is_not_used(tmp_path: Path) -> None:
    replays = Replays(tmp_path / "replays")
    replays.open()
    replays.close()
    (table,) = tmp_path.iterdir()
    os.truncate(table, 5000)
    with pytest.raises(ValueError, match="not a limit table"):
        Replays(tmp_path / "replays").open()
    with pytest.raises(RuntimeError, match="not open"):
        Replays(tmp_path / "replays").is_first(replay_id(1), NOW, NOW)
