"""Roles: named sets of scopes that inherit from each other (AZ-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

_MOST_COMBINATIONS = 4096
"""Distinct sets of roles whose grants are remembered; all are forgotten when there are more."""


class RoleDefinition(Protocol):
    """What a policy says about one role."""

    @property
    def scopes(self) -> frozenset[str]:
        """Granted to whoever holds the role."""

    @property
    def inherits(self) -> tuple[str, ...]:
        """Names of roles that holders of this one hold too."""


class Grants(NamedTuple):
    """What a set of roles amounts to."""

    roles: frozenset[str]
    """The roles themselves and all that they inherit."""
    scopes: frozenset[str]


class RoleTable:
    """A compiled role hierarchy.

    A role that the table does not define grants nothing; it still counts as held, so that a rule
    may name roles of a token issuer that need no scopes here.
    """

    __slots__ = ("_closed", "_known")

    def __init__(self, roles: Mapping[str, RoleDefinition]) -> None:
        """
        Raises:
            ValueError: a role inherits from one that is not defined, or from itself in a circle.
        """
        self._closed: dict[str, Grants] = {}
        for name in roles:
            self._close(name, roles, ())
        self._known: dict[frozenset[str], Grants] = {}

    def _close(
        self, name: str, roles: Mapping[str, RoleDefinition], path: tuple[str, ...]
    ) -> Grants:
        closed = self._closed.get(name)
        if closed is not None:
            return closed
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise ValueError(f"roles inherit in a circle: {circle}")
        definition = roles.get(name)
        if definition is None:
            raise ValueError(f"role `{path[-1]}` inherits from `{name}`, which is not defined")
        held, scopes = {name}, set(definition.scopes)
        for parent in definition.inherits:
            grants = self._close(parent, roles, (*path, name))
            held |= grants.roles
            scopes |= grants.scopes
        closed = self._closed[name] = Grants(frozenset(held), frozenset(scopes))
        return closed

    def grants(self, roles: frozenset[str]) -> Grants:
        """Everything that the holder of `roles` holds by them."""
        known = self._known.get(roles)
        return known if known is not None else self._combine(roles)

    def _combine(self, roles: frozenset[str]) -> Grants:
        held, scopes = set(roles), set[str]()
        for name in roles & self._closed.keys():
            grants = self._closed[name]
            held |= grants.roles
            scopes |= grants.scopes
        if len(self._known) >= _MOST_COMBINATIONS:
            self._known.clear()
        combined = self._known[roles] = Grants(frozenset(held), frozenset(scopes))
        return combined
