"""Limits of one process, in dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from vallum.limits.gcra import take

_SWEPT_PER_INSERT = 4
"""More than one, so that refilled buckets leave faster than new ones come."""


class _Region:
    """A bounded dictionary of TATs."""

    __slots__ = ("capacity", "overflow", "sweep", "tats")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.tats: dict[bytes, float] = {}
        self.overflow = 0.0
        """The one TAT of all keys that found no room."""
        self.sweep: Iterator[bytes] = iter(())

    def prune(self, now: float) -> None:
        """Forget a few buckets that are full again: a full bucket and no bucket are the same."""
        tats = self.tats
        candidates = list(islice(self.sweep, _SWEPT_PER_INSERT))
        if not candidates and tats:
            self.sweep = iter(list(tats))
            candidates = list(islice(self.sweep, _SWEPT_PER_INSERT))
        for key in candidates:
            if tats.get(key, now + 1.0) <= now:
                del tats[key]


class MemoryLimitStore:
    """A `LimitStore` for one process. Exact; keeps at most `capacity` keys per region.

    Keys that find no room share one bucket, so a full store refuses more, never less.
    """

    __slots__ = ("_regions",)

    def __init__(self, *, capacity: int = 65_536) -> None:
        if capacity < 1:
            raise ValueError("a limit store needs room for one key")
        self._regions = (_Region(capacity), _Region(capacity))

    def __len__(self) -> int:
        return sum(len(region.tats) for region in self._regions)

    def take(self, key: bytes, *, now: float, interval: float, burst: float, cost: float) -> float:
        """See `LimitStore.take`."""
        region = self._regions[key[0]]
        tats = region.tats
        tat = tats.get(key)
        if tat is None:
            return self._take_new(region, key, now, interval, burst, cost)
        # What `gcra.take` does with most requests, without the call.
        new = (tat if tat > now else now) + cost * interval
        left = burst * interval - (new - now)
        if left >= 0.0 and cost:
            tats[key] = new
            return left / interval
        answer, tat = take(tat, now, interval, burst, cost)
        if tat is not None:
            tats[key] = tat
        return answer

    def _take_new(
        self, region: _Region, key: bytes, now: float, interval: float, burst: float, cost: float
    ) -> float:
        tat: float | None
        if not cost:
            if region.overflow <= now:
                return burst
            return take(region.overflow, now, interval, burst, cost)[0]
        region.prune(now)
        if len(region.tats) < region.capacity:
            # The key may have been served from the overflow bucket before, so it starts there.
            answer, tat = take(region.overflow, now, interval, burst, cost)
            region.tats[key] = region.overflow if tat is None else tat
            return answer
        # Buckets of unlike limits share this one, so it holds the largest debt of any of them and
        # is never reset as if the clock had gone back.
        answer, tat = take(region.overflow, now, interval, burst, cost)
        if tat is not None and tat > region.overflow:
            region.overflow = tat
        return answer
