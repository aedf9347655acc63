"""Remembers what may be used once within a short time, for all workers and across restarts.

A table of limits is exactly that: a bucket of one unit that is full again when the thing has
expired by itself. The table stays where it is when the gateway stops, so that neither a restart nor
two gateways that overlap for a moment forget anything. Only a reboot does (a power failure could
have lost the last writes): the file is named after the boot, and tells when it was made.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from vallum.limits.memory import MemoryLimitStore
from vallum.limits.shared import SharedLimitStore, create_table

SLOTS: Final = 524_288
"""Things that are remembered at one time; 25 bytes each. What finds no room is refused."""

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_MADE_AT: Final = struct.Struct("=d")
_MADE_AT_OFFSET: Final = 1024
"""In the header of the table, behind what the table itself keeps there."""


class MemoryReplays:
    """Of one process, for as long as it runs: for `vallum explain` and tests."""

    __slots__ = ("_store", "made_at")

    def __init__(self, made_at: float = 0.0, *, capacity: int = 65_536) -> None:
        self._store = MemoryLimitStore(capacity=capacity)
        self.made_at = made_at

    def open(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def is_first(self, replay_id: bytes, until: float, now: float) -> bool:
        """See `Replays.is_first`."""
        return _take(self._store, replay_id, until, now)


class Replays:
    """Of all processes that open one path."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: beside the state file; the boot's name is added to it. Made by `open`.
        """
        boot = _BOOT.read_text("ascii").strip().replace("-", "")[:12]
        self._path = path.with_name(f"{path.name}-{boot}")
        self._old = f"{path.name}-*"
        self._store: SharedLimitStore | None = None
        self.made_at = 0.0
        """Unix seconds; nothing is known of what was used before."""

    def open(self) -> None:
        """Map the table, and make it where there is none; once, however often it is called.

        Raises:
            OSError: it cannot be made or opened.
            ValueError: the file is no such table.
        """
        if self._store is not None:
            return
        if not self._path.exists():
            self._create()
        self._store = SharedLimitStore(self._path)
        self.made_at = self._store.read_note(_MADE_AT_OFFSET, _MADE_AT)[0]

    def close(self) -> None:
        """Unmap the table; other processes keep it."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def is_first(self, replay_id: bytes, until: float, now: float) -> bool:
        """Use something up.

        Args:
            replay_id: stands for it; of 16 bytes, evenly distributed.
            until: Unix seconds when it is worth nothing any more.
            now: Unix seconds.

        Returns:
            Whether nobody used it before. False as well where there is no room to remember it.
        """
        if self._store is None:
            raise RuntimeError("the table of replays is not open")
        return _take(self._store, replay_id, until, now)

    def _create(self) -> None:
        """Make the table whole or not at all; the first of two processes wins."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            create_table(draft, slots=SLOTS)
            with draft.open("r+b") as file:
                file.seek(_MADE_AT_OFFSET)
                file.write(_MADE_AT.pack(time.time()))
            with suppress(FileExistsError):
                os.link(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)
        for old in self._path.parent.glob(self._old):
            if old != self._path:
                old.unlink(missing_ok=True)


def _take(
    store: SharedLimitStore | MemoryLimitStore, replay_id: bytes, until: float, now: float
) -> bool:
    # A second more than needed, for workers that read the clock a moment apart.
    life = max(1.0, until - now + 1.0)
    # The first byte of a key chooses one half of the table; both are ours.
    key = bytes((replay_id[0] & 1,)) + replay_id
    return store.take(key, now=now, interval=life, burst=1, cost=1) >= 0.0
