"""Whether a caller may use an operation, and why (AZ-1).

Nobody may do anything unless a rule allows it; a role that is denied overrides every permission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vallum.authz.roles import RoleTable
from vallum.core.principal import Principal

Reason = Literal[
    "access.granted",
    "access.anonymous",
    "access.denied-role",
    "access.missing-role",
    "access.missing-scope",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an operation asks of its callers. An empty rule asks for a verified one."""

    scopes: frozenset[str] = frozenset()
    """All of these are needed."""
    roles: frozenset[str] = frozenset()
    """One of these is needed, where not empty."""
    deny_roles: frozenset[str] = frozenset()
    """None of these may be held."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one caller."""

    allowed: bool
    reason: Reason
    detail: str
    """For the operator: names what decided. Never for the caller."""


def decide(rule: Rule, principal: Principal | None, table: RoleTable) -> Decision:
    """Judge `principal` by `rule`. The same question always gets the same answer."""
    if principal is None:
        return Decision(False, "access.anonymous", "the caller is not known")
    grants = table.grants(principal.roles)
    denied = rule.deny_roles & grants.roles
    if denied:
        return Decision(False, "access.denied-role", f"holds {_names(denied)}, which is denied")
    if rule.roles and not rule.roles & grants.roles:
        return Decision(False, "access.missing-role", f"holds none of {_names(rule.roles)}")
    missing = rule.scopes - principal.scopes - grants.scopes
    if missing:
        return Decision(False, "access.missing-scope", f"lacks {_names(missing)}")
    return Decision(True, "access.granted", _why(rule, grants.roles))


def _why(rule: Rule, held: frozenset[str]) -> str:
    reasons = []
    if rule.roles:
        reasons.append(f"holds {_names(rule.roles & held)}")
    if rule.scopes:
        reasons.append(f"has {_names(rule.scopes)}")
    return " and ".join(reasons) or "any verified caller may"


def _names(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
