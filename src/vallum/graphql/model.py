"""What the room speaks of: limits, refusals, and what an operation amounts to."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
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


SIZES: Final = frozenset(
    {
        "first",
        "last",
        "limit",
        "take",
        "pageSize",
        "page_size",
        "perPage",
        "per_page",
    }
)
"""Arguments, and members of them, that say how many are wanted, by name."""
_MOST: Final = 10**9
"""Beyond every limit of cost."""
_LONGEST: Final = 400
"""Characters of a number that is read."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def amount(value: object) -> int:
    """How many a value asks for, at least one. Scalars of a schema's own may be spelled as text."""
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) is None:
            return 1
        value = float(value) if len(value) <= _LONGEST else _MOST
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 1
    return max(1, math.ceil(min(abs(value), _MOST)))


def together(one: int, other: int) -> int:
    """So many of so many, as far as it matters."""
    return min(_MOST, one * other)


def _amount_within(value: object, *, is_size: bool) -> int:
    """All sizes within a value, each as often as the others say."""
    children: Iterable[tuple[object, bool]] = ()
    if isinstance(value, dict):
        children = [(each, name in SIZES) for name, each in value.items()]
    elif isinstance(value, list):
        children = [(each, is_size) for each in value]
    elif is_size:
        return amount(value)
    found = 1
    for each, says_size in children:
        found = together(found, _amount_within(each, is_size=says_size))
    return found


class Unknown(NamedTuple):
    """A number of items that the value of a variable says."""

    variable: str
    is_size: bool = True
    """Whether its value says how many are wanted; else only members of it may."""
    absent: int = 1
    """How many are wanted where the request does not say."""


class Scaled(NamedTuple):
    """A part of a cost that variables multiply."""

    each: Cost
    factor: int
    unknown: tuple[Unknown, ...]


class Cost(NamedTuple):
    """What an operation costs: a number, and parts that variables multiply.

    It is as deep as fields are selected and as large as the document, however many sizes a field
    takes: what is below a field is multiplied by all of them at once, and not before it is known.
    """

    fixed: int = 0
    scaled: tuple[Scaled, ...] = ()

    def of(self, variables: Mapping[str, object]) -> int:
        """The cost with these values, defaults included."""
        return self._of(variables, {})

    def _of(self, variables: Mapping[str, object], known: dict[tuple[str, bool], int]) -> int:
        total = self.fixed
        for each, factor, unknown in self.scaled:
            for name, is_size, absent in unknown:
                many = absent
                if name in variables:
                    key = (name, is_size)
                    # A large value is looked through once, however many fields take it.
                    if key not in known:
                        known[key] = _amount_within(variables[name], is_size=is_size)
                    many = known[key]
                factor = together(factor, many)
            total += factor * each._of(variables, known)
        return total

    def times(self, factor: int, unknown: Sequence[Unknown] = ()) -> Cost:
        """So many of these, and as often as variables say."""
        if unknown or (self.scaled and factor > 1):
            return Cost(0, (Scaled(self, factor, tuple(unknown)),))
        return self._replace(fixed=self.fixed * factor)

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(self.fixed + other.fixed, self.scaled + other.scaled)
