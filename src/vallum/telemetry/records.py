"""Writes records, so that no answer leaves without one (MO-2).

Lines are gathered for one tick of the event loop and handed to the kernel in one `write`, before
the tick's answers leave: a worker killed at any moment has lost no record of an answer that a
client received whole. A machine that loses power may lose what the kernel had not yet written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Literal

from vallum.core.ports import Clock
from vallum.core.problems import Denied
from vallum.telemetry.segments import open_segment, prune

_DAY_SECONDS = 86_400

EventLine = Callable[[str, float, int], bytes]
"""Makes a line about the records themselves from a name, Unix seconds and a count."""


class RecordWriter:
    """Appends lines to the segments of one worker.

    Never raises for a disk that is full or gone: it counts what is lost, and says so in a
    `records.lost` line as soon as writing works again (B-278).
    """

    __slots__ = (
        "_clock",
        "_day",
        "_directory",
        "_event",
        "_fd",
        "_keep_seconds",
        "_max_bytes",
        "_on_failure",
        "_pending",
        "_sealer",
        "_segment_bytes",
        "_size",
        "_troubles",
        "_worker",
        "failure",
        "lost",
    )

    def __init__(
        self,
        directory: Path,
        worker: str,
        *,
        clock: Clock,
        event: EventLine,
        on_failure: Literal["continue", "deny"] = "continue",
        segment_bytes: int = 64 * 1024 * 1024,
        max_bytes: int = 2 * 1024 * 1024 * 1024,
        keep_seconds: float = 30.0 * _DAY_SECONDS,
    ) -> None:
        """Open nothing yet: the first flush does.

        Args:
            directory: made if missing, for its owner alone.
            worker: letters, digits and `_`; no other living writer uses the same directory with it.
            clock: wall-clock Unix seconds.
            event: makes `records.lost` lines, `RecordBuilder.event`.
            on_failure: whether `check` refuses exchanges while records cannot be written.
            segment_bytes: a segment that has reached this is closed.
            max_bytes: what all segments in the directory may have together; the oldest go.
            keep_seconds: segments older than this go.
        """
        self._directory = directory
        self._worker = worker
        self._clock = clock
        self._event = event
        self._on_failure = on_failure
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._keep_seconds = keep_seconds
        self._pending: list[bytes] = []
        self._fd = -1
        self._size = 0
        self._day = -1
        self._sealer: Thread | None = None
        self._troubles: list[OSError] = []
        self.lost = 0
        """Records lost since the last `records.lost` line."""
        self.failure: OSError | None = None
        """Why the last write failed; None when it did not."""

    def append(self, line: bytes) -> None:
        """Take one line, which ends with a line feed. Nothing is written before `flush`."""
        self._pending.append(line)

    def flush(self) -> bool:
        """Hand everything appended to the kernel.

        Returns:
            Whether all of it is there. False: it is lost, and counted.
        """
        pending = self._pending
        if not pending:
            return True
        self._pending = []
        try:
            now = self._clock()
            if (
                self._fd < 0
                or self._size >= self._segment_bytes
                or now // _DAY_SECONDS != self._day
            ):
                self._rotate(now)
            if self.lost or self._troubles:
                self._report(now)
            self._write(b"".join(pending))
        except OSError as error:
            self.failure = error
            self.lost += len(pending)
            return False
        self.failure = None
        return True

    def check(self) -> None:
        """Let an exchange go on if it can be recorded, or need not be.

        Raises:
            Denied: `records-unavailable`, where the policy is to deny and the last write failed.
                The refusal's own record is the next attempt.
        """
        if self.failure is not None and self._on_failure == "deny":
            raise Denied("records-unavailable", "records.unavailable")

    def close(self) -> None:
        """Write the rest, and wait until the disk has it.

        Raises:
            OSError: the disk does not take it.
        """
        self.flush()
        if self._sealer is not None:
            self._sealer.join()
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def _write(self, data: bytes) -> None:
        """Write all of `data` or none of it, so that no line is torn by a disk that fills up.

        Raises:
            OSError: nothing was written.
        """
        written = os.write(self._fd, data)
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._size += written

    def _rotate(self, now: float) -> None:
        """Go on in a new segment; the old one is made durable beside the loop."""
        fd = open_segment(self._directory, self._worker, now)
        old, self._fd = self._fd, fd
        self._size = 0
        self._day = int(now // _DAY_SECONDS)
        if self._sealer is not None:
            self._sealer.join()
        self._sealer = Thread(target=self._seal, args=(old, now), name="records", daemon=True)
        self._sealer.start()

    def _seal(self, fd: int, now: float) -> None:
        """Runs in a thread: writing out a segment and deleting old ones can take a second."""
        try:
            if fd >= 0:
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)
            prune(
                self._directory,
                now=now,
                keep_seconds=self._keep_seconds,
                max_bytes=self._max_bytes - self._segment_bytes,
            )
        except OSError as error:
            self._troubles.append(error)

    def _report(self, now: float) -> None:
        """Say in the records what is wrong with them."""
        if self.lost:
            self._write(self._event("records.lost", now, self.lost))
            self.lost = 0
        if self._troubles:
            self._write(self._event("records.housekeeping-failed", now, len(self._troubles)))
            self._troubles.clear()
