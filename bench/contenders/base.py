"""What every contender is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from subjects import Issuer


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a contender is started with."""

    directory: Path
    """For its files; its own."""
    upstream: int
    """Port of the upstream on loopback."""
    issuer: Issuer


@dataclass(frozen=True, kw_only=True)
class Running:
    """A started contender."""

    pid: int
    """Of the process whose whole tree is measured."""
    port: int
    keys: Path | None = None
    """A file with the API keys to use, one a line, where it was made with some."""


class Contender(Protocol):
    """One proxy in one configuration."""

    @property
    def name(self) -> str:
        """As the table shows it."""
        ...

    @property
    def has_controls(self) -> bool:
        """Whether it must refuse a request without a token."""
        ...

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        ...

    def version(self) -> str:
        """Of the program measured."""
        ...

    def start(self, setting: Setting) -> AbstractContextManager[Running]:
        """Start it on the proxy's core; it has ended when the block ends."""
        ...
