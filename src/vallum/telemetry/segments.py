"""Record files on disk: their names, their order, and which of them may go.

A segment is `YYYYMMDDTHHMMSS-<worker>-<n>.jsonl`, named for the UTC second in which it was opened.
Its writer holds an exclusive `flock` on it for as long as it may write to it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import NamedTuple

_NAME = re.compile(r"([0-9]{8}T[0-9]{6})-([0-9A-Za-z_]{1,32})-([0-9]{1,9})\.jsonl")
_TIME = "%Y%m%dT%H%M%S"


class Segment(NamedTuple):
    """One file. Sorts by age; segments of one worker in the order in which they were written."""

    opened: str
    number: int
    worker: str
    path: Path


def list_segments(directory: Path) -> list[Segment]:
    """The segments in `directory`, oldest first; other files are none of ours.

    Raises:
        OSError: the directory cannot be read.
    """
    found = []
    for name in os.listdir(directory):
        match = _NAME.fullmatch(name)
        if match is not None:
            opened, worker, number = match.groups()
            found.append(Segment(opened, int(number), worker, directory / name))
    return sorted(found)


def open_segment(directory: Path, worker: str, now: float) -> int:
    """Open a new segment for appending; nobody else can have it (the name is taken exclusively).

    Raises:
        OSError: the directory cannot be made, or the file cannot.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = time.strftime(_TIME, time.gmtime(now))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    for number in range(1_000_000):
        try:
            fd = os.open(directory / f"{opened}-{worker}-{number}.jsonl", flags, 0o600)
        except FileExistsError:
            continue
        flock(fd, LOCK_EX)
        if os.fstat(fd).st_nlink:
            return fd
        os.close(fd)  # Another worker's housekeeping had it before we did.
    raise FileExistsError(f"`{directory}` has no free segment name for worker `{worker}`")


def prune(directory: Path, *, now: float, keep_seconds: float, max_bytes: int) -> int:
    """Delete the oldest segments until the rest fits, and those that are too old.

    A segment that a living writer has open stays, whatever its age.

    Returns:
        How many were deleted.

    Raises:
        OSError: the directory cannot be read, or a file not deleted.
    """
    sizes = list(_sizes(directory))
    total = sum(size for _, size in sizes)
    latest = time.strftime(_TIME, time.gmtime(max(0.0, now - keep_seconds)))
    deleted = 0
    for segment, size in sizes:
        if (total > max_bytes or segment.opened < latest) and _delete_unless_open(segment.path):
            total -= size
            deleted += 1
    return deleted


def _sizes(directory: Path) -> Iterator[tuple[Segment, int]]:
    for segment in list_segments(directory):
        # Another worker may prune at the same time.
        with suppress(FileNotFoundError):
            yield segment, segment.path.stat().st_size


def _delete_unless_open(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    try:
        flock(fd, LOCK_EX | LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True
