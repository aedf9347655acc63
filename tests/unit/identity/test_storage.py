"""What the provider keeps, on both databases."""

from __future__ import annotations

from tests.support.provider import Provider

from vallum.identity.storage.flows import Flows
from vallum.identity.storage.once import first_time
from vallum.identity.storage.tickets import Tickets


def test_a_flow_lives_in_its_browser_only_and_for_ten_minutes(provider: Provider) -> None:
    flows = Flows(provider.services.database, provider.clock)
    flow = provider.run(flows.begin, "browser-1", "authorize", "/next", {"a": 1})
    assert provider.run(flows.load, flow.id, "browser-1") == flow
    assert provider.run(flows.load, flow.id, "browser-2") is None
    changed = provider.run(flows.keep, flow, user_id="user_1", amr=("pwd",))
    assert provider.run(flows.load, flow.id, "browser-1") == changed
    provider.clock.now += 601
    assert provider.run(flows.load, flow.id, "browser-1") is None


def test_a_flow_ends_once(provider: Provider) -> None:
    flows = Flows(provider.services.database, provider.clock)
    flow = provider.run(flows.begin, "browser-1", "authorize", "/next", {})
    assert provider.run(flows.end, flow)
    assert not provider.run(flows.end, flow)


def test_a_ticket_works_once_for_its_purpose_and_voids_older_ones(provider: Provider) -> None:
    tickets = Tickets(provider.services.database, provider.clock)
    old = provider.run(tickets.issue, "reset-password", "user_1")
    new = provider.run(tickets.issue, "reset-password", "user_1")
    assert provider.run(tickets.use, old, "reset-password") is None
    assert provider.run(tickets.use, new, "verify-email") is None
    used = provider.run(tickets.use, new, "reset-password")
    assert used is not None
    assert used.user_id == "user_1"
    assert provider.run(tickets.use, new, "reset-password") is None


def test_what_was_seen_once_is_not_seen_for_the_first_time_again(provider: Provider) -> None:
    async def see(*parts: str) -> bool:
        async with provider.services.database.write() as connection:
            return await first_time(
                connection, "jti", *parts, until=provider.clock() + 60, now=provider.clock()
            )

    assert provider.run(see, "a", "bc")
    assert provider.run(see, "ab", "c")
    assert not provider.run(see, "a", "bc")
