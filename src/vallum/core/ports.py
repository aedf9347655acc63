"""What the deciding rooms need from the outside world, as arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

Clock = Callable[[], float]
"""Returns Unix seconds (wall time) or monotonic seconds; the parameter's name says which."""

ANYONE = b"\0"
"""First byte of a limit key that any stranger can make more of, such as one per address."""

KNOWN = b"\1"
"""First byte of a limit key of a verified caller or an operation. However many strangers come, they
never crowd these out of a bounded store."""


class KeptAnswer(NamedTuple):
    """An answer that went out once and may go out again."""

    status: int
    lines: bytes
    """Complete field lines (`name: value\\r\\n`), without those of one exchange or connection."""
    body: bytes


class LimitStore(Protocol):
    """Keeps one theoretical arrival time per key and updates it atomically."""

    def take(self, key: bytes, *, now: float, interval: float, burst: float, cost: float) -> float:
        """Try to take `cost` units from the bucket `key` by the generic cell rate algorithm.

        Args:
            key: `ANYONE` or `KNOWN`, then canonical identity and limit name.
            now: wall-clock Unix seconds (all workers must agree on it).
            interval: seconds per unit.
            burst: units that may be taken at once when the bucket is full.
            cost: units to take; 0 asks without taking.

        Returns:
            Not negative: taken; units left after it. Negative: refused and nothing taken; minus
            the number of seconds until `cost` units would fit.
        """
        ...
