"""Writing records: files, rotation, and disks that do not take them."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from tests.support.exchanges import ManualClock
from tests.support.facts import NOW

from vallum.core.problems import Denied
from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.records import RecordWriter
from vallum.telemetry.segments import list_segments, open_segment, prune


def make_writer(
    directory: Path,
    *,
    clock: ManualClock | None = None,
    on_failure: Literal["continue", "deny"] = "continue",
    segment_bytes: int = 1 << 20,
    max_bytes: int = 1 << 30,
) -> RecordWriter:
    return RecordWriter(
        directory,
        "w1",
        clock=clock or ManualClock(NOW),
        event=RecordBuilder("w1").event,
        on_failure=on_failure,
        segment_bytes=segment_bytes,
        max_bytes=max_bytes,
    )


def lines_in(directory: Path) -> list[bytes]:
    return [
        line
        for segment in list_segments(directory)
        for line in segment.path.read_bytes().splitlines()
    ]


def test_lines_are_written_at_flush_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    write = os.write

    def counted(fd: int, data: bytes) -> int:
        sizes.append(len(data))
        return write(fd, data)

    monkeypatch.setattr(os, "write", counted)
    writer = make_writer(tmp_path / "records")
    assert writer.flush()
    assert not (tmp_path / "records").exists()
    for number in range(3):
        writer.append(b"%d\n" % number)
    assert sizes == []
    assert writer.flush()
    assert sizes == [6]
    assert lines_in(tmp_path / "records") == [b"0", b"1", b"2"]
    writer.close()


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        writer = make_writer(tmp_path / "var" / "records")
        writer.append(b"1\n")
        writer.flush()
    finally:
        os.umask(old)
    (segment,) = list_segments(tmp_path / "var" / "records")
    assert segment.path.name == "20251009T085320-w1-0.jsonl"
    assert stat.S_IMODE(segment.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var" / "records").stat().st_mode) == 0o700
    writer.close()


def test_a_segment_that_is_full_is_followed_by_another(tmp_path: Path) -> None:
    writer = make_writer(tmp_path, segment_bytes=10)
    for number in range(6):
        writer.append(b"%04d\n" % number)
        writer.flush()
    writer.close()
    assert [segment.path.stat().st_size for segment in list_segments(tmp_path)] == [10, 10, 10]
    assert lines_in(tmp_path) == [b"%04d" % number for number in range(6)]


def test_a_new_day_begins_a_new_segment(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    writer = make_writer(tmp_path, clock=clock)
    for _ in range(2):
        writer.append(b"1\n")
        writer.flush()
        clock.now += 86_400
    writer.close()
    assert [segment.opened for segment in list_segments(tmp_path)] == [
        "20251009T085320",
        "20251010T085320",
    ]


def test_the_oldest_segments_make_room(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    writer = make_writer(tmp_path, clock=clock, segment_bytes=100, max_bytes=1000)
    for number in range(100):
        clock.now += 1
        writer.append(b"%099d\n" % number)
        writer.flush()
    writer.close()
    kept = lines_in(tmp_path)
    assert kept[-1] == b"%099d" % 99
    assert sum(map(len, kept)) <= 1000
    assert kept == [b"%099d" % number for number in range(100 - len(kept), 100)]
    assert len(kept) >= 5


def test_old_segments_go_but_never_one_that_is_written(tmp_path: Path) -> None:
    living = open_segment(tmp_path, "w2", NOW - 90 * 86_400)
    for days in (40, 31, 29):
        os.close(open_segment(tmp_path, "w3", NOW - days * 86_400))
    (tmp_path / "notes.txt").write_text("not ours")
    deleted = prune(tmp_path, now=NOW, keep_seconds=30 * 86_400, max_bytes=1 << 30)
    assert deleted == 2
    assert [segment.worker for segment in list_segments(tmp_path)] == ["w2", "w3"]
    assert (tmp_path / "notes.txt").exists()
    os.close(living)
    assert prune(tmp_path, now=NOW, keep_seconds=30 * 86_400, max_bytes=1 << 30) == 1


def test_a_name_is_never_taken_twice(tmp_path: Path) -> None:
    fds = [open_segment(tmp_path, "w1", NOW) for _ in range(3)]
    assert [segment.number for segment in list_segments(tmp_path)] == [0, 1, 2]
    for fd in fds:
        os.close(fd)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious\n")
    directory = tmp_path / "records"
    directory.mkdir()
    (directory / "20251009T085320-w1-0.jsonl").symlink_to(target)
    writer = make_writer(directory)
    writer.append(b"1\n")
    assert writer.flush()
    writer.close()
    assert target.read_text() == "precious\n"


class FullDisk:
    """Takes so many bytes, then none until it is given more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write: Callable[[int, bytes], int] = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(fd, data[: self.room])
        self.room -= written
        return written


def test_a_full_disk_loses_whole_lines_and_says_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B-278: what was lost is counted, and recorded as soon as that is possible."""
    disk = FullDisk(monkeypatch, room=25)
    writer = make_writer(tmp_path)
    for _ in range(2):
        writer.append(b'{"n":1}\n')
    assert writer.flush()
    for _ in range(3):
        writer.append(b'{"n":2}\n')
    assert not writer.flush()
    writer.append(b'{"n":3}\n')
    assert not writer.flush()
    assert writer.lost == 4
    writer.check()
    disk.room = 1 << 20
    writer.append(b'{"n":4}\n')
    assert writer.flush()
    assert writer.lost == 0
    writer.close()
    records = [json.loads(line) for line in lines_in(tmp_path)]
    assert [record.get("n") for record in records] == [1, 1, None, 4]
    assert records[2]["event"] == "records.lost"
    assert records[2]["count"] == 4


def test_a_policy_that_needs_records_refuses_while_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch, room=0)
    writer = make_writer(tmp_path, on_failure="deny")
    writer.check()
    writer.append(b"1\n")
    assert not writer.flush()
    with pytest.raises(Denied) as denied:
        writer.check()
    assert denied.value.status == 503
    assert denied.value.problem.slug == "records-unavailable"
    disk.room = 1 << 20
    writer.append(b"2\n")
    assert writer.flush()
    writer.check()
    writer.close()


def test_a_directory_that_cannot_be_made_loses_records_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer = make_writer(tmp_path / "file" / "records")
    writer.append(b"1\n")
    assert not writer.flush()
    assert writer.lost == 1
    writer.close()


def test_housekeeping_that_fails_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    writer = make_writer(tmp_path, segment_bytes=1)
    for number in range(3):
        writer.append(b'{"n":%d}\n' % number)
        assert writer.flush()
    monkeypatch.undo()
    writer.close()
    events = [json.loads(line).get("event") for line in lines_in(tmp_path)]
    assert "records.housekeeping-failed" in events
