"""Role hierarchies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.authz.roles import RoleTable


@dataclass(frozen=True)
class Definition:
    scopes: frozenset[str] = frozenset()
    inherits: tuple[str, ...] = ()


def define(scopes: str = "", *inherits: str) -> Definition:
    return Definition(frozenset(scopes.split()), inherits)


BOOKSHOP = {
    "admin": define("books:write", "clerk", "reader"),
    "clerk": define("orders:write", "reader"),
    "reader": define("books:read"),
    "guest": define(),
}


@pytest.mark.parametrize(
    ("roles", "held", "scopes"),
    [
        ("", "", ""),
        ("guest", "guest", ""),
        ("reader", "reader", "books:read"),
        ("clerk", "clerk reader", "orders:write books:read"),
        ("admin", "admin clerk reader", "books:write orders:write books:read"),
        ("guest reader", "guest reader", "books:read"),
        ("stranger", "stranger", ""),
        ("stranger reader", "stranger reader", "books:read"),
    ],
)
def test_a_role_grants_what_it_inherits(roles: str, held: str, scopes: str) -> None:
    table = RoleTable(BOOKSHOP)
    for _ in range(3):
        grants = table.grants(frozenset(roles.split()))
        assert grants.roles == set(held.split())
        assert grants.scopes == set(scopes.split())


def test_an_unknown_parent_is_an_error() -> None:
    with pytest.raises(ValueError, match="`admin` inherits from `raeder`"):
        RoleTable({"admin": define("a", "raeder"), "reader": define()})


@pytest.mark.parametrize(
    "roles",
    [
        {"a": define("", "a")},
        {"a": define("", "b"), "b": define("", "a")},
        {"x": define(), "a": define("", "x", "b"), "b": define("", "c"), "c": define("", "b")},
    ],
)
def test_a_circle_is_an_error(roles: dict[str, Definition]) -> None:
    with pytest.raises(ValueError, match=r"in a circle: \w → "):
        RoleTable(roles)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vallum.authz.roles._MOST_COMBINATIONS", 4)
    table = RoleTable(BOOKSHOP)
    for number in range(50):
        table.grants(frozenset({f"role-{number}"}))
    assert len(table._known) <= 4


@given(st.sets(st.sampled_from(sorted(BOOKSHOP))), st.sets(st.sampled_from(sorted(BOOKSHOP))))
def test_more_roles_never_grant_less(some: set[str], more: set[str]) -> None:
    table = RoleTable(BOOKSHOP)
    assert table.grants(frozenset(some)).scopes <= table.grants(frozenset(some | more)).scopes
