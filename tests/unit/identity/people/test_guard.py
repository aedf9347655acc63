"""Counting failures: what costs waiting, whom, and for how long; on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import update
from tests.support.provider import Provider

from vallum.identity.people.guard import Attempt, TooManyAttempts, in_words
from vallum.identity.people.guard_rules import RULES, Rule, source_of
from vallum.identity.storage.tables import ATTEMPTS

HOME = "192.0.2.7"


def attempt(provider: Provider, what: Any = "password", **where: Any) -> Attempt:
    """An attempt on Ann's account, unless said otherwise."""
    return provider.run(
        provider.services.guard.check, what, **({"account": "ann", "address": HOME} | where)
    )


def test_waiting_doubles_up_to_the_longest() -> None:
    rule = Rule(2, 5.0, 60.0)
    assert [rule.wait(failures) for failures in range(8)] == [0, 0, 0, 5, 10, 20, 40, 60]
    assert rule.wait(10**9) == 60


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_source_is_the_network_that_one_party_has(address: str, source: str) -> None:
    assert source_of(address) == source


def test_who_mistypes_a_few_times_does_not_wait_and_who_goes_on_does(provider: Provider) -> None:
    for _ in range(6):
        attempt(provider)
    with pytest.raises(TooManyAttempts) as refusal:
        attempt(provider)
    assert refusal.value.seconds == 2
    assert refusal.value.headers == {"retry-after": "2"}
    assert provider.kinds().count("guard.slowed") == 1
    attempt(provider, address="198.51.100.1")  # Another source goes on.
    provider.clock.now += 2
    attempt(provider)
    with pytest.raises(TooManyAttempts):
        attempt(provider)


def test_a_refused_attempt_counts_nothing(provider: Provider) -> None:
    for _ in range(6):
        attempt(provider)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            attempt(provider)
    provider.clock.now += 2
    attempt(provider)


def test_success_forgets_what_a_person_mistyped_but_not_what_a_source_did(
    provider: Provider,
) -> None:
    free = RULES["password"].source
    assert free is not None
    for number in range(free.free):
        attempt(provider, account=f"victim {number}")
    # An account of his own between two guesses does not help who guesses.
    provider.run(provider.services.guard.succeeded, attempt(provider, account="own"))
    attempt(provider, account="next")
    with pytest.raises(TooManyAttempts):
        attempt(provider, account="one more")
    provider.clock.now += 1801
    for _ in range(3):
        for _ in range(5):
            attempt(provider)
        provider.run(provider.services.guard.succeeded, attempt(provider))


def test_attempts_at_once_count_each(provider: Provider) -> None:
    guard = provider.services.guard

    async def rush() -> list[Any]:
        tries = (guard.check("password", account="ann", address=HOME) for _ in range(40))
        return await asyncio.gather(*tries, return_exceptions=True)

    outcomes = provider.run(rush)
    assert sum(isinstance(each, Attempt) for each in outcomes) == 6
    assert sum(isinstance(each, TooManyAttempts) for each in outcomes) == 34


def test_strangers_do_not_slow_a_known_device_which_is_counted_by_itself(
    provider: Provider,
) -> None:
    for number in range(21):
        attempt(provider, address=f"198.51.{number}.1")
    with pytest.raises(TooManyAttempts):
        attempt(provider, address="203.0.113.1")
    for _ in range(11):
        attempt(provider, device=b"device")
    with pytest.raises(TooManyAttempts):
        attempt(provider, device=b"device")


async def as_after(provider: Provider, failures: int) -> None:
    """As if every count so far had come so far."""
    async with provider.services.database.write() as connection:
        await connection.execute(
            update(ATTEMPTS).values(consecutive=failures, failures=failures, blocked_until=0.0)
        )


def test_an_account_is_closed_to_strangers_after_100_failures_in_a_row(provider: Provider) -> None:
    attempt(provider)
    provider.run(as_after, provider, 99)
    attempt(provider, address="198.51.100.1")
    with pytest.raises(TooManyAttempts) as refusal:
        attempt(provider, address="203.0.113.1")
    assert "new password by mail" in refusal.value.text
    assert "guard.closed" in [event.kind for event in provider.events if event.alert]
    provider.clock.now += 90 * 86_400
    provider.run(provider.services.guard.forget_old)
    with pytest.raises(TooManyAttempts):
        attempt(provider, address="203.0.113.1")
    attempt(provider, device=b"device")
    provider.run(provider.services.guard.clear, "password", "ann")
    attempt(provider, address="203.0.113.1")


def test_when_nearly_everything_fails_strangers_get_one_attempt_a_second(
    provider: Provider,
) -> None:
    attempt(provider, account="u0")
    provider.run(as_after, provider, 99)
    attempt(provider, account="u1", address="198.51.100.1")
    with pytest.raises(TooManyAttempts):
        attempt(provider, account="next", address="203.0.113.1")
    assert provider.kinds().count("guard.attack") == 1
    attempt(provider, account="next", device=b"device")
    provider.clock.now += 1
    attempt(provider, account="next", address="203.0.113.1")
    assert provider.kinds().count("guard.attack") == 1


def test_no_attack_is_seen_where_people_succeed(provider: Provider) -> None:
    mine = attempt(provider)
    provider.run(as_after, provider, 105)
    for _ in range(12):
        provider.run(provider.services.guard.succeeded, mine)
    attempt(provider, account="next", address="203.0.113.1")
    assert "guard.attack" not in provider.kinds()


def test_long_secrets_count_when_they_were_wrong_only(provider: Provider) -> None:
    guard = provider.services.guard
    for _ in range(15):
        mine = attempt(provider, "client-secret", account="shop")
        provider.run(guard.succeeded, mine)
    for _ in range(11):
        provider.run(guard.failed, attempt(provider, "client-secret", account="shop"))
    with pytest.raises(TooManyAttempts):
        attempt(provider, "client-secret", account="shop")


def test_an_attempt_that_nobody_looked_at_was_none(provider: Provider) -> None:
    for _ in range(12):
        provider.run(provider.services.guard.withdrawn, attempt(provider))


def test_waiting_is_said_in_words() -> None:
    assert [in_words(each) for each in (1, 60, 121, 3600)] == [
        "1 second", "60 seconds", "3 minutes", "60 minutes",
    ]  # fmt: skip


def test_who_comes_while_another_succeeds_does_not_wait_for_a_moment_that_is_over(
    provider: Provider,
) -> None:
    provider.run(provider.services.guard.succeeded, attempt(provider))
    # Its time was read before it waited for the database.
    provider.clock.now -= 0.5
    attempt(provider)
    attempt(provider, account="eve")
