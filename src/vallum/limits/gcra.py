"""The generic cell rate algorithm, as arithmetic on one number per key.

The number is the theoretical arrival time (TAT): the wall-clock second at which the bucket would be
full again. There is no window to begin or end, so no burst at an edge (B-265).
"""

from __future__ import annotations

import math

_TICKS = 2.0**21
"""Intervals are multiples of a tick. Unix seconds fit a float to 2^-22 s until 2038 and to 2^-21 s
after, so sums and differences of them are exact: `burst` takes at one instant are `burst`, never
one fewer by rounding."""

LARGEST_SKEW_SECONDS = 60.0
"""A TAT further ahead than its bucket allows by more than this was written before the clock was set
back. Less can be another worker that read the clock a moment later."""


def interval_seconds(units: int, seconds: float) -> float:
    """Seconds per unit, rounded up so that the limit is never exceeded.

    Raises:
        ValueError: `units` or `seconds` is not positive or not finite.
    """
    if units < 1 or not 0 < seconds < math.inf:
        raise ValueError("a limit needs at least one unit and a positive time")
    return math.ceil(seconds / units * _TICKS) / _TICKS


def take(
    tat: float, now: float, interval: float, burst: float, cost: float
) -> tuple[float, float | None]:
    """Take `cost` units from a bucket.

    Args:
        tat: what was kept for the key; 0.0 for a new one.
        now: Unix seconds.
        interval: seconds per unit, from `interval_seconds`.
        burst: units in a full bucket.
        cost: units to take; 0 asks.

    Returns:
        The answer of `LimitStore.take`, and the TAT to keep (None: keep the old one).
    """
    span = cost * interval
    new = (tat if tat > now else now) + span
    left = burst * interval - (new - now)
    if left >= 0.0:
        return left / interval, new if span else None
    if left >= -span - LARGEST_SKEW_SECONDS:
        return left, None
    # The clock went back. An empty bucket is the most that may be owed, and starting from one never
    # grants more than the rate; waiting for the old time could lock a caller out for years.
    return -(span or interval), now + burst * interval
