"""Files that appear whole or not at all, whoever looks and whatever fails meanwhile."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def drafted(path: Path, content: bytes, *, mode: int = 0o600) -> Iterator[Path]:
    """A draft beside `path` that is on the disk, to be put in its place; else it is removed.

    Args:
        path: where the file shall be, in a folder that exists.
        content: of the file.
        mode: of the file from its first moment, less the umask.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(draft, flags, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
