"""The limit filters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchanges import ManualClock, make_exchange, make_operation, make_user

from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.limit import (
    API_KEY_ISSUER,
    CallerLimits,
    FloodLimits,
    Limit,
    LimitKey,
    describe,
)
from vallum.limits.memory import MemoryLimitStore


def limit(per: LimitKey, units: int = 3, seconds: float = 60.0, cost: int = 1) -> Limit:
    return Limit(units=units, seconds=seconds, per=per, burst=units, cost=cost)


class Bench:
    """Filters over one store and a clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryLimitStore()

    def attach(
        self, *limits: Limit, operation: str = "listBooks", api: str = "bookshop"
    ) -> list[Attachment]:
        filters = [
            kind(self.store, self.clock, api=api, jitter=lambda: 0.5)
            for kind in (FloodLimits, CallerLimits)
        ]
        attachments = [each.attach(make_operation(operation), limits) for each in filters]
        return [attachment for attachment in attachments if attachment is not None]


def run(attachment: Attachment, exchange: Exchange) -> bytes:
    assert attachment.check is not None
    assert attachment.check(exchange) is None
    return exchange.reply_fields


def passes(attachment: Attachment, exchange: Exchange) -> bool:
    try:
        run(attachment, exchange)
    except Denied:
        return False
    return True


def test_each_kind_of_limit_has_its_phase() -> None:
    assert FloodLimits.phase is Phase.ADMIT
    assert CallerLimits.phase is Phase.METER
    assert FloodLimits.name == CallerLimits.name == "limit"
    assert FloodLimits.kinds | CallerLimits.kinds == {"principal", "key", "address", "operation"}
    assert not FloodLimits.kinds & CallerLimits.kinds


def test_without_a_limit_nothing_is_attached() -> None:
    assert Bench().attach() == []


def test_answers_say_what_the_limit_is_and_what_is_left() -> None:
    bench = Bench()
    (attachment,) = bench.attach(limit("principal", units=60))
    assert attachment.summary == "60/minute per principal"
    assert attachment.reply_fields == b'RateLimit-Policy: "principal";q=60;w=60\r\n'
    user = make_user()
    assert run(attachment, make_exchange(principal=user)) == b'RateLimit: "principal";r=59;t=1\r\n'
    assert run(attachment, make_exchange(principal=user)) == b'RateLimit: "principal";r=58;t=2\r\n'
    bench.clock.now += 1.5
    assert run(attachment, make_exchange(principal=user)) == b'RateLimit: "principal";r=58;t=2\r\n'


def test_a_refusal_says_when_to_come_back() -> None:
    (attachment,) = Bench().attach(limit("principal"))
    user = make_user()
    for _ in range(3):
        run(attachment, make_exchange(principal=user))
    with pytest.raises(Denied) as refused:
        run(attachment, make_exchange(principal=user))
    assert refused.value.status == 429
    assert refused.value.problem.slug == "rate-limited"
    assert refused.value.reason == "limit.principal"
    assert refused.value.fields == b'RateLimit: "principal";r=0;t=20\r\nRetry-After: 21\r\n'


@given(st.floats(0.0, 0.9999), st.integers(1, 1000), st.floats(0.01, 100_000))
def test_retry_after_is_a_positive_number_that_is_not_too_early(
    jitter: float, units: int, seconds: float
) -> None:
    clock = ManualClock()
    check = CallerLimits(MemoryLimitStore(), clock, jitter=lambda: jitter)
    attachment = check.attach(make_operation(), [limit("principal", units, seconds)])
    assert attachment is not None
    user = make_user()
    for _ in range(units):
        run(attachment, make_exchange(principal=user))
    with pytest.raises(Denied) as refused:
        run(attachment, make_exchange(principal=user))
    retry = int(refused.value.fields.rpartition(b"Retry-After: ")[2])
    assert retry >= 1
    clock.now += retry
    run(attachment, make_exchange(principal=user))


def test_several_limits_all_hold_and_are_all_named() -> None:
    flood, caller = Bench().attach(
        limit("principal", 2, 1.0), limit("address", 9), limit("principal", 5, 3600.0)
    )
    assert flood.reply_fields == b'RateLimit-Policy: "address";q=9;w=60\r\n'
    assert caller.reply_fields == (
        b'RateLimit-Policy: "principal";q=2;w=1, "principal-2";q=5;w=3600\r\n'
    )
    assert caller.summary == "2/second per principal, 5/hour per principal"
    user = make_user()
    assert run(caller, make_exchange(principal=user)) == (
        b'RateLimit: "principal";r=1;t=1\r\nRateLimit: "principal-2";r=4;t=720\r\n'
    )
    run(caller, make_exchange(principal=user))
    assert not passes(caller, make_exchange(principal=user))


def test_callers_do_not_share_and_nobody_pays_for_another() -> None:
    (attachment,) = Bench().attach(limit("principal", 1))
    assert passes(attachment, make_exchange(principal=make_user("ann")))
    assert not passes(attachment, make_exchange(principal=make_user("ann")))
    assert passes(attachment, make_exchange(principal=make_user("bob")))
    assert passes(attachment, make_exchange(principal=make_user("ann", issuer="https://b.example")))


def test_a_caller_of_a_public_operation_is_its_address() -> None:
    (attachment,) = Bench().attach(limit("principal", 1))
    assert passes(attachment, make_exchange(address="192.0.2.1"))
    assert not passes(attachment, make_exchange(address="192.0.2.1"))
    assert passes(attachment, make_exchange(address="192.0.2.2"))
    assert passes(attachment, make_exchange(address="192.0.2.1", principal=make_user()))


def test_a_key_limit_counts_keys_but_not_tokens() -> None:
    (attachment,) = Bench().attach(limit("key", 1))
    for credential in ("key-1", "key-2"):
        owner = make_user(issuer=API_KEY_ISSUER, credential=credential)
        assert passes(attachment, make_exchange(principal=owner))
        assert not passes(attachment, make_exchange(principal=owner))
    assert passes(attachment, make_exchange(principal=make_user(credential="token-1")))
    assert not passes(attachment, make_exchange(principal=make_user(credential="token-2")))


def test_an_operation_limit_is_for_all_callers_together() -> None:
    (attachment,) = Bench().attach(limit("operation", 1))
    assert passes(attachment, make_exchange(address="192.0.2.1", principal=make_user("ann")))
    assert not passes(attachment, make_exchange(address="192.0.2.2", principal=make_user("bob")))


def test_operations_share_in_a_group_only() -> None:
    bench = Bench()
    user = make_user()
    for group, shared in (("", False), ("orders", True)):
        grouped = replace(limit("principal", 1), group=group)
        (one,) = bench.attach(grouped, operation="createOrder")
        (other,) = bench.attach(grouped, operation="createOrderV1")
        assert passes(one, make_exchange(principal=user))
        assert passes(other, make_exchange(principal=user)) is not shared


def test_apis_share_in_a_group_only() -> None:
    bench = Bench()
    user = make_user()
    for group, shared in (("", False), ("orders", True)):
        grouped = replace(limit("principal", 1), group=group)
        (one,) = bench.attach(grouped, api="v1")
        (other,) = bench.attach(grouped, api="v2")
        assert passes(one, make_exchange(principal=user))
        assert passes(other, make_exchange(principal=user)) is not shared


def test_operations_with_other_costs_share_a_group() -> None:
    bench = Bench()
    cheap = replace(limit("principal", 10), group="reports")
    (small,) = bench.attach(cheap, operation="getReport")
    (large,) = bench.attach(replace(cheap, cost=8), operation="exportReports")
    user = make_user()
    assert b"r=2" in run(large, make_exchange(principal=user))
    assert b"r=1" in run(small, make_exchange(principal=user))
    assert not passes(large, make_exchange(principal=user))


@pytest.mark.parametrize("cost", [0, -1, 4])
def test_a_limit_that_never_lets_a_request_pass_is_refused(cost: int) -> None:
    with pytest.raises(ValueError, match="burst 3 never lets a request of cost"):
        Bench().attach(limit("principal", cost=cost))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "5/second"), (60, "5/minute"), (3600, "5/hour"), (86_400, "5/day"), (90, "5/90s")],
)
def test_describe(seconds: float, words: str) -> None:
    assert describe(limit("address", 5, seconds)) == f"{words} per address"


def test_large_limits_are_answered_too() -> None:
    (attachment,) = Bench().attach(limit("principal", 1_000_000, 86_400.0))
    line = run(attachment, make_exchange(principal=make_user()))
    assert line == b'RateLimit: "principal";r=999999;t=1\r\n'
