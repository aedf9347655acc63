"""Writes when API keys were last used, away from the event loop."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

from vallum.store.errors import StateUnusable
from vallum.store.keys import record_usage

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2.0


class UsageWriter:
    """Takes what a worker noted, about once a minute, and writes it in a thread of its own."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: the state file.
        """
        self._path = path
        self._threads: list[threading.Thread] = []

    def __call__(self, used: Mapping[str, float]) -> threading.Thread:
        """Write soon: Unix seconds by key id. The thread is returned for whoever wants to wait."""
        thread = threading.Thread(target=self._write, args=(used,), name="key-usage", daemon=True)
        thread.start()
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        return thread

    def finish(self) -> None:
        """Wait until all is written, before the process ends; not for ever."""
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS)

    def _write(self, used: Mapping[str, float]) -> None:
        try:
            record_usage(self._path, used)
        except (StateUnusable, sqlite3.Error) as error:
            # Nothing is decided by it, and the next minute brings the next chance.
            _log.warning("times of last use of %d keys are lost: %s", len(used), error)
