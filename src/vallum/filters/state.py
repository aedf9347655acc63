"""What the state file says of changes, for controls that remember what they verified."""

from __future__ import annotations

from typing import Protocol

from vallum.core.problems import Denied
from vallum.store.errors import StateUnusable


class HasGeneration(Protocol):
    """A part of the state file."""

    def generation(self) -> int:
        """Another number after something changed."""
        ...


def generation_of(state: HasGeneration) -> int:
    """Another number after something changed.

    Raises:
        Denied: 503, the state file is not the one of the start. The caller's credential may be
            good: 401 would make it throw that away.
    """
    try:
        return state.generation()
    except StateUnusable:
        raise Denied("upstream-unavailable", "state.replaced") from None
