"""Operations that ask how well and how lately somebody signed in (RFC 9470)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest
from tests.support.exchanges import ManualClock, make_exchange, make_operation

from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.filters.step_up import StepUp

CLOCK = ManualClock()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operation asks."""

    public: bool = False
    acr: tuple[str, ...] = ()
    max_auth_age: float = 0.0
    mfa: bool = False


def judge(settings: Settings, scheme: bytes = b"Bearer", **claims: Any) -> Denied | None:
    """What the control says about a user's token."""
    attachment = StepUp(CLOCK).attach(make_operation(), settings)
    assert attachment is not None
    assert attachment.check is not None
    user = Principal(
        kind="user", issuer="i", subject="user:ann", claims=MappingProxyType(dict(claims))
    )
    exchange = make_exchange((b"authorization", scheme + b" token"), principal=user)
    try:
        attachment.check(exchange)
    except Denied as denied:
        return denied
    return None


def test_what_asks_for_nothing_is_not_attached() -> None:
    assert StepUp(CLOCK).attach(make_operation(), Settings()) is None


def test_a_public_operation_cannot_ask() -> None:
    with pytest.raises(ValueError, match="public"):
        StepUp(CLOCK).attach(make_operation(), Settings(public=True, mfa=True))


@pytest.mark.parametrize(
    ("settings", "claims"),
    [
        (Settings(acr=("gold", "silver")), {"acr": "silver"}),
        (Settings(mfa=True), {"amr": ["pwd", "mfa"]}),
        (Settings(max_auth_age=300), {"auth_time": CLOCK.now - 300}),
        (Settings(max_auth_age=300), {"auth_time": CLOCK.now + 1}),
    ],
)
def test_enough_is_enough(settings: Settings, claims: dict[str, Any]) -> None:
    assert judge(settings, **claims) is None


@pytest.mark.parametrize(
    ("settings", "claims", "reason"),
    [
        (Settings(acr=("gold",)), {}, "step-up.acr"),
        (Settings(acr=("gold",)), {"acr": ["gold"]}, "step-up.acr"),
        (Settings(acr=("gold",)), {"acr": "Gold"}, "step-up.acr"),
        (Settings(mfa=True), {}, "step-up.mfa"),
        (Settings(mfa=True), {"amr": "mfa"}, "step-up.mfa"),
        (Settings(mfa=True), {"amr": ["pwd"]}, "step-up.mfa"),
        (Settings(max_auth_age=300), {}, "step-up.age"),
        (Settings(max_auth_age=300), {"auth_time": True}, "step-up.age"),
        (Settings(max_auth_age=300), {"auth_time": "now"}, "step-up.age"),
        (Settings(max_auth_age=300), {"auth_time": CLOCK.now - 301}, "step-up.age"),
        (Settings(max_auth_age=300), {"auth_time": CLOCK.now + 60}, "step-up.age"),
        (Settings(max_auth_age=300), {"auth_time": float("nan")}, "step-up.age"),
    ],
)
def test_too_little(settings: Settings, claims: dict[str, Any], reason: str) -> None:
    denied = judge(settings, **claims)
    assert denied is not None
    assert (denied.status, denied.reason) == (401, reason)
    assert denied.problem.slug == "insufficient-authentication"
    assert b'Bearer realm="vallum", error="insufficient_user_authentication"' in denied.fields


def test_the_challenge_says_what_to_ask_for() -> None:
    denied = judge(Settings(acr=("gold", "silver"), max_auth_age=300), b"DPoP")
    assert denied is not None
    assert denied.fields.startswith(
        b'www-authenticate: DPoP realm="vallum", error="insufficient_user_authentication", '
        b'acr_values="gold silver", max_age="300", algs="'
    )


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (Settings(mfa=True), b'acr_values="two"'),
        (Settings(mfa=True, acr=("gold",)), b'acr_values="gold"'),
    ],
)
def test_a_second_factor_is_asked_for_by_its_name(settings: Settings, asked: bytes) -> None:
    attachment = StepUp(CLOCK, mfa_acr="two").attach(make_operation(), settings)
    assert attachment is not None
    assert attachment.check is not None
    user = Principal(kind="user", issuer="i", subject="user:ann", claims=MappingProxyType({}))
    with pytest.raises(Denied) as refusal:
        attachment.check(make_exchange(principal=user))
    assert asked in refusal.value.fields


@pytest.mark.parametrize("kind", ["client", "workload"])
def test_programs_cannot_sign_in(kind: Any) -> None:
    attachment = StepUp(CLOCK).attach(make_operation(), Settings(mfa=True))
    assert attachment is not None
    assert attachment.check is not None
    program = Principal(
        kind=kind, issuer="i", subject="s", claims=MappingProxyType({"amr": ["mfa"]})
    )
    with pytest.raises(Denied) as refusal:
        attachment.check(make_exchange(principal=program))
    assert (refusal.value.status, refusal.value.reason) == (403, "step-up.no-user")
