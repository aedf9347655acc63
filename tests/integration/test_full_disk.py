"""A full disk for the records: requests go on and the loss is counted, or nothing is served."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.arena import Arena, request
from tests.support.gateway import PolicyText, start
from tests.support.patience import assert_problem
from tests.support.upstream import (
    RecordingUpstream,
)


class SmallDisk:
    """A file system of 2 MiB."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode != 0:
            pytest.skip(f"a full disk needs root to mount one: {mounted.stderr.strip()}")

    def fill(self) -> None:
        """Leave not one free byte."""
        with (self.path / "filler").open("ab", buffering=0) as filler, suppress(OSError):
            while filler.write(b"x" * 4096):
                pass

    def free(self) -> None:
        """Make room again."""
        (self.path / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk that can be filled."""
    made = SmallDisk(tmp_path / "disk")
    yield made
    subprocess.run(["umount", "-l", str(made.path)], check=True)


def fill_until_records_fail(arena: Arena, disk: SmallDisk, status: int) -> int:
    """Send requests on a full disk until a record no longer fits; how many were sent."""
    disk.fill()
    for count in range(1, 200):
        if arena.send(request("GET", "/health")).status == status:
            return count
    raise AssertionError("the full disk was never noticed")


def test_full_disk_for_records_continue(tmp_path: Path, disk: SmallDisk) -> None:
    """Requests go on, the loss is said and counted, and recording goes on when there is room."""
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, records=str(disk.path / "records"))
        with start(tmp_path, policy) as gateway:
            arena = Arena(gateway, upstream)
            arena.good()
            disk.fill()
            for _ in range(200):
                assert arena.send(request("GET", "/health")).status == 200
            said = gateway.wait_for_error("record")
            assert "space" in said.lower()
            assert said.count("No space") < 20, "said once, not with each request"
            disk.free()
            deadline = time.monotonic() + 20
            canary = 0
            while not recorded(disk, f"/things/after-{canary}"):
                assert time.monotonic() < deadline, "recording did not go on"
                canary += 1
                assert arena.send(request("GET", f"/things/after-{canary}")).status == 200
            assert recorded(disk, '"event":"records.lost"'), "the loss itself is on record"
            gateway.assert_healthy()


def recorded(disk: SmallDisk, text: str) -> bool:
    """Whether some record holds `text`."""
    folder = disk.path / "records"
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_full_disk_for_records_deny(tmp_path: Path, disk: SmallDisk) -> None:
    """With `on_failure: deny` nothing is served that cannot be recorded."""
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=upstream.url,
            records=str(disk.path / "records"),
            records_more=", on_failure: deny",
        )
        with start(tmp_path, policy) as gateway:
            arena = Arena(gateway, upstream)
            arena.good()
            fill_until_records_fail(arena, disk, 503)
            mark = upstream.mark()
            for _ in range(20):
                assert_problem(arena.send(request("GET", "/health")), 503)
            assert upstream.requests_since(mark) == []
            disk.free()
            deadline = time.monotonic() + 20
            while arena.send(request("GET", "/health")).status != 200:
                assert time.monotonic() < deadline, "it never recovered"
            gateway.assert_healthy()
