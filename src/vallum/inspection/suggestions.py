"""What recorded findings suggest: exclusions, contents of fields, tighter schemas.

Only suggestions: an attacker can write records too. A person reads the evidence and decides.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

Record = Mapping[str, Any]

_MANY_CALLERS: Final = 3
"""So many different callers rarely attack the same field with the same rule."""
_MOST_EVIDENCE: Final = 3
_CODE_FAMILIES: Final = frozenset({"code", "shell", "sql", "template", "xss", "xml"})

# What a field of such a name usually holds.
_SCHEMAS: Final = (
    (("uuid", "guid"), "format: uuid"),
    (("email", "mail"), "format: email"),
    (("date", "since", "until", "birthday"), "format: date"),
    (("time", "timestamp"), "format: date-time"),
    (("url", "uri", "link", "callback", "webhook"), "format: uri, pattern: '^https://'"),
    (("phone", "mobile", "fax"), "pattern: '^[+]?[0-9 ()-]{4,20}$'"),
    (
        ("sort", "order", "fields", "type", "status", "state", "kind"),
        "enum: [the known values]",
    ),
    (("id", "key", "code", "slug", "ref", "number", "name"), "pattern: '^[A-Za-z0-9_.-]{1,64}$'"),
)


class Target(NamedTuple):
    """A place in requests of one operation."""

    api: str
    operation: str
    location: str
    at: str
    """With `*` for each index."""

    @property
    def selector(self) -> str:
        """As the policy names it."""
        return (self.at or "/") if self.location == "body" else f"{self.location}:{self.at}"


class Suggestion(NamedTuple):
    """One change that a person may make."""

    kind: Literal["exclusion", "content", "schema"]
    target: Target
    change: str
    """One line of the policy, under the operation; or of the contract, under the field."""
    reason: str
    evidence: tuple[str, ...]


@dataclass(slots=True)
class _Seen:
    callers: set[str] = field(default_factory=set)
    count: int = 0
    evidence: Counter[str] = field(default_factory=Counter)


def suggest(records: Iterable[Record], until: str) -> list[Suggestion]:
    """Read records and suggest what could be said in the policy or the contract.

    Args:
        records: of exchanges, in any order.
        until: the last day of suggested exclusions, as `2027-03-31`.
    """
    seen: defaultdict[Target, defaultdict[str, _Seen]] = defaultdict(lambda: defaultdict(_Seen))
    for record in records:
        findings = record.get("findings")
        caller = str(record.get("principal") or record.get("client") or "")
        for finding in findings if isinstance(findings, list) else ():
            if not isinstance(finding, dict) or finding.get("location") == "answer":
                continue
            one = seen[_target(record, finding)][str(finding.get("rule", ""))]
            one.callers.add(caller)
            one.count += 1
            if len(one.evidence) < 100:
                one.evidence[str(finding.get("evidence", ""))] += 1
    return [each for target in sorted(seen) for each in _for_target(target, seen[target], until)]


def _target(record: Record, finding: Mapping[str, Any]) -> Target:
    steps = str(finding.get("at", "")).split("/")
    at = "/".join("*" if step.isdecimal() else step for step in steps)
    return Target(
        str(record.get("api", "")),
        str(record.get("operation", "")),
        str(finding.get("location", "")),
        at,
    )


def _for_target(target: Target, rules: Mapping[str, _Seen], until: str) -> list[Suggestion]:
    # Whoever sends the request chooses the names in it.
    place = json.dumps(target.selector)
    common = {rule: one for rule, one in rules.items() if len(one.callers) >= _MANY_CALLERS}
    families = {rule.partition(".")[0] for rule in common}
    if len(families) > 1:
        content = "code" if len(families & _CODE_FAMILIES) > 1 else "prose"
        callers = set().union(*(one.callers for one in common.values()))
        reason = f"{len(callers)} callers wake {', '.join(sorted(families))} here"
        change = f"fields: {{{place}: {content}}}"
        return [Suggestion("content", target, change, reason, _evidence(common.values()))]
    found = [
        Suggestion(
            "exclusion",
            target,
            f"exclude: [{{rule: {rule}, field: {place}, until: {until}, "
            'reason: "say why it is harmless"}]',
            f"{one.count} findings of {len(one.callers)} callers",
            _evidence([one]),
        )
        for rule, one in sorted(common.items())
    ]
    rare = [one for rule, one in rules.items() if rule not in common]
    if rare and not common:
        reason = f"attacked {sum(one.count for one in rare)} times; a tighter schema needs no luck"
        found.append(Suggestion("schema", target, _schema(target), reason, _evidence(rare)))
    return found


def _evidence(seen: Iterable[_Seen]) -> tuple[str, ...]:
    total: Counter[str] = Counter()
    for one in seen:
        total += one.evidence
    return tuple(text for text, _ in total.most_common(_MOST_EVIDENCE))


def _schema(target: Target) -> str:
    name = target.at.rpartition("/")[2].lower()
    last = name.replace("-", "_").rpartition("_")[2]
    for names, schema in _SCHEMAS:
        if last in names or last.endswith(names):
            return f"{schema}, if the field allows it"
    return "maxLength: the longest that makes sense, and a pattern if the field allows it"
