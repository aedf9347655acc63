"""Rate limits and quotas (TR-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LimitKey = Literal["principal", "key", "address", "operation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many units in so much time for each caller of one kind."""

    units: int
    seconds: float
    per: LimitKey
    burst: int
    """Units that may be taken at once; `units` unless the policy says otherwise."""
    cost: int = 1
    """Units that one request takes."""
    group: str = ""
    """Operations of one group share a bucket (B-267); empty: the operation's own."""
