"""The access filter."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchanges import make_exchange, make_operation, make_user

from vallum.authz.decide import Rule, decide
from vallum.authz.roles import RoleTable
from vallum.config.model import Role
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.filters.access import Access

TABLE = RoleTable(
    {
        "admin": Role(name="admin", scopes=frozenset({"write"}), inherits=("reader",)),
        "reader": Role(name="reader", scopes=frozenset({"read"})),
    }
)


@dataclass(frozen=True)
class Settings:
    public: bool = False
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    deny_roles: frozenset[str] = frozenset()


def settings(scopes: str = "", roles: str = "", deny: str = "") -> Settings:
    return Settings(
        scopes=frozenset(scopes.split()),
        roles=frozenset(roles.split()),
        deny_roles=frozenset(deny.split()),
    )


def attach(rule: Settings) -> Attachment:
    attachment = Access(TABLE).attach(make_operation(), rule)
    assert attachment is not None
    return attachment


def refusal(rule: Settings, exchange: Exchange) -> Denied | None:
    check = attach(rule).check
    assert check is not None
    try:
        assert check(exchange) is None
    except Denied as denied:
        return denied
    return None


def test_public_operations_have_no_rule() -> None:
    assert Access(TABLE).attach(make_operation(), Settings(public=True)) is None
    with pytest.raises(ValueError, match="`public` asks for scopes or roles"):
        Access(TABLE).attach(make_operation(), replace(settings("read"), public=True))


@pytest.mark.parametrize("scope", ["", "a b", 'a"b', "a\\b", "ä", "a\r\nb"])
def test_a_scope_that_no_token_can_hold_is_refused(scope: str) -> None:
    with pytest.raises(ValueError, match="is not a scope"):
        attach(Settings(scopes=frozenset({scope})))


def test_without_a_rule_a_verified_caller_is_needed() -> None:
    denied = refusal(settings(), make_exchange())
    assert denied is not None
    assert denied.reason == "access.anonymous"
    assert refusal(settings(), make_exchange(principal=make_user())) is None


def test_the_start_up_table_says_the_rule() -> None:
    assert attach(settings()).summary == "any caller"
    assert attach(settings("b a", "r", "s")).summary == "a b, role r, not s"


def test_a_bearer_learns_which_scopes_are_needed() -> None:
    user = make_user(scopes=("read",))
    exchange = make_exchange((b"authorization", b"bEARER x"), principal=user)
    denied = refusal(settings("write read"), exchange)
    assert denied is not None
    assert denied.status == 403
    assert denied.reason == "access.missing-scope"
    assert denied.fields == (
        b'WWW-Authenticate: Bearer error="insufficient_scope", scope="read write"\r\n'
    )


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (settings("write"), (b"x-api-key", b"k")),
        (settings("write"), (b"authorization", b"Basic x")),
        (settings("", "admin"), (b"authorization", b"Bearer x")),
        (settings("", "", "guest"), (b"authorization", b"Bearer x")),
    ],
)
def test_others_get_no_challenge(rule: Settings, field: tuple[bytes, bytes]) -> None:
    denied = refusal(rule, make_exchange(field, principal=make_user(roles=("guest",))))
    assert denied is not None
    assert denied.status == 403
    assert denied.fields == b""


def test_explain_says_why() -> None:
    explain = attach(settings("read")).explain
    assert explain is not None
    assert explain(make_exchange(principal=make_user(roles=("reader",)))) == "has `read`"


NAMES = st.frozensets(st.sampled_from(["admin", "reader", "read", "write", "other"]))


@given(NAMES, NAMES, NAMES, st.none() | st.tuples(NAMES, NAMES))
def test_the_fast_way_decides_as_the_one_with_reasons(
    scopes: frozenset[str],
    roles: frozenset[str],
    deny: frozenset[str],
    held: tuple[frozenset[str], frozenset[str]] | None,
) -> None:
    user = None if held is None else replace(make_user(), scopes=held[0], roles=held[1])
    denied = refusal(
        Settings(scopes=scopes, roles=roles, deny_roles=deny), make_exchange(principal=user)
    )
    decision = decide(Rule(scopes=scopes, roles=roles, deny_roles=deny), user, TABLE)
    assert (denied is None) is decision.allowed
    if denied is not None:
        assert denied.reason == decision.reason
