"""What clients have signed passes once, and of each key only so much as can be remembered (B-200).

For proofs (RFC 9449 §11.1) and signatures of requests (RFC 9421 §7.2.2): who holds a key can make
as many of them as it likes, and each must be remembered until it expires.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

from vallum.core.ports import LimitStore
from vallum.core.problems import Denied
from vallum.limits.gcra import interval_seconds

MOST_A_MINUTE: Final = 60_000
"""Of one key: what one client may make us remember."""


class ReplayStore(Protocol):
    """What is used once; `vallum.limits.replays.Replays`."""

    made_at: float
    """Unix seconds; nothing is known of what was used before."""

    def is_first(self, replay_id: bytes, until: float, now: float) -> bool:
        """Whether nobody used it before; it is used from now on."""
        ...


class OncePerKey:
    """Takes each thing that a key has signed once."""

    __slots__ = ("_burst", "_interval", "_limits", "_prefix", "_reason", "_replays")

    def __init__(
        self,
        *,
        replays: ReplayStore,
        limits: LimitStore,
        prefix: bytes,
        reason: str,
        most: int = MOST_A_MINUTE,
    ) -> None:
        """
        Args:
            replays: what was used; shared by all workers.
            limits: counts what each key makes; shared by all workers.
            prefix: of the keys in `limits`.
            reason: why a key is refused that makes too much.
            most: of one key in a minute.
        """
        self._replays = replays
        self._limits = limits
        self._prefix = prefix
        self._reason = reason
        self._burst = most
        self._interval = interval_seconds(most, 60.0)

    @property
    def known_since(self) -> float:
        """Unix seconds; nothing is known of what was used before."""
        return self._replays.made_at

    def is_first(self, key: str, replay_id: bytes, until: float, now: float) -> bool:
        """Whether nobody used it before; it is used from now on.

        Raises:
            Denied: the key has made too many.
        """
        left = self._limits.take(
            self._prefix + key.encode("ascii"),
            now=now,
            interval=self._interval,
            burst=self._burst,
            cost=1,
        )
        if left < 0.0:
            retry = b"retry-after: %d\r\n" % max(1, math.ceil(-left))
            raise Denied("rate-limited", self._reason, fields=retry)
        return self._replays.is_first(replay_id, until, now)
