"""Addresses that fail to authenticate too often."""

from __future__ import annotations

import pytest
from tests.support.exchanges import ManualClock, make_exchange

from vallum.core.problems import PROBLEMS, Denied
from vallum.filters.auth_failures import AuthFailureLimit
from vallum.limits.memory import MemoryLimitStore


def make(failures: int = 3) -> tuple[AuthFailureLimit, ManualClock]:
    clock = ManualClock()
    store = MemoryLimitStore()
    return AuthFailureLimit(store, clock, failures=failures, jitter=lambda: 0.0), clock


WRONG = Denied("unauthenticated", "api-key.unknown")


def test_an_address_with_too_many_failures_waits() -> None:
    failures, clock = make()
    for _ in range(3):
        failures.check(make_exchange().request)
        failures.note_refusal(make_exchange(), WRONG)
    with pytest.raises(Denied) as refused:
        failures.check(make_exchange().request)
    assert refused.value.problem.slug == "rate-limited"
    assert refused.value.reason == "limit.auth-failures"
    assert refused.value.fields == b"Retry-After: 20\r\n"
    failures.check(make_exchange(address="192.0.2.2").request)
    clock.now += 20.0
    failures.check(make_exchange().request)


def test_checks_count_nothing() -> None:
    failures, _ = make()
    for _ in range(100):
        failures.check(make_exchange().request)


@pytest.mark.parametrize("slug", sorted(PROBLEMS.keys() - {"unauthenticated"}))
def test_only_failures_to_authenticate_count(slug: str) -> None:
    failures, _ = make(1)
    for _ in range(5):
        failures.note_refusal(make_exchange(), Denied(slug, "some.reason"))
    if slug == "ambiguous-credentials":
        with pytest.raises(Denied):
            failures.check(make_exchange().request)
    else:
        failures.check(make_exchange().request)


def test_a_request_without_a_credential_is_no_failure() -> None:
    failures, _ = make(1)
    for _ in range(5):
        failures.note_refusal(make_exchange(), Denied("unauthenticated", "auth.none"))
    failures.check(make_exchange().request)


def test_a_network_of_addresses_is_limited_as_one() -> None:
    failures, _ = make()
    for number in range(48):
        exchange = make_exchange(address=f"2001:db8:1:{number:x}::1")
        failures.check(exchange.request)
        failures.note_refusal(exchange, WRONG)
    with pytest.raises(Denied):
        failures.check(make_exchange(address="2001:db8:1:ffff::1").request)
    failures.check(make_exchange(address="2001:db8:2:1::1").request)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 60.0), (30, 0.0)])
def test_a_limit_that_makes_no_sense_is_refused(failures: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        AuthFailureLimit(MemoryLimitStore(), ManualClock(), failures=failures, seconds=seconds)
