"""What every engine is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from efficacy.model import Sample

STOPPING: Final = frozenset({400, 403, 421, 422})
"""What engines answer when they stop a request for what it holds. The upstream answers nothing of
it; a method or a media type that nobody takes is no attack that was stopped."""


class Verdict(NamedTuple):
    """What an engine did with one request."""

    stopped: bool
    by: str = ""
    """Reason or rule, where the engine tells."""
    evidence: str = ""


class Judged(NamedTuple):
    """What an engine did with many requests."""

    verdicts: list[Verdict]
    cpu_us: float
    """Per request."""


class Engine(Protocol):
    """Something that stops requests or lets them pass."""

    @property
    def name(self) -> str:
        """As the tables show it."""
        ...

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        ...

    def version(self) -> str:
        """Of the program measured."""
        ...

    def open(self) -> AbstractContextManager[Judge]:
        """Ready to judge until the block ends."""
        ...


class Judge(Protocol):
    """An engine at work."""

    def __call__(self, samples: Sequence[Sample]) -> Judged:
        """Judge requests, one after the other."""
        ...
