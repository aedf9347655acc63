"""Reads records back, from all workers, in the order of time."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vallum.telemetry.segments import Segment, list_segments
from vallum.wire.json import MalformedJSON, read_grammar
from vallum.wire.json_exact import JSONLimits

Record = dict[str, Any]
Matches = Callable[[Record], bool]

_LONGEST_LINE = 64 * 1024
_MOST_PER_POLL = 8 * 1024 * 1024
_SHALLOW = JSONLimits(depth=8)
"""No record is as deep, and what is much deeper can be shown by nothing."""


def parse_line(line: bytes) -> Record | None:
    """A record, or None: the line is torn, or no record.

    A worker that is killed while it writes leaves half a line; its answer never left.
    """
    if len(line) > _LONGEST_LINE:
        return None
    try:
        record = read_grammar(line, _SHALLOW)
    except MalformedJSON:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("time"), str) else None


def in_order(record: Record) -> tuple[str, str, int]:
    """The place of a record among all."""
    sequence = record.get("seq")
    return (
        record["time"],
        str(record.get("worker", "")),
        sequence if isinstance(sequence, int) else 0,
    )


def last(directory: Path, count: int, matches: Matches) -> list[Record]:
    """The newest `count` records that match, oldest first.

    Reads no segment that cannot hold one of them.

    Raises:
        OSError: the directory or a segment cannot be read.
    """
    by_worker: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in list_segments(directory):
        by_worker[segment.worker].append(segment)
    found: list[Record] = []
    for segments in by_worker.values():
        newest: deque[Record] = deque()
        for segment in reversed(segments):
            held = deque((record for record in _records_of(segment.path) if matches(record)), count)
            newest.extendleft(reversed(held))
            if len(newest) >= count:
                break
        found.extend(newest)
    return sorted(found, key=in_order)[-count:] if count else []


def _records_of(path: Path) -> Iterator[Record]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return  # Deleted for its age since the directory was listed.
    with file:
        while line := file.readline(_LONGEST_LINE):
            record = parse_line(line)
            if record is not None:
                yield record


class Follower:
    """Yields records as they are written. Begins behind those that are there already."""

    def __init__(self, directory: Path) -> None:
        """
        Raises:
            OSError: the directory cannot be read.
        """
        self._directory = directory
        self._offsets = {
            segment.path: segment.path.stat().st_size for segment in list_segments(directory)
        }

    def poll(self) -> list[Record]:
        """What has been written since the last call, in the order of time.

        Raises:
            OSError: the directory or a segment cannot be read.
        """
        found: list[Record] = []
        offsets: dict[Path, int] = {}
        for segment in list_segments(self._directory):
            records, offset = _read_from(segment.path, self._offsets.get(segment.path, 0))
            found.extend(records)
            offsets[segment.path] = offset
        self._offsets = offsets
        return sorted(found, key=in_order)


def _read_from(path: Path, offset: int) -> tuple[list[Record], int]:
    """The whole lines after `offset`, and where they end."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= offset:
                return [], min(offset, size)
            file.seek(offset)
            data = file.read(_MOST_PER_POLL)
    except FileNotFoundError:
        return [], 0
    end = data.rfind(b"\n") + 1
    if not end and len(data) == _MOST_PER_POLL:
        return [], offset + len(data)  # No line is as long.
    records = [parse_line(line) for line in data[:end].split(b"\n")]
    return [record for record in records if record is not None], offset + end
