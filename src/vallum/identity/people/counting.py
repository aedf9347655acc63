"""Counting failures atomically: the statements of the guard, each made once."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import Double, Integer, and_, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vallum.identity.storage.tables import ATTEMPTS

NO_END: Final = 2**31 - 1
"""More failures than there can be, for keys that are never closed."""
_OPEN: Final = 0.0
"""Not a time of now: who has waited for the database since would still have to wait for that."""

_ONE: Final = update(ATTEMPTS).where(ATTEMPTS.c.key == bindparam("which"))
BLOCK: Final = _ONE
"""With `blocked_until`."""
TAKE_BACK: Final = _ONE.values(
    consecutive=ATTEMPTS.c.consecutive - 1,
    failures=ATTEMPTS.c.failures - 1,
    blocked_until=_OPEN,
)
CLEAR: Final = _ONE.values(consecutive=0, failures=ATTEMPTS.c.failures - 1, blocked_until=_OPEN)
TAKE_FROM_WINDOW: Final = _ONE.values(failures=ATTEMPTS.c.failures - 1)
COUNTS: Final = select(ATTEMPTS.c.blocked_until, ATTEMPTS.c.consecutive).where(
    ATTEMPTS.c.key == bindparam("which")
)


@cache
def increment(dialect: str, *, refuse: bool) -> Any:
    """Count one failure of `which` at `now`, and answer with both counts.

    Counting starts anew where the last failure was before `forgotten`. With `refuse` nothing is
    counted, and nothing answered, where the key is blocked or has `most` failures.
    """
    module: Any = sqlite if dialect == "sqlite" else postgresql
    now = bindparam("now", type_=Double)
    is_open = and_(
        ATTEMPTS.c.blocked_until <= now,
        ATTEMPTS.c.consecutive < bindparam("most", type_=Integer),
    )
    begins_anew = ATTEMPTS.c.last < bindparam("forgotten", type_=Double)
    return (
        module.insert(ATTEMPTS)
        .values(
            key=bindparam("which"),
            failures=1,
            consecutive=1,
            first=now,
            last=now,
            blocked_until=_OPEN,
        )
        .on_conflict_do_update(
            index_elements=[ATTEMPTS.c.key],
            set_={
                "failures": ATTEMPTS.c.failures + 1,
                "consecutive": case((begins_anew, 1), else_=ATTEMPTS.c.consecutive + 1),
                "last": now,
            },
            where=is_open if refuse else None,
        )
        .returning(ATTEMPTS.c.failures, ATTEMPTS.c.consecutive)
    )
