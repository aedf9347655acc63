"""The keys that say how free text is inspected."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Any

from vallum.config.diagnostics import suggest
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Key,
    Made,
    Many,
    Section,
    Table,
    Text,
    Values,
)
from vallum.config.values import Bad
from vallum.filters.inspect_ruling import MODES, Exclusion, Selector
from vallum.inspection.detectors.registry import DETECTORS
from vallum.openapi.texts import CONTENTS

FAMILIES = tuple(detector.family for detector in DETECTORS)
RULES = frozenset(rule for detector in DETECTORS for rule in detector.rules)


def _selector(text: str) -> str:
    try:
        Selector(text)
    except ValueError as err:
        hint = "write `/note` for a body, or `query:q`, `header:x-note`, `cookie:c`, `path:id`"
        raise Bad("bad-selector", str(err), hint) from err
    return text


def _day(text: str) -> float:
    try:
        day = date.fromisoformat(text)
    except ValueError as err:
        raise Bad("bad-date", f"`{text}` is no date", "write `2027-03-31`") from err
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _family(text: str) -> str:
    if text not in FAMILIES:
        raise Bad("unknown-family", f"there is no family `{text}`", f"one of {', '.join(FAMILIES)}")
    return text


def _rule(text: str) -> str:
    if text not in RULES:
        raise Bad("unknown-rule", f"there is no rule `{text}`", suggest(text, RULES, what="rule"))
    return text


def _sentence(text: str) -> str:
    if len(text) < 8:
        raise Bad("bad-value", "a reason says why the finding is harmless", "write a sentence")
    return text


_FIELD = Text("a place such as `/note` or `query:q`", _selector, is_exact=True)
_EXCLUSION_KEYS = {
    "reason": Key(Text("a sentence", _sentence), "why the finding is harmless", is_needed=True),
    "until": Key(Text("a date such as `2027-03-31`", _day), "when this ends", is_needed=True),
    "family": Key(Text("a family of attacks", _family), "the family; default all"),
    "rule": Key(Text("a rule such as `sql.union`", _rule), "the rule; default all"),
    "field": Key(_FIELD, "the place; default all"),
}


def _exclusion(found: Values, context: Context) -> Any:
    if not {"family", "rule", "field"} & found.places.keys():
        context.report.add(
            "exclusion-too-wide",
            "an exclusion of everything is no exclusion",
            found.node,
            "name a `family`, a `rule` or a `field`; or write `inspect: monitor`",
        )
        return INVALID
    is_valid = found.keys() == found.places.keys() >= {"reason", "until"}
    if not is_valid:
        return INVALID
    family, rule = found.get("family", ""), found.get("rule", "")
    if family and rule and not rule.startswith(f"{family}."):
        context.report.add(
            "bad-value",
            f"`{rule}` is no rule of the family `{family}`: this excludes nothing",
            found.places["rule"],
            "name one of the two",
        )
        return INVALID
    exclusion = Exclusion(**found)
    if exclusion.until <= time.time():
        context.report.add(
            "exclusion-expired",
            "the exclusion has ended and excludes nothing",
            found.places["until"],
            "remove it, or judge the finding again and write a new date",
        )
    return exclusion


def _plain(found: Values, _: Context) -> dict[str, str]:
    return dict(found)


_MODE = Choice(MODES)

INSPECTION_KEYS: dict[str, Key] = {
    "inspect": Key(_MODE, "what happens to requests that look like attacks; default block"),
    "sensitivity": Key(
        Choice(("relaxed", "default", "strict")),
        "how much it takes to look like an attack: relaxed, default or strict",
    ),
    "detectors": Key(
        Made(Table(Text("a family of attacks", _family), _MODE, "family"), _plain),
        "families of attacks that are treated differently",
    ),
    "fields": Key(
        Made(Table(_FIELD, Choice((*CONTENTS, *MODES)), "place"), _plain),
        "what fields hold, such as prose or code, or how findings in them are treated",
    ),
    "exclude": Key(
        Many(Made(Section("an exclusion", _EXCLUSION_KEYS), _exclusion), limit=200),
        "findings known to be harmless, each with a reason and a last day",
    ),
}
