"""The file of an SQLite database: made for its owner alone, and watched while it is in use."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)


def create_file(path: Path) -> None:
    """Make the file where there is none.

    It has its mode before SQLite, which would follow the umask, sees it; the WAL files beside it
    inherit the mode.

    Raises:
        OSError: it cannot be made.
    """
    # INVARIANT: a file that exists is never opened here. POSIX drops all locks of a process on a
    # file when any descriptor of it is closed; without the locks of its open connections another
    # process would take itself for the last one and delete the WAL under them.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


class OpenedFile:
    """A database's file as a process opened it; notices when another one has taken its place."""

    def __init__(self, path: Path, *, what: str, meanwhile: str) -> None:
        """
        Args:
            path: the file, which exists.
            what: it is, for the operator.
            meanwhile: what follows for clients until a restart.
        """
        self._path = path
        self._opened = _inode(path)
        self._problem = (
            f"{what} `{path}` was replaced or removed while it was in use; until the gateway is"
            f" restarted {meanwhile}. Stop it, put the file in its place without `-wal` and `-shm`"
            " files of another one, and start again"
        )
        self._is_told = False

    def demand_same(self, refusal: type[Exception]) -> None:
        """Refuse to go on with a file that nobody else sees, and log it once.

        SECURITY: commands write to the one that is there, and what they revoke would stay good
        here. Nor can that be opened now: its WAL has the name of the one that is still open.

        Args:
            refusal: what is raised, with what to do as its text.
        """
        if _inode(self._path) == self._opened:
            return
        if not self._is_told:
            self._is_told = True
            _log.error(self._problem)
        raise refusal(self._problem)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
