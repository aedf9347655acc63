"""The honest ways through the token endpoint, and what its answers look like."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event
from tests.support.oauth import (
    ALL_SCOPES,
    TOKEN,
    VERIFIER,
    Assertions,
    ProofKey,
    add_client,
    add_public,
    allow,
    ask_token,
    basic,
    claims,
    code_form,
    header,
    issue_code,
    refresh_form,
    sign_in,
)
from tests.support.provider import API, ISSUER, Provider

from vallum.identity.revoking import revoke_grant
from vallum.tokens.thumbprint import base64url_digest

FORM = {"grant_type": "client_credentials"}


def test_a_clients_own_token(provider: Provider) -> None:
    add_client(provider, "shop")
    answer = ask_token(provider, FORM | {"scope": "orders:read", "resource": API})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert set(said) == {"access_token", "token_type", "expires_in", "scope"}
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 300, "orders:read")
    token = claims(said["access_token"])
    assert header(said["access_token"]) == "at+jwt"
    assert (token["iss"], token["sub"], token["client_id"]) == (ISSUER, "shop", "shop")
    assert (token["aud"], token["scope"]) == (API, "orders:read")
    assert "token.issued" in provider.kinds()


def test_a_client_gets_no_scope_that_it_did_not_ask_for_or_may_not_have(
    provider: Provider,
) -> None:
    add_client(provider, "shop", scopes=("orders:read", "openid", "unknown"))
    assert ask_token(provider, FORM).json()["scope"] == ""
    for scope in ("orders:write", "orders:read orders:write", "openid", "unknown", "admin", " "):
        assert ask_token(provider, FORM | {"scope": scope}).json()["error"] == "invalid_scope"
    for resource in ("https://other.example", API + "/", ""):
        answer = ask_token(provider, FORM | {"resource": resource})
        assert answer.json()["error"] == "invalid_target"
    add_client(provider, "lost", resources=())
    assert ask_token(provider, FORM, "lost").json()["error"] == "invalid_target"


def test_a_public_client_cannot_act_for_itself(provider: Provider) -> None:
    add_public(provider, grants=("client_credentials",))
    answer = provider.client.post(TOKEN, data=FORM | {"client_id": "spa"})
    assert answer.json()["error"] == "unauthorized_client"


def test_a_clients_own_token_costs_no_statement(provider: Provider) -> None:
    add_client(provider, "shop")
    assert ask_token(provider, FORM).status_code == 200
    statements: list[str] = []
    engine = provider.services.database._engine.sync_engine

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert ask_token(provider, FORM).status_code == 200
        assert [each for each in statements if "signing_keys" not in each] == []
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_code_becomes_tokens_of_a_person(provider: Provider) -> None:
    client = add_client(provider, "shop")
    person = sign_in(provider)
    code = issue_code(provider, allow(provider, person, client, ALL_SCOPES))
    said = ask_token(provider, code_form(code)).json()
    token = claims(said["access_token"])
    assert (token["sub"], token["client_id"], token["aud"]) == (person.user_id, "shop", API)
    assert (token["sid"], token["amr"]) == (person.session.id, ["pwd"])
    assert token["roles"] == ["reader"]
    assert set(said["scope"].split()) == set(ALL_SCOPES)
    about = claims(said["id_token"])
    assert (about["sub"], about["aud"], about["nonce"]) == (person.user_id, "shop", "n-1")
    assert (about["email"], about["name"]) == ("ada@shop.example", "Ada")
    assert header(said["id_token"]) == "JWT"


def test_a_client_without_the_grant_gets_no_refresh_token(provider: Provider) -> None:
    client = add_client(provider, "shop", grants=("authorization_code",))
    code = issue_code(provider, allow(provider, sign_in(provider), client, ("orders:read",)))
    said = ask_token(provider, code_form(code)).json()
    assert "refresh_token" not in said
    assert "id_token" not in said


def test_a_client_of_2_1_names_no_redirect_uri(provider: Provider) -> None:
    client = add_client(provider, "shop")
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    assert ask_token(provider, form).status_code == 200


def test_what_is_missing_is_named(provider: Provider) -> None:
    add_client(provider, "shop")
    for form in (
        {"grant_type": "authorization_code"},
        {"grant_type": "refresh_token"},
        {"scope": "orders:read"},
        {"grant_type": ""},
    ):
        answer = ask_token(provider, form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_refresh_tokens_of_clients_with_a_key_stay(provider: Provider) -> None:
    bot = Assertions("bot", provider)
    client = add_client(provider, "bot", auth_method="private_key_jwt", jwks=bot.jwks)
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    key, next_key = ProofKey(), ProofKey()
    first = key.post(provider, code_form(code) | bot.form())
    if first.status_code != 200:
        # The nonce was asked for before the assertion was looked at: it is still good.
        pytest.fail(first.text)
    token = first.json()["refresh_token"]
    # RFC 9449 §5: such a client may take a new proof key at any time.
    for each in (key, next_key):
        answer = each.post(provider, refresh_form(token) | bot.form())
        assert answer.json()["refresh_token"] == token
        assert claims(answer.json()["access_token"])["cnf"] == {"jkt": each.jkt}


def test_refresh_tokens_of_clients_with_a_secret_stay_with_their_proof_key(
    provider: Provider,
) -> None:
    client = add_client(provider, "shop")
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    key = ProofKey()
    headers = basic("shop")
    token = key.post(provider, code_form(code), headers=headers).json()["refresh_token"]
    again = key.post(provider, refresh_form(token), headers=headers)
    assert again.json()["refresh_token"] == token
    assert ask_token(provider, refresh_form(token)).json()["error"] == "invalid_grant"
    other = ProofKey().post(provider, refresh_form(token), headers=headers)
    assert other.json()["error"] == "invalid_grant"


def test_a_public_clients_bound_tokens_rotate_too(provider: Provider) -> None:
    client = add_public(provider)
    code = issue_code(provider, allow(provider, sign_in(provider), client))
    key = ProofKey()
    token = key.post(provider, code_form(code, client_id="spa")).json()["refresh_token"]
    next_one = key.post(provider, refresh_form(token, client_id="spa")).json()
    assert next_one["refresh_token"] != token
    assert next_one["token_type"] == "DPoP"


def test_nonces_are_asked_for_and_given(provider: Provider) -> None:
    add_client(provider, "shop")
    key = ProofKey()
    headers = basic("shop")
    first = provider.client.post(TOKEN, data=FORM, headers=headers | key.proof(provider))
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    key.nonce = first.headers["dpop-nonce"]
    good = provider.client.post(TOKEN, data=FORM, headers=headers | key.proof(provider))
    assert good.json()["token_type"] == "DPoP"
    assert good.headers["dpop-nonce"]
    provider.clock.now += 301
    old = provider.client.post(TOKEN, data=FORM, headers=headers | key.proof(provider))
    assert old.json()["error"] == "use_dpop_nonce"
    foreign = headers | key.proof(provider, nonce="n" * 30)
    assert provider.client.post(TOKEN, data=FORM, headers=foreign).json()["error"] == (
        "use_dpop_nonce"
    )


def test_proofs_are_for_this_endpoint_and_one_at_a_time(provider: Provider) -> None:
    add_client(provider, "shop")
    key = ProofKey()
    assert key.post(provider, FORM, headers=basic("shop")).status_code == 200
    for changes in ({"htu": ISSUER + "/oauth/par"}, {"htm": "GET"}, {"iat": 0}, {"jti": None}):
        answer = key.post(provider, FORM, headers=basic("shop"), **changes)
        assert answer.json()["error"] == "invalid_dpop_proof"
    proof = key.proof(provider)["dpop"]
    twice = [*basic("shop").items(), ("dpop", proof), ("dpop", proof)]
    answer = provider.client.post(TOKEN, data=FORM, headers=twice)
    assert answer.json()["error"] == "invalid_dpop_proof"


def test_other_methods_are_refused(provider: Provider) -> None:
    for path in (TOKEN, "/oauth/introspect", "/oauth/revoke", "/oauth/device_authorization"):
        assert provider.client.get(path).status_code == 405


def test_a_consent_knows_when_it_was_used(provider: Provider) -> None:
    client = add_client(provider, "shop")
    allowance = allow(provider, sign_in(provider), client)
    code = issue_code(provider, allowance)
    provider.clock.now += 30
    assert ask_token(provider, code_form(code)).status_code == 200
    grant = provider.run(provider.services.grants.get, allowance.grant_id)
    assert grant is not None
    assert grant.last_used == provider.clock()


def test_tokens_that_are_made_while_a_consent_ends_end_with_it(provider: Provider) -> None:
    client = add_client(provider, "shop")
    allowance = allow(provider, sign_in(provider), client, ("orders:read", "offline_access"))
    tokens = []
    for n in range(6):
        code = issue_code(provider, allowance, challenge=base64url_digest(f"{n}".encode() * 43))
        form = code_form(code, code_verifier=f"{n}" * 43)
        tokens.append(ask_token(provider, form).json()["refresh_token"])
    answers: list[Any] = []

    def refresh(token: str) -> None:
        answers.append(ask_token(provider, refresh_form(token)))

    def end() -> None:
        provider.run(revoke_grant, provider.services, allowance.grant_id)

    threads = [Thread(target=refresh, args=(token,)) for token in tokens]
    threads.insert(3, Thread(target=end))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(tokens)
    for answer in answers:
        if answer.status_code == 200:
            jti = claims(answer.json()["access_token"])["jti"]
            assert jti in provider.data_plane.tokens
        else:
            assert answer.json()["error"] == "invalid_grant"
