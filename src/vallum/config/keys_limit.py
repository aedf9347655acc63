"""Rate limits, as text or as a mapping."""

from __future__ import annotations

from typing import Any

from vallum.config import values
from vallum.config.kinds import (
    INVALID,
    Context,
    Either,
    Integer,
    Key,
    Made,
    Many,
    Section,
    Text,
    Values,
)
from vallum.config.values import Bad

_LIMIT_KEYS = {
    "rate": Key(Text("a rate such as `60/minute`", values.rate), "units in a time", is_needed=True),
    "per": Key(
        Text("what is counted for"), "principal, key, address or operation; default principal"
    ),
    "burst": Key(Integer(1, 1_000_000_000), "units that may be taken at once; default: the rate's"),
    "cost": Key(Integer(1, 1_000_000_000), "units that one request takes; default 1"),
    "group": Key(Text("a name"), "operations of one group share what is left"),
}


def _limit(found: Values, context: Context) -> Any:
    if "rate" not in found:
        return INVALID
    units, seconds = found["rate"]
    try:
        return values.make_limit(
            units,
            seconds,
            per=found.get("per", "principal"),
            burst=found.get("burst", units),
            cost=found.get("cost", 1),
            group=found.get("group", ""),
        )
    except Bad as err:
        context.report.add(err.code, err.message, found.node, err.hint)
        return INVALID


_ONE_LIMIT = Either(
    "a limit such as `60/minute per principal`",
    text=Text("a limit such as `60/minute per principal`", values.limit),
    mapping=Made(Section("a limit", _LIMIT_KEYS), _limit),
)

LIMIT = Either(
    "a limit such as `60/minute per principal`, a list of them, or `none`",
    words={"none": ()},
    text=Many(_ONE_LIMIT.text, limit=8) if _ONE_LIMIT.text else None,
    items=Many(_ONE_LIMIT, can_be_empty=False, limit=8),
    mapping=Made(_ONE_LIMIT, lambda limit, _: (limit,)),
)
