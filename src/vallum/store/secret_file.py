"""Generated secrets that live in files of their own beside the state file."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

from vallum.core.secret import Secret
from vallum.store.errors import StateUnusable
from vallum.store.whole_file import drafted

SECRET_BYTES: Final = 32


def load_secret(path: Path, *, create: bool = True) -> Secret:
    """Read a secret of 32 bytes, written as 64 hexadecimal digits; make it when there is none.

    Args:
        path: the file.
        create: whether a missing file may be made. False where something depends on the old one.

    Raises:
        StateUnusable: missing, damaged, or readable by others than its owner.
    """
    try:
        if not path.exists():
            if not create:
                raise StateUnusable(
                    f"the secret file `{path}` is missing, and the state beside it is worth"
                    " nothing without it; put back both from one backup"
                )
            _create(path)
        return Secret(_read(path))
    except OSError as error:
        raise StateUnusable(f"cannot read the secret file `{path}`: {error.strerror}") from error


def keep_secret(path: Path, secret: Secret) -> None:
    """Put this secret into its file, for processes that cannot make it themselves.

    Args:
        path: the file; one with the same secret is left alone.
        secret: of 32 bytes.

    Raises:
        StateUnusable: the file is damaged, readable by others, or cannot be written.
    """
    try:
        if path.exists() and hmac.compare_digest(_read(path), secret.reveal()):
            return
        with _drafted(path, secret.reveal()) as draft:
            draft.replace(path)
    except OSError as error:
        raise StateUnusable(f"cannot write the secret file `{path}`: {error.strerror}") from error


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:
        # SECURITY: asked of the file that is open, not of its name (no race).
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise StateUnusable(
                f"the secret file `{path}` is readable by others; run: chmod 600 '{path}'"
            )
        text = file.read(4 * SECRET_BYTES)
    try:
        value = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        value = b""
    if len(value) != SECRET_BYTES:
        raise StateUnusable(f"the secret file `{path}` is damaged; restore it from a backup")
    return value


def _create(path: Path) -> None:
    # The first of two processes wins and both read its secret.
    with _drafted(path, secrets.token_bytes(SECRET_BYTES)) as draft, suppress(FileExistsError):
        os.link(draft, path)


def _drafted(path: Path, value: bytes) -> AbstractContextManager[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return drafted(path, f"{value.hex()}\n".encode("ascii"))
