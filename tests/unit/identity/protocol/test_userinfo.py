"""What clients learn about people, and what they must show for it."""

from __future__ import annotations

from typing import Any

from tests.support.oauth import (
    ProofKey,
    add_client,
    add_public,
    allow,
    basic,
    code_form,
    issue_code,
    sign_in,
)
from tests.support.provider import Provider

USERINFO = "/oauth/userinfo"


def _token(provider: Provider, *scopes: str) -> tuple[str, str]:
    client = add_client(provider, "shop")
    person = sign_in(provider)
    code = issue_code(provider, allow(provider, person, client, scopes))
    answer = provider.client.post("/oauth/token", data=code_form(code), headers=basic("shop"))
    return person.user_id, answer.json()["access_token"]


def _ask(provider: Provider, token: str, scheme: str = "Bearer") -> Any:
    return provider.client.get(USERINFO, headers={"authorization": f"{scheme} {token}"})


def test_scopes_open_claims(provider: Provider) -> None:
    user_id, token = _token(provider, "openid", "email", "profile")
    expected = {
        "sub": user_id,
        "name": "Ada",
        "email": "ada@shop.example",
        "email_verified": True,
    }
    assert _ask(provider, token).json() == expected
    posted = provider.client.post(USERINFO, headers={"authorization": f"bearer {token}"})
    assert posted.json() == expected


def test_without_scopes_there_is_the_subject_alone(provider: Provider) -> None:
    user_id, token = _token(provider, "openid")
    assert _ask(provider, token).json() == {"sub": user_id}


def test_a_token_without_openid_opens_nothing(provider: Provider) -> None:
    _, token = _token(provider, "orders:read", "email")
    answer = _ask(provider, token)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    form = {"grant_type": "client_credentials"}
    own = provider.client.post("/oauth/token", data=form, headers=basic("shop")).json()
    assert _ask(provider, own["access_token"]).status_code == 403


def test_bad_tokens_get_a_challenge(provider: Provider) -> None:
    _, token = _token(provider, "openid")
    none = provider.client.get(USERINFO)
    assert none.status_code == 401
    assert "error" not in none.headers["www-authenticate"]
    for value in ("Bearer x", f"Bearer {token}x", f"Bearer {token[:-5]}AAAAA"):
        answer = provider.client.get(USERINFO, headers={"authorization": value})
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    for fields in (
        [("authorization", f"Basic {token}")],
        [("authorization", f"Bearer {token}")] * 2,
    ):
        assert provider.client.get(USERINFO, headers=fields).status_code == 400
    # RFC 6750 §2.3 is not served: tokens in addresses end in logs.
    assert provider.client.get(f"{USERINFO}?access_token={token}").status_code == 401
    provider.clock.now += 301
    assert _ask(provider, token).status_code == 401


def test_revoked_tokens_and_disabled_people_get_nothing(provider: Provider) -> None:
    user_id, token = _token(provider, "openid")
    provider.run(provider.services.users.disable, user_id)
    assert _ask(provider, token).status_code == 401
    provider.run(provider.services.users.enable, user_id)
    assert _ask(provider, token).status_code == 200
    provider.client.post("/oauth/revoke", data={"token": token}, headers=basic("shop"))
    assert _ask(provider, token).status_code == 401


def test_b194_dpop_as_bearer_and_b197_the_proof_is_for_this_token(provider: Provider) -> None:
    client = add_public(provider)
    key, thief = ProofKey(), ProofKey()
    person = sign_in(provider)
    code = issue_code(provider, allow(provider, person, client))
    token = key.post(provider, code_form(code, client_id="spa")).json()["access_token"]
    assert _ask(provider, token).status_code == 401
    assert _ask(provider, token, "DPoP").status_code == 401
    ath = key.hash_of(token)

    def ask(who: ProofKey, **changes: Any) -> Any:
        who.nonce = key.nonce
        said = {"htm": "GET", "ath": ath} | changes
        fields = who.proof(provider, USERINFO, **said) | {"authorization": f"DPoP {token}"}
        return provider.client.get(USERINFO, headers=fields)

    good = ask(key)
    assert good.json() == {"sub": person.user_id}
    assert good.headers["dpop-nonce"]
    assert ask(thief).status_code == 401
    for changes in ({"ath": None}, {"ath": key.hash_of("x")}, {"htm": "POST"}):
        answer = ask(key, **changes)
        assert answer.status_code == 401
        assert 'error="invalid_dpop_proof"' in answer.headers["www-authenticate"]
    unfresh = ask(key, nonce=None)
    assert unfresh.status_code == 401
    assert 'error="use_dpop_nonce"' in unfresh.headers["www-authenticate"]
    assert unfresh.headers["dpop-nonce"]


def test_a_bearer_token_is_not_made_better_by_a_proof(provider: Provider) -> None:
    _, token = _token(provider, "openid")
    assert _ask(provider, token, "DPoP").status_code == 401
