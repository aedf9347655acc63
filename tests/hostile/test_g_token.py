"""Section G: codes, refresh tokens, device codes and exchanges that somebody else brings."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from tests.support.oauth import (
    DEVICE_GRANT,
    REDIRECT,
    SECRET,
    TOKEN,
    VERIFIER,
    ProofKey,
    add_client,
    add_public,
    add_shop,
    allow,
    ask_token,
    basic,
    claims,
    code_form,
    is_revoked,
    issue_code,
    refresh_form,
    refusal,
    sign_in,
    tokens_for,
)
from tests.support.provider import API, Provider

from vallum.identity.operating_clients import disable_client, enable_client, rotate_secret
from vallum.identity.revoking import revoke_client, revoke_session
from vallum.identity.storage.clients import Client
from vallum.tokens.thumbprint import base64url_digest


def test_b159_code_reuse_ends_what_the_first_use_gave(provider: Provider) -> None:
    client, person = add_shop(provider)
    code = issue_code(provider, allow(provider, person, client))
    first = ask_token(provider, code_form(code))
    assert first.status_code == 200
    assert not is_revoked(provider, first.json()["access_token"])
    assert refusal(ask_token(provider, code_form(code))) == "invalid_grant"
    assert is_revoked(provider, first.json()["access_token"])
    refresh = refresh_form(first.json()["refresh_token"])
    assert refusal(ask_token(provider, refresh)) == "invalid_grant"
    (event,) = [each for each in provider.events if each.kind == "code.replayed"]
    assert event.alert


def test_b159_code_reuse_by_fifty_at_once_succeeds_once(provider: Provider) -> None:
    client, person = add_shop(provider)
    code = issue_code(provider, allow(provider, person, client))
    answers: list[Any] = []

    def redeem() -> None:
        answers.append(ask_token(provider, code_form(code)))

    threads = [threading.Thread(target=redeem) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert len(answers) == 50
    assert {refusal(answer) for answer in answers if answer is not good[0]} == {"invalid_grant"}
    # Each of the others was a valid use, and the token must not outlive them.
    assert is_revoked(provider, good[0].json()["access_token"])


def test_b160_code_replay_without_the_verifier_or_the_client_ends_nothing(
    provider: Provider,
) -> None:
    client, person = add_shop(provider)
    add_client(provider, "other")
    code = issue_code(provider, allow(provider, person, client))
    first = ask_token(provider, code_form(code)).json()
    bare = code_form(code)
    del bare["code_verifier"]
    replays = [
        ask_token(provider, bare),
        ask_token(provider, code_form(code, code_verifier="w" * 43)),
        ask_token(provider, code_form(code), "other"),
        ask_token(provider, code_form(code, redirect_uri="https://evil.example/cb")),
        ask_token(provider, code_form(code, client_id="shop"), None),
    ]
    assert [refusal(answer) for answer in replays] == ["invalid_grant"] * 4 + ["invalid_client"]
    assert not is_revoked(provider, first["access_token"])
    assert ask_token(provider, refresh_form(first["refresh_token"])).status_code == 200


def test_b161_code_of_another_client(provider: Provider) -> None:
    client, person = add_shop(provider)
    add_client(provider, "other")
    add_public(provider)
    code = issue_code(provider, allow(provider, person, client))
    assert refusal(ask_token(provider, code_form(code), "other")) == "invalid_grant"
    assert refusal(ask_token(provider, code_form(code, client_id="spa"), None)) == "invalid_grant"
    other = code_form(code, redirect_uri=REDIRECT + "/")
    assert refusal(ask_token(provider, other)) == "invalid_grant"
    assert refusal(ask_token(provider, code_form(code), None)) == "invalid_client"
    assert ask_token(provider, code_form(code)).status_code == 200


def test_b161_code_client_of_a_public_client_names_itself(provider: Provider) -> None:
    client = add_public(provider)
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    assert refusal(ask_token(provider, code_form(code), None)) == "invalid_client"
    assert ask_token(provider, code_form(code, client_id="spa"), None).status_code == 200


def test_b162_code_expire_after_a_minute(provider: Provider) -> None:
    client, person = add_shop(provider)
    allowance = allow(provider, person, client)
    late, in_time = issue_code(provider, allowance), issue_code(provider, allowance)
    provider.clock.now += 59
    assert ask_token(provider, code_form(in_time)).status_code == 200
    provider.clock.now += 2
    assert refusal(ask_token(provider, code_form(late))) == "invalid_grant"


def test_b163_pkce_downgrade_has_no_verifier_that_fits(provider: Provider) -> None:
    client, person = add_shop(provider)
    code = issue_code(provider, allow(provider, person, client), challenge="")
    assert refusal(ask_token(provider, code_form(code))) == "invalid_grant"
    bare = code_form(code)
    del bare["code_verifier"]
    assert refusal(ask_token(provider, bare)) == "invalid_grant"
    assert refusal(ask_token(provider, code_form(code, code_verifier=""))) == "invalid_grant"


def test_b164_pkce_plain_verifier_is_not_its_challenge(provider: Provider) -> None:
    client, person = add_shop(provider)
    allowance = allow(provider, person, client)
    # The challenge of a client that believes in `plain`, and a thief who has seen an honest one.
    code = issue_code(provider, allowance, challenge=VERIFIER)
    assert refusal(ask_token(provider, code_form(code))) == "invalid_grant"
    code = issue_code(provider, allowance)
    seen = base64url_digest(VERIFIER.encode())
    assert refusal(ask_token(provider, code_form(code, code_verifier=seen))) == "invalid_grant"


def test_b165_pkce_format_of_verifiers(provider: Provider) -> None:
    client, person = add_shop(provider)
    allowance = allow(provider, person, client)
    stem = "a" * 42
    for verifier in (stem, "a" * 129, stem + "+", stem + " ", stem + "ä", stem + "a\n"):
        challenge = base64url_digest(verifier.encode())
        code = issue_code(provider, allowance, challenge=challenge)
        form = code_form(code, code_verifier=verifier)
        assert refusal(ask_token(provider, form)) in ("invalid_grant", "invalid_request")


def test_b165_pkce_format_allows_the_longest_verifier(provider: Provider) -> None:
    client, person = add_shop(provider)
    verifier = ("aZ09-._~" * 16)[:128]
    code = issue_code(
        provider,
        allow(provider, person, client),
        challenge=base64url_digest(verifier.encode()),
    )
    assert ask_token(provider, code_form(code, code_verifier=verifier)).status_code == 200


def test_b165_pkce_challenge_that_comes_back_within_a_day_is_an_alert(provider: Provider) -> None:
    client, person = add_shop(provider)
    allowance = allow(provider, person, client)
    issue_code(provider, allowance)
    assert "pkce.challenge-reused" not in provider.kinds()
    issue_code(provider, allowance)
    assert [each.alert for each in provider.events if each.kind == "pkce.challenge-reused"] == [
        True
    ]
    provider.clock.now += 86_401
    issue_code(provider, allowance)
    assert provider.kinds().count("pkce.challenge-reused") == 1


def test_b174_refresh_reuse_ends_both_branches(provider: Provider) -> None:
    client, person = add_shop(provider)
    old = tokens_for(provider, client, person)
    new = ask_token(provider, refresh_form(old["refresh_token"])).json()
    assert new["refresh_token"] != old["refresh_token"]
    # The thief, or the owner after the thief: nobody can tell, so both are out.
    assert refusal(ask_token(provider, refresh_form(old["refresh_token"]))) == "invalid_grant"
    assert refusal(ask_token(provider, refresh_form(new["refresh_token"]))) == "invalid_grant"
    assert is_revoked(provider, old["access_token"])
    assert is_revoked(provider, new["access_token"])
    assert [each.alert for each in provider.events if each.kind == "refresh.replayed"] == [True]


def test_b174_refresh_reuse_at_once_leaves_no_two_chains(provider: Provider) -> None:
    client, person = add_shop(provider)
    token = tokens_for(provider, client, person)["refresh_token"]
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask_token(provider, refresh_form(token))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert refusal(ask_token(provider, refresh_form(good[0]["refresh_token"]))) == "invalid_grant"


def test_b174_refresh_reuse_within_ten_seconds_gives_the_same_to_the_same_key(
    provider: Provider,
) -> None:
    client = add_public(provider)
    key, thief = ProofKey(), ProofKey()
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    first = key.post(provider, code_form(code, client_id="spa")).json()
    form = refresh_form(first["refresh_token"], client_id="spa")
    second = key.post(provider, form).json()
    # The answer was lost on its way.
    provider.clock.now += 9
    third = key.post(provider, form).json()
    assert third["refresh_token"] == second["refresh_token"]
    # Another key gets nothing, and ends nothing: it cannot have used the token either.
    assert refusal(thief.post(provider, form)) == "invalid_grant"
    assert refusal(ask_token(provider, form, None)) == "invalid_grant"
    assert "refresh.replayed" not in provider.kinds()
    provider.clock.now += 2
    assert refusal(key.post(provider, form)) == "invalid_grant"
    assert "refresh.replayed" in provider.kinds()
    after = refresh_form(second["refresh_token"], client_id="spa")
    assert refusal(key.post(provider, after)) == "invalid_grant"


def test_b174_refresh_reuse_after_the_successor_was_used_is_a_replay(provider: Provider) -> None:
    client = add_public(provider)
    key = ProofKey()
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    first = key.post(provider, code_form(code, client_id="spa")).json()
    form = refresh_form(first["refresh_token"], client_id="spa")
    second = key.post(provider, form).json()
    assert (
        key.post(provider, refresh_form(second["refresh_token"], client_id="spa")).status_code
        == 200
    )
    assert refusal(key.post(provider, form)) == "invalid_grant"
    assert "refresh.replayed" in provider.kinds()


def test_b175_refresh_scope_only_shrinks(provider: Provider) -> None:
    client, person = add_shop(provider)
    given = tokens_for(provider, client, person, "orders:read", "openid")
    form = refresh_form(given["refresh_token"])
    wider = ask_token(provider, form | {"scope": "orders:read orders:write"})
    assert refusal(wider) == "invalid_scope"
    elsewhere = ask_token(provider, form | {"resource": "https://other.example"})
    assert refusal(elsewhere) == "invalid_target"
    fewer = ask_token(provider, form | {"scope": "orders:read", "resource": API})
    assert fewer.status_code == 200
    assert claims(fewer.json()["access_token"])["scope"] == "orders:read"
    # What was asked for less is not lost (RFC 6749 §6).
    again = ask_token(provider, refresh_form(fewer.json()["refresh_token"]))
    assert claims(again.json()["access_token"])["scope"] == "openid orders:read"


def test_b176_refresh_client_is_the_one_that_it_was_given_to(provider: Provider) -> None:
    client, person = add_shop(provider)
    add_client(provider, "other")
    token = tokens_for(provider, client, person)["refresh_token"]
    assert refusal(ask_token(provider, refresh_form(token), "other")) == "invalid_grant"
    assert refusal(ask_token(provider, refresh_form(token), None)) == "invalid_client"
    bare = refresh_form(token, client_id="shop")
    assert refusal(ask_token(provider, bare, None)) == "invalid_client"
    assert ask_token(provider, refresh_form(token)).status_code == 200


def test_b177_ropc_implicit_and_others_do_not_exist(provider: Provider) -> None:
    others = ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "CODE")
    add_client(provider, "shop", grants=(*others, "client_credentials"))
    for grant_type in others:
        form = {"grant_type": grant_type, "username": "ada@shop.example", "password": "x"}
        assert refusal(ask_token(provider, form)) == "unsupported_grant_type"
    assert ask_token(provider, {"grant_type": "client_credentials"}).status_code == 200


def test_an4_a_client_without_a_grant_does_not_get_it(provider: Provider) -> None:
    add_client(provider, "shop", grants=("client_credentials",))
    for form in (code_form("c"), refresh_form("r"), {"grant_type": DEVICE_GRANT}):
        assert refusal(ask_token(provider, form)) == "unauthorized_client"


def test_b201_dpop_code_bind_to_the_key_of_the_request(provider: Provider) -> None:
    client = add_public(provider)
    key, thief = ProofKey(), ProofKey()
    code = issue_code(provider, allow(provider, sign_in(provider), client), jkt=key.jkt)
    form = code_form(code, client_id="spa")
    assert refusal(thief.post(provider, form)) == "invalid_grant"
    assert refusal(ask_token(provider, form, None)) == "invalid_grant"
    good = key.post(provider, form)
    assert good.status_code == 200
    assert good.json()["token_type"] == "DPoP"
    assert claims(good.json()["access_token"])["cnf"] == {"jkt": key.jkt}


def test_b195_dpop_replay_at_the_token_endpoint(provider: Provider) -> None:
    add_client(provider, "shop")
    key = ProofKey()
    form = {"grant_type": "client_credentials"}
    assert key.post(provider, form, headers=basic("shop")).status_code == 200
    proof = basic("shop") | key.proof(provider)
    assert provider.client.post(TOKEN, data=form, headers=proof).status_code == 200
    replayed = provider.client.post(TOKEN, data=form, headers=proof)
    assert refusal(replayed) == "invalid_dpop_proof"


def test_an8_a_client_that_must_be_bound_gets_no_bearer_token(provider: Provider) -> None:
    add_client(provider, "shop", binding="dpop")
    add_client(provider, "bank", binding="mtls")
    form = {"grant_type": "client_credentials"}
    assert refusal(ask_token(provider, form)) == "invalid_dpop_proof"
    assert refusal(ask_token(provider, form, "bank")) == "invalid_request"
    assert ProofKey().post(provider, form, headers=basic("shop")).json()["token_type"] == "DPoP"


def _device(provider: Provider, **changes: str) -> Any:
    form = {"client_id": "tv", "scope": "openid orders:read"} | changes
    return provider.client.post("/oauth/device_authorization", data=form).json()


def _ask(provider: Provider, device: Any, client: str = "tv") -> Any:
    form = {"grant_type": DEVICE_GRANT, "device_code": device["device_code"], "client_id": client}
    return provider.client.post(TOKEN, data=form)


def test_b183_device_brute_polling_too_early_costs_five_seconds(provider: Provider) -> None:
    add_public(provider, "tv", kind="native")
    device = _device(provider)
    assert refusal(_ask(provider, device)) == "authorization_pending"
    provider.clock.now += 4
    assert refusal(_ask(provider, device)) == "slow_down"
    provider.clock.now += 6
    assert refusal(_ask(provider, device)) == "slow_down"
    provider.clock.now += 15.5
    assert refusal(_ask(provider, device)) == "authorization_pending"


def test_b183_device_brute_codes_die_and_belong_to_one_client(provider: Provider) -> None:
    add_public(provider, "tv", kind="native")
    add_public(provider, "other", kind="native")
    device = _device(provider)
    assert refusal(_ask(provider, device, "other")) == "invalid_grant"
    provider.clock.now += 601
    assert refusal(_ask(provider, device)) == "expired_token"
    guessed = {"device_code": "x" * 43}
    assert refusal(_ask(provider, guessed)) == "invalid_grant"


def test_a_token_of_a_client_that_is_remembered_is_no_younger_than_its_revocation(
    provider: Provider,
) -> None:
    """Workers refuse what was issued until a revocation; the client of before is known for 2 s."""
    add_client(provider, "robot", grants=("client_credentials",))
    form = {"grant_type": "client_credentials", "scope": "orders:read"}
    assert ask_token(provider, form, "robot").status_code == 200
    provider.clock.now += 1.0
    revoked = provider.clock()
    provider.run(revoke_client, provider.services, "robot")
    provider.clock.now += 0.9
    late = claims(ask_token(provider, form, "robot").json()["access_token"])
    assert late["iat"] <= revoked
    assert late["exp"] - late["iat"] == provider.services.settings.token_life
    provider.clock.now += 2.0
    later = claims(ask_token(provider, form, "robot").json()["access_token"])
    assert later["iat"] > revoked


def test_an9_what_was_allowed_ends_with_the_session_the_consent_or_the_person(
    provider: Provider,
) -> None:
    client, person = add_shop(provider)
    services = provider.services
    stays = tokens_for(provider, client, person, "openid", "offline_access")
    goes = tokens_for(provider, client, person, "openid")
    waiting = issue_code(provider, allow(provider, person, client))
    provider.run(revoke_session, services, person.user_id, person.session.id)
    assert refusal(ask_token(provider, refresh_form(goes["refresh_token"]))) == "invalid_grant"
    assert refusal(ask_token(provider, code_form(waiting))) == "invalid_grant"
    stays = ask_token(provider, refresh_form(stays["refresh_token"])).json()
    provider.run(services.users.disable, person.user_id)
    assert refusal(ask_token(provider, refresh_form(stays["refresh_token"]))) == "invalid_grant"


def test_an8_refresh_tokens_die_idle_and_at_their_end(provider: Provider) -> None:
    client, person = add_shop(provider)
    settings = provider.services.settings

    def wait(seconds: float) -> None:
        provider.clock.now += seconds
        provider.run(provider.services.keys.maintain)

    forgotten = tokens_for(provider, client, person)["refresh_token"]
    token = tokens_for(provider, client, person)["refresh_token"]
    ends = provider.clock() + settings.refresh_life
    while ends - provider.clock() > settings.refresh_idle:
        wait(settings.refresh_idle - 1)
        token = ask_token(provider, refresh_form(token)).json()["refresh_token"]
    assert refusal(ask_token(provider, refresh_form(forgotten))) == "invalid_grant"
    wait(ends - provider.clock())
    assert refusal(ask_token(provider, refresh_form(token))) == "invalid_grant"


def test_an13_what_the_operator_takes_from_a_client_is_gone_from_new_tokens(
    provider: Provider,
) -> None:
    client, person = add_shop(provider)
    tokens = tokens_for(provider, client, person, "openid", "orders:read", "offline_access")
    provider.run(provider.services.clients.replace, replace(client, scopes=("openid",)))
    fresh = ask_token(provider, refresh_form(tokens["refresh_token"])).json()
    assert fresh["scope"] == "openid"
    provider.run(provider.services.clients.replace, replace(client, resources=()))
    assert refusal(ask_token(provider, refresh_form(fresh["refresh_token"]))) == "invalid_grant"


def _disable_elsewhere(provider: Provider, client_id: str) -> None:
    """Another process does it; this one goes on with what it remembers of the client."""
    remembered = dict(provider.services.clients._remembered)
    provider.run(disable_client, provider.services, client_id)
    provider.services.clients._remembered.update(remembered)


def test_an13_a_client_that_was_disabled_a_moment_ago_gets_nothing_of_a_person(
    provider: Provider,
) -> None:
    """Tokens that are issued after a revocation are not ended by it."""
    client, person = add_shop(provider)
    first = tokens_for(provider, client, person)
    _disable_elsewhere(provider, "shop")
    late = issue_code(provider, allow(provider, person, client))
    assert refusal(ask_token(provider, code_form(late))) == "invalid_grant"
    assert refusal(ask_token(provider, refresh_form(first["refresh_token"]))) == "invalid_grant"
    assert is_revoked(provider, first["access_token"])
    provider.run(enable_client, provider.services, "shop")
    again = issue_code(provider, allow(provider, person, client))
    assert ask_token(provider, code_form(again)).status_code == 200


def test_an13_of_two_changes_of_a_client_at_once_neither_undoes_the_other(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is changed while the client is disabled does not enable it again."""
    add_client(provider, "shop")
    services = provider.services
    replaced = services.clients.replace

    async def slow(client: Client) -> None:
        """As long as one has read and not written, the other has its turn, if it can."""
        monkeypatch.setattr(services.clients, "replace", replaced)
        other = asyncio.create_task(disable_client(services, "shop"))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(other), 0.3)
        await replaced(client)
        waiting.append(other)

    async def both() -> None:
        await rotate_secret(services, "shop")
        await asyncio.gather(*waiting)

    waiting: list[asyncio.Task[Client]] = []
    monkeypatch.setattr(services.clients, "replace", slow)
    provider.run(both)
    client = provider.run(services.clients.get, "shop")
    assert client is not None
    assert client.disabled is not None
    assert client.secret_hash != services.clients.secret_hash(SECRET)
