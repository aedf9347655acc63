"""Decisions and their reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchanges import make_user

from vallum.authz.decide import Rule, decide
from vallum.authz.roles import RoleTable
from vallum.config.model import Role

TABLE = RoleTable(
    {
        "admin": Role(name="admin", scopes=frozenset({"write"}), inherits=("reader",)),
        "reader": Role(name="reader", scopes=frozenset({"read"})),
        "suspended": Role(name="suspended"),
    }
)


def rule(scopes: str = "", roles: str = "", deny: str = "") -> Rule:
    return Rule(
        scopes=frozenset(scopes.split()),
        roles=frozenset(roles.split()),
        deny_roles=frozenset(deny.split()),
    )


@pytest.mark.parametrize(
    ("asked", "scopes", "roles", "reason", "detail"),
    [
        (rule(), "", "", "access.granted", "any verified caller may"),
        (rule("read"), "read", "", "access.granted", "has `read`"),
        (rule("read"), "", "reader", "access.granted", "has `read`"),
        (rule("read write"), "write", "reader", "access.granted", "has `read`, `write`"),
        (rule("read write"), "read", "", "access.missing-scope", "lacks `write`"),
        (rule("Read"), "read", "", "access.missing-scope", "lacks `Read`"),
        (rule("", "reader"), "", "admin", "access.granted", "holds `reader`"),
        (rule("", "admin"), "read write", "reader", "access.missing-role", "holds none of `admin`"),
        (rule("", "admin"), "", "Admin", "access.missing-role", "holds none of `admin`"),
        (
            rule("read", "reader", "suspended"),
            "read",
            "admin suspended",
            "access.denied-role",
            "holds `suspended`, which is denied",
        ),
        (rule("", "", "reader"), "", "admin", "access.denied-role", "holds `reader`"),
        (rule("read", "reader"), "", "reader", "access.granted", "holds `reader` and has `read`"),
    ],
)
def test_decisions(asked: Rule, scopes: str, roles: str, reason: str, detail: str) -> None:
    user = make_user(scopes=tuple(scopes.split()), roles=tuple(roles.split()))
    decision = decide(asked, user, TABLE)
    assert decision.reason == reason
    assert decision.allowed == (reason == "access.granted")
    assert decision.detail.startswith(detail)


@pytest.mark.parametrize("asked", [rule(), rule("read"), rule("", "reader"), rule("", "", "x")])
def test_nobody_may_do_nothing(asked: Rule) -> None:
    decision = decide(asked, None, TABLE)
    assert not decision.allowed
    assert decision.reason == "access.anonymous"


NAMES = st.frozensets(st.sampled_from(["admin", "reader", "suspended", "read", "write"]))


@given(NAMES, NAMES, NAMES, NAMES, NAMES, st.sampled_from(["scopes", "roles"]))
def test_taking_something_away_never_turns_no_into_yes(
    scopes: frozenset[str],
    roles: frozenset[str],
    deny: frozenset[str],
    held_scopes: frozenset[str],
    held_roles: frozenset[str],
    what: str,
) -> None:
    """Except for a denied role, of which less is more."""
    asked = Rule(scopes=scopes, roles=roles, deny_roles=deny)
    user = replace(make_user(), scopes=held_scopes, roles=held_roles)
    if decide(asked, user, TABLE).allowed:
        return
    poorer = (
        replace(user, scopes=frozenset()) if what == "scopes" else replace(user, roles=frozenset())
    )
    decision = decide(replace(asked, deny_roles=frozenset()), user, TABLE)
    if not decision.allowed:
        assert not decide(asked, poorer, TABLE).allowed
