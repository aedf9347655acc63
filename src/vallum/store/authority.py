"""The folder of the built-in authority: its key, what it has issued, its revocation list.

The key is a file of mode 0600 without a passphrase, in a folder of mode 0700: what protects it is
what protects the rest of the state. Every change is made under a lock and replaces a file whole.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from vallum.store.errors import StateUnusable
from vallum.store.whole_file import drafted

_INDEX: Final = "issued.json"
_MAX_INDEX: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate that the authority has signed."""

    name: str
    serial: str
    """Lower-case hexadecimal digits."""
    names: tuple[str, ...]
    """Subject alternative names: `dns:…`, `uri:…`, `email:…`."""
    usages: tuple[str, ...]
    issued: float
    """Unix seconds, as are the other times."""
    expires: float
    revoked: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What the authority remembers."""

    crl_number: int = 0
    issued: tuple[Issued, ...] = ()


class AuthorityFolder:
    """Files of one authority."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "ca.pem"
        self.key = folder / "ca.key"
        self.crl = folder / "ca.crl"

    @property
    def exists(self) -> bool:
        """Whether there is an authority."""
        return self.certificate.exists() or self.key.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from changing the folder meanwhile; makes it where needed.

        Raises:
            StateUnusable: the folder cannot be used.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StateUnusable(f"cannot use `{self._folder}`: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Index:
        """What was issued until now.

        Raises:
            StateUnusable: the index cannot be read: it is never taken for empty, because a
                revocation would be forgotten.
        """
        path = self._folder / _INDEX
        try:
            if path.stat().st_size > _MAX_INDEX:
                raise StateUnusable(f"`{path}` is too large")
            found: dict[str, Any] = json.loads(path.read_bytes())
            issued = tuple(
                Issued(**{**each, "names": tuple(each["names"]), "usages": tuple(each["usages"])})
                for each in found["issued"]
            )
            return Index(crl_number=int(found["crl_number"]), issued=issued)
        except OSError as error:
            raise StateUnusable(f"cannot read `{path}`: {error.strerror}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise StateUnusable(f"`{path}` is damaged") from error

    def write(self, index: Index) -> None:
        """Keep `index` in place of the one before."""
        content = {"crl_number": index.crl_number, "issued": [asdict(e) for e in index.issued]}
        replace_file(self._folder / _INDEX, json.dumps(content, indent=1).encode(), private=True)


def replace_file(path: Path, content: bytes, *, private: bool) -> None:
    """Put a file in place of another at one instant.

    Args:
        path: where.
        content: what.
        private: mode 0600 from the first moment; else 0644.

    Raises:
        StateUnusable: it cannot be written.
    """
    try:
        with drafted(path, content, mode=0o600 if private else 0o644) as draft:
            draft.replace(path)
    except OSError as error:
        raise StateUnusable(f"cannot write `{path}`: {error.strerror}") from error
