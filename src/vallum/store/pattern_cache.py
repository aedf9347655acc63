"""Compiled patterns on disk, so that not every start compiles them again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from vallum.store.whole_file import drafted

_DIGEST: Final = hashlib.sha256().digest_size
_KEPT: Final = 8
"""Files that stay when a new one is written, the last used ones: of a few releases and machines."""


def compiled_patterns(
    patterns: Sequence[str],
    directory: Path,
    version: str,
    compile_: Callable[[Sequence[str]], bytes],
) -> bytes:
    """The database of `patterns`: from its file where there is one, else compiled and kept.

    Args:
        patterns: in order.
        directory: of the files, which may be deleted at any time.
        version: of what compiles them; a database of another version is of no use.
        compile_: compiles them.
    """
    key = _key(patterns, version)
    path = directory / f"{key.hex()[:32]}.patterns"
    database = _read(path, key)
    if database is None:
        count = f"{len(patterns):,} patterns"  # Requests and answers have some each.
        sys.stderr.write(f"vallum: compiling {count} of inspection, once for this machine\n")
        database = compile_(patterns)
        try:
            _write(path, key + hashlib.sha256(database).digest() + database)
            _forget(directory)
        except OSError as error:
            sys.stderr.write(f"vallum: cannot keep compiled patterns in {directory}: {error}\n")
    return database


def cache_directory() -> Path:
    """Where this user's programs keep what they can make again (XDG Base Directory)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "vallum"


def _key(patterns: Sequence[str], version: str) -> bytes:
    digest = hashlib.sha256(version.encode("utf-8"))
    for pattern in patterns:
        digest.update(b"\0" + pattern.encode("utf-8"))
    return digest.digest()


def _read(path: Path, key: bytes) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        # SECURITY: the database steers native code. Nobody but us may have written it.
        status = os.fstat(descriptor)
        if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.geteuid():
            return None
        content = file.read()
        database = content[2 * _DIGEST :]
        if content[: 2 * _DIGEST] != key + hashlib.sha256(database).digest():
            return None
        with contextlib.suppress(OSError):
            os.utime(descriptor)  # Says that it is in use; a file system may not let us.
    return database


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with drafted(path, content) as draft:
        draft.replace(path)


def _forget(directory: Path) -> None:
    """Delete all files but those used last: every change of the patterns leaves one behind."""
    used = sorted(
        directory.glob("*.patterns"), key=lambda path: path.lstat().st_mtime_ns, reverse=True
    )
    for path in used[_KEPT:]:
        path.unlink(missing_ok=True)
