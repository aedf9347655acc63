"""Section G: exchanged tokens are worth no more and live no longer than what they came of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from tests.support.oauth import (
    ALL_SCOPES,
    EXCHANGE_GRANT,
    ProofKey,
    SignedInPerson,
    add_client,
    add_shop,
    allow,
    ask_token,
    basic,
    claims,
    code_form,
    is_revoked,
    issue_code,
    refusal,
    sign_in,
    tokens_for,
)
from tests.support.provider import API, Provider, running_provider, settings_for

from vallum.config.provider import ExchangeRule, Resource
from vallum.identity.operating import disable_user
from vallum.identity.operating_clients import disable_client, rotate_secret
from vallum.identity.revoking import revoke_grant, revoke_session
from vallum.identity.services import Services

STOCK = "https://stock.shop.example"
BILLS = "https://bills.shop.example"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def exchanging(database: str) -> Iterator[Provider]:
    """A provider with three APIs, in which the shop's server may ask the stock for people."""
    resources = dict(settings_for(database).resources)
    for name, identifier in (("stock", STOCK), ("bills", BILLS)):
        resources[identifier] = Resource(
            api=name,
            identifier=identifier,
            name=name,
            scopes={"stock:read": "See", "stock:write": "Change", "orders:write": "Place"},
        )
    chain = [API, STOCK, BILLS]
    rules = tuple(
        ExchangeRule(
            client=client,
            audience_from=before,
            audience_to=after,
            scopes=frozenset({"stock:read", "orders:write"}),
        )
        for client in ("server", "till")
        for before, after in [*pairwise(chain), (BILLS, STOCK)]
    )
    with running_provider(database, resources=resources, exchanges=rules) as provider:
        add_client(provider, "server", grants=(EXCHANGE_GRANT,), resources=(STOCK,))
        yield provider


def _form(token: str, **changes: str) -> dict[str, str]:
    return {
        "grant_type": EXCHANGE_GRANT,
        "subject_token": token,
        "subject_token_type": ACCESS_TYPE,
        "resource": STOCK,
        "scope": "stock:read",
    } | changes


def _exchange(provider: Provider, token: str, client: str = "server", **changes: str) -> Any:
    return ask_token(provider, _form(token, **changes), client)


def _persons_token(provider: Provider) -> str:
    """A token of the shop, which acts for somebody."""
    client, person = add_shop(provider)
    return str(tokens_for(provider, client, person, "orders:read")["access_token"])


def test_b193_token_exchange_esc_follows_the_rules_alone(exchanging: Provider) -> None:
    provider = exchanging
    client, person = add_shop(provider)
    token = tokens_for(provider, client, person, "orders:read")["access_token"]
    good = _exchange(provider, token)
    assert good.status_code == 200
    said = claims(good.json()["access_token"])
    assert (said["sub"], said["client_id"], said["aud"]) == (person.user_id, "server", STOCK)
    assert said["scope"] == "stock:read"
    assert said["act"] == {"sub": "server"}
    assert good.json()["issued_token_type"] == ACCESS_TYPE
    refused = {
        "wider": _exchange(provider, token, scope="stock:read stock:write"),
        "not the person's": _exchange(provider, token, scope="orders:write"),
        "other target": _exchange(provider, token, resource=BILLS),
        "own target": _exchange(provider, token, resource=API),
        "two targets": _exchange(provider, token, audience=API),
        "no target": _exchange(provider, token, resource="https://evil.example"),
        "other type": _exchange(provider, token, subject_token_type=ACCESS_TYPE[:-12] + "id_token"),
        "actor": _exchange(provider, token, actor_token=token, actor_token_type=ACCESS_TYPE),
        "forged": _exchange(provider, token[:-4] + "AAAA"),
    }
    errors = {name: refusal(answer) for name, answer in refused.items()}
    assert set(errors.values()) <= {"invalid_scope", "invalid_target", "invalid_request"}
    assert errors["wider"] == errors["not the person's"] == "invalid_scope"


def test_b193_token_exchange_esc_is_for_the_named_client_only(exchanging: Provider) -> None:
    provider = exchanging
    token = _persons_token(provider)
    add_client(provider, "rogue", grants=(EXCHANGE_GRANT,), resources=(API, STOCK))
    form = _form(token)
    del form["scope"]
    assert refusal(ask_token(provider, form, "rogue")) == "invalid_target"
    assert refusal(ask_token(provider, form)) == "unauthorized_client"


def test_b193_token_exchange_esc_in_a_loop_ends_after_three(exchanging: Provider) -> None:
    provider = exchanging
    token = _persons_token(provider)
    for target in (STOCK, BILLS, STOCK):
        answer = _exchange(provider, token, resource=target)
        assert answer.status_code == 200
        token = answer.json()["access_token"]
    assert claims(token)["act"]["act"]["act"] == {"sub": "server"}
    assert refusal(_exchange(provider, token, resource=BILLS)) == "invalid_request"


def test_b193_token_exchange_esc_keeps_the_binding_and_the_end(exchanging: Provider) -> None:
    provider = exchanging
    client, person = add_shop(provider)
    key, server_key = ProofKey(), ProofKey()
    code = issue_code(provider, allow(provider, person, client, ALL_SCOPES))
    bound = key.post(provider, code_form(code), headers=basic("shop")).json()["access_token"]
    assert refusal(_exchange(provider, bound)) == "invalid_request"
    form = _form(bound, scope="orders:write")
    provider.clock.now += 100
    good = server_key.post(provider, form, headers=basic("server"))
    assert good.status_code == 200
    said = claims(good.json()["access_token"])
    assert said["cnf"] == {"jkt": server_key.jkt}
    assert said["exp"] == claims(bound)["exp"]


def test_b193_token_exchange_esc_of_a_revoked_token(exchanging: Provider) -> None:
    provider = exchanging
    client, person = add_shop(provider)
    tokens = tokens_for(provider, client, person, "orders:read")
    exchanged = _exchange(provider, tokens["access_token"]).json()["access_token"]
    gone = {"token": tokens["refresh_token"]}
    assert (
        provider.client.post("/oauth/revoke", data=gone, headers=basic("shop")).status_code == 200
    )
    assert refusal(_exchange(provider, tokens["access_token"])) == "invalid_request"
    # What came of it went with it.
    assert is_revoked(provider, exchanged)


def test_b146_a_client_that_acts_for_itself_has_nothing_to_exchange(exchanging: Provider) -> None:
    provider = exchanging
    add_client(provider, "robot")
    form = {"grant_type": "client_credentials", "scope": "orders:read"}
    token = ask_token(provider, form, "robot").json()["access_token"]
    assert refusal(_exchange(provider, token)) == "invalid_request"


def _chain(provider: Provider, first: str) -> tuple[str, str]:
    """What the server gets for a token, and what somebody else gets for that."""
    second = _exchange(provider, first).json()["access_token"]
    add_client(provider, "till", grants=(EXCHANGE_GRANT,), resources=(BILLS,))
    answer = _exchange(provider, second, "till", resource=BILLS)
    assert answer.status_code == 200
    return second, answer.json()["access_token"]


async def _by_user(services: Services, person: SignedInPerson, grant: str) -> None:
    await disable_user(services, person.user_id)


async def _by_session(services: Services, person: SignedInPerson, grant: str) -> None:
    await revoke_session(services, person.user_id, person.session.id)


async def _by_grant(services: Services, person: SignedInPerson, grant: str) -> None:
    await revoke_grant(services, grant)


async def _by_client(services: Services, person: SignedInPerson, grant: str) -> None:
    await disable_client(services, "shop")


async def _by_secret(services: Services, person: SignedInPerson, grant: str) -> None:
    await rotate_secret(services, "shop")


@pytest.mark.parametrize("end", [_by_user, _by_session, _by_grant, _by_client, _by_secret])
def test_b193_what_was_exchanged_ends_with_what_the_first_token_came_of(
    exchanging: Provider, end: Callable[[Services, SignedInPerson, str], Awaitable[None]]
) -> None:
    provider = exchanging
    client, person = add_shop(provider)
    allowance = allow(provider, person, client, ("orders:read",))
    answer = ask_token(provider, code_form(issue_code(provider, allowance)))
    later = _chain(provider, answer.json()["access_token"])
    other = sign_in(provider, "eve@shop.example")
    bystander = tokens_for(provider, add_client(provider, "other"), other, "orders:read")
    stays = _exchange(provider, bystander["access_token"]).json()["access_token"]
    provider.run(end, provider.services, person, allowance.grant_id)
    assert all(is_revoked(provider, each) for each in later)
    assert not is_revoked(provider, stays)


def test_b193_what_was_exchanged_ends_with_the_token_itself(exchanging: Provider) -> None:
    provider = exchanging
    client, person = add_shop(provider)
    first = tokens_for(provider, client, person, "orders:read")["access_token"]
    kept = tokens_for(provider, client, person, "orders:read")["access_token"]
    later = _chain(provider, first)
    stays = _exchange(provider, kept).json()["access_token"]
    answer = provider.client.post("/oauth/revoke", data={"token": first}, headers=basic("shop"))
    assert answer.status_code == 200
    assert all(is_revoked(provider, each) for each in later)
    assert not is_revoked(provider, stays)


def test_b193_the_end_of_a_client_in_between_reaches_those_after_it_alone(
    exchanging: Provider,
) -> None:
    provider = exchanging
    first = _persons_token(provider)
    later = _chain(provider, first)
    provider.run(disable_client, provider.services, "server")
    assert all(is_revoked(provider, each) for each in later)
    assert not is_revoked(provider, first)


def test_b193_a_client_that_was_disabled_a_moment_ago_exchanges_nothing(
    exchanging: Provider,
) -> None:
    provider = exchanging
    token = _persons_token(provider)
    assert _exchange(provider, token).status_code == 200
    # Another process does it; this one goes on with what it remembers of the client.
    remembered = dict(provider.services.clients._remembered)
    provider.run(disable_client, provider.services, "server")
    provider.services.clients._remembered.update(remembered)
    assert refusal(_exchange(provider, token)) == "invalid_grant"
