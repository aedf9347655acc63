"""What is fuzzed: a function that raises where an invariant breaks, with its seeds and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser, decoder, judge or chain."""

    name: str
    run: Callable[[bytes], None]
    """Returns where all is well, refusals included. Whatever it raises is a finding."""
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    """Words of the grammar, which mutations put in."""
    longest: int = 4096
    """Bytes of an input."""
    most_cpu: float = 0.0
    """Milliseconds of CPU that no input may cost, the least of three runs; 0: not judged."""


class BrokenInvariantError(AssertionError):
    """Something that must always hold does not."""


def require(holds: bool, what: str, *seen: object) -> None:
    """Raise BrokenInvariantError unless `holds`; `seen` is shown."""
    if not holds:
        raise BrokenInvariantError(" | ".join([what, *(ascii(each)[:300] for each in seen)]))
