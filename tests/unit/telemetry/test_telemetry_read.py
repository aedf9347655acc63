"""Reading records back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.support.facts import NOW

from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.read import Follower, last, parse_line
from vallum.telemetry.segments import open_segment


def line(worker: str, seq: int, second: int, **other: object) -> bytes:
    time = RecordBuilder("w").time_text(NOW + second)
    return json.dumps({"time": time, "worker": worker, "seq": seq, **other}).encode() + b"\n"


def segment(directory: Path, worker: str, opened: int, *lines: bytes) -> Path:
    os.close(open_segment(directory, worker, NOW + opened))
    path = max(directory.glob(f"*-{worker}-*"))
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture
def records(tmp_path: Path) -> Path:
    segment(tmp_path, "w1", 0, *(line("w1", n, 2 * n) for n in range(5)))
    segment(tmp_path, "w1", 10, *(line("w1", n, 2 * n) for n in range(5, 10)))
    segment(tmp_path, "w2", 1, *(line("w2", n, 2 * n + 1) for n in range(10)))
    return tmp_path


def everything(record: object) -> bool:
    return True


@pytest.mark.parametrize("count", [0, 1, 3, 7, 13, 20, 100])
def test_the_newest_of_all_workers_in_order(records: Path, count: int) -> None:
    found = last(records, count, everything)
    expected = [("w1" if n % 2 == 0 else "w2", n // 2) for n in range(20)]
    assert [(r["worker"], r["seq"]) for r in found] == (expected[-count:] if count else [])


def test_only_what_matches_counts(records: Path) -> None:
    found = last(records, 3, lambda record: record["worker"] == "w1" and record["seq"] < 6)
    assert [record["seq"] for record in found] == [3, 4, 5]


def test_segments_that_cannot_matter_are_not_read(records: Path) -> None:
    oldest = min(records.glob("*-w1-*"))
    oldest.write_bytes(b"")
    oldest.chmod(0)
    assert [record["seq"] for record in last(records, 4, everything)] == [8, 8, 9, 9]


@pytest.mark.parametrize(
    "torn",
    [
        b'{"time":"2025',
        b"",
        b"[]",
        b"17",
        b'{"seq":1}',
        b'{"time":5}',
        b"\xff\xfe",
        b'{"time":"' + b"x" * 70_000 + b'"}',
        b"[" * 30_000,
    ],
)
def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path, torn: bytes) -> None:
    assert parse_line(torn) is None
    segment(tmp_path, "w1", 0, line("w1", 1, 0), torn + b"\n", line("w1", 2, 1), torn)
    assert [record["seq"] for record in last(tmp_path, 9, everything)] == [1, 2]


def test_following_shows_what_is_new_and_whole(records: Path) -> None:
    follower = Follower(records)
    assert follower.poll() == []
    newest = max(records.glob("*-w1-*"))
    with newest.open("ab") as file:
        file.write(line("w1", 10, 30) + line("w1", 11, 31)[:20])
    assert [record["seq"] for record in follower.poll()] == [10]
    with newest.open("ab") as file:
        file.write(line("w1", 11, 31)[20:])
    segment(records, "w3", 40, line("w3", 0, 29))
    assert [(r["worker"], r["seq"]) for r in follower.poll()] == [("w3", 0), ("w1", 11)]
    assert follower.poll() == []


def test_following_goes_on_behind_a_line_without_an_end(records: Path) -> None:
    follower = Follower(records)
    newest = max(records.glob("*-w1-*"))
    with newest.open("ab") as file:
        file.write(b"a" * 9 * 1024 * 1024 + b"\n" + line("w1", 10, 30))
    assert follower.poll() == []
    assert [record["seq"] for record in follower.poll()] == [10]


def test_following_survives_segments_that_go(records: Path) -> None:
    follower = Follower(records)
    min(records.glob("*-w1-*")).unlink()
    assert follower.poll() == []


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        last(tmp_path / "none", 1, everything)
