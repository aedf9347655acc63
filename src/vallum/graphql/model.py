"""What the room speaks of: limits, refusals, and what an operation amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

OperationKind = Literal["query", "mutation", "subscription"]

REFUSALS: Final[Mapping[str, str]] = {
    "syntax": "must be a GraphQL document",
    "tokens": "must not have more tokens",
    "nesting": "must not nest deeper",
    "name": "must not have longer names",
    "aliases": "must not have more aliases",
    "directives": "must not have more directives",
    "not-executable": "must hold operations and fragments only",
    "duplicate-name": "must not name two operations or fragments alike",
    "fragment-cycle": "must not hold fragments that contain themselves",
    "fragments": "must not nest or multiply fragments further",
    "depth": "must not select fields deeper",
    "root-fields": "must not select more root fields",
    "cost": "must not ask for more at once",
    "introspection": "must not ask for the schema",
    "invalid": "must be valid against the schema",
    "operation-name": "must name exactly one operation of the document",
    "subscription": "must not be a subscription",
    "variable": "must be a value of the variable's type",
    "unknown-variable": "must be a variable of the operation",
    "values": "must not hold more values",
    "member": "must be a member of a GraphQL request, once",
    "type": "must be of the type that a GraphQL request has here",
    "batch": "must not hold more operations",
    "mutation-in-batch": "must not hold a mutation beside other operations",
    "persisted": "must be the hash of an allowed document",
}
"""Code → what was expected, for the caller. Every refusal of the room has one of these codes."""


class RefusedGraphQL(Exception):  # noqa: N818  (named for what it says about the request)
    """A GraphQL request that is refused. Holds no value of the request."""

    def __init__(self, code: str, pointer: str = "/query", detail: str = "") -> None:
        """
        Args:
            code: a key of `REFUSALS`.
            pointer: JSON Pointer of the place in the request.
            detail: more than `REFUSALS` says, for the caller.
        """
        super().__init__(code)
        self.code = code
        self.pointer = pointer
        self.detail = detail or REFUSALS[code]


class Limits(NamedTuple):
    """Bounds on one request (B-297, B-299)."""

    depth: int = 10
    cost: int = 1_000
    tokens: int = 2_000
    aliases: int = 15
    root_fields: int = 15
    directives: int = 10


class Cost(NamedTuple):
    """What an operation costs: a number, and parts that variables multiply."""

    fixed: int = 0
    scaled: tuple[tuple[str, Cost], ...] = ()
    """Name of the variable that says how many are wanted, and the cost of each."""

    def of(self, variables: Mapping[str, object]) -> int:
        """The cost with these values."""
        total = self.fixed
        for name, each in self.scaled:
            wanted = variables.get(name)
            total += (abs(wanted) if type(wanted) is int and wanted else 1) * each.of(variables)
        return total

    def times(self, factor: int) -> Cost:
        """So many of these."""
        if factor == 1:
            return self
        scaled = tuple((name, each.times(factor)) for name, each in self.scaled)
        return Cost(self.fixed * factor, scaled)

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(self.fixed + other.fixed, self.scaled + other.scaled)
