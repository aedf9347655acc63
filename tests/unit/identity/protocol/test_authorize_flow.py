"""The whole way, page by page: authorize, sign in, consent, code, tokens, sign out."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient
from tests.support.authorizing import (
    AUTHORIZE,
    approve,
    ask,
    new_verifier,
    onward,
    request_for,
    sent_to,
)
from tests.support.oauth import (
    REDIRECT,
    TOKEN,
    ProofKey,
    add_client,
    add_public,
    basic,
    claims,
    code_form,
)
from tests.support.people import ANN, PASSWORD, add_user
from tests.support.provider import API, ISSUER, Provider, submit

from vallum.tokens.thumbprint import base64url_digest

BACK = "https://shop.example/bye"


def _sign_in(browser: TestClient, page: Any, email: str = ANN) -> Any:
    assert page.status_code == 200
    assert "Password" in page.text
    return onward(browser, submit(browser, page.text, email=email, password=PASSWORD))


def test_from_the_application_and_back(provider: Provider) -> None:
    add_client(provider, "shop", logout_uris=(BACK,))
    user = add_user(provider)
    browser, program, verifier = provider.browser(), provider.browser(), new_verifier()
    asked = request_for(
        "shop",
        scope="openid email orders:read offline_access",
        resource=API,
        code_challenge=base64url_digest(verifier.encode()),
    )
    consent = _sign_in(browser, ask(browser, asked))
    assert "for up to 90 days" in consent.text
    uri, answer = sent_to(approve(browser, consent))
    assert (uri, answer["state"], answer["iss"]) == (REDIRECT, "s-1", ISSUER)
    form = code_form(answer["code"], code_verifier=verifier)
    answered = program.post(TOKEN, data=form, headers=basic("shop"))
    assert answered.status_code == 200, answered.text
    tokens = answered.json()
    assert claims(tokens["access_token"])["sub"] == user.id
    assert claims(tokens["access_token"])["aud"] == API
    said = claims(tokens["id_token"])
    assert (said["nonce"], said["amr"], said["email"]) == ("n-1", ["pwd"], ANN)
    assert "refresh_token" in tokens
    # Signed in already, and allowed already: no page at all.
    again = ask(browser, request_for("shop", prompt="none"))
    assert "code" in sent_to(again)[1]
    parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BACK}
    out = browser.get("/oauth/logout", params=parameters)
    assert (out.status_code, out.headers["location"]) == (303, BACK)
    after = ask(browser, request_for("shop", prompt="none"))
    assert sent_to(after)[1]["error"] == "login_required"


def test_a_pushed_request_with_a_key_gives_tokens_for_that_key_only(provider: Provider) -> None:
    add_public(provider, binding="dpop")
    add_user(provider)
    key, thief, verifier = ProofKey(), ProofKey(), new_verifier()
    asked = request_for("spa", code_challenge=base64url_digest(verifier.encode()))
    pushed = key.post(provider, asked, path="/oauth/par", client=provider.browser()).json()
    browser = provider.browser()
    page = ask(browser, {"client_id": "spa", "request_uri": pushed["request_uri"]})
    consent = _sign_in(browser, page)
    assert consent.status_code == 200  # And may be loaded again.
    assert browser.get(str(consent.url)).status_code == 200
    code = sent_to(approve(browser, consent))[1]["code"]
    form = code_form(code, code_verifier=verifier, client_id="spa")
    stolen = thief.post(provider, form, client=provider.browser())
    assert stolen.json()["error"] == "invalid_grant"
    tokens = key.post(provider, form, client=provider.browser()).json()
    assert tokens["token_type"] == "DPoP"
    assert claims(tokens["access_token"])["cnf"] == {"jkt": key.jkt}


def test_signing_in_again_satisfies_who_asked_for_it(provider: Provider) -> None:
    add_public(provider, trusted=True)
    add_user(provider)
    browser = provider.browser()
    sent_to(_sign_in(browser, ask(browser, request_for("spa"))))
    provider.clock.now += 100
    for changes in ({"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}):
        page = ask(browser, request_for("spa", **changes))
        provider.clock.now += 10
        assert "code" in sent_to(_sign_in(browser, page))[1]


def test_somebody_else_than_the_application_meant(provider: Provider) -> None:
    add_public(provider, trusted=True)
    add_user(provider)
    add_user(provider, "eve@readers.example", "Eve")
    browser, verifier = provider.browser(), new_verifier()
    asked = request_for("spa", code_challenge=base64url_digest(verifier.encode()))
    code = sent_to(_sign_in(browser, ask(browser, asked)))[1]["code"]
    form = code_form(code, code_verifier=verifier, client_id="spa")
    hint = provider.browser().post(TOKEN, data=form).json()["id_token"]
    other = provider.browser()
    answer = _sign_in(
        other, ask(other, request_for("spa", id_token_hint=hint)), "eve@readers.example"
    )
    # Eve signed in with the flow of Ann's application: she is asked to be Ann, once.
    assert sent_to(answer)[1]["error"] == "login_required"
    again = ask(other, request_for("spa", id_token_hint=hint))
    assert "code" in sent_to(_sign_in(other, again))[1]


def test_another_account_is_a_link_away(provider: Provider) -> None:
    add_client(provider, "shop")
    add_user(provider)
    eve = add_user(provider, "eve@readers.example", "Eve")
    browser = provider.browser()
    consent = _sign_in(browser, ask(browser, request_for("shop")))
    flow = consent.text.partition("/sign-in?flow=")[2].partition('"')[0]
    page = browser.get(f"/sign-in?flow={flow}")
    consent = _sign_in(browser, page, "eve@readers.example")
    assert "You are signed in as <bdi>eve@readers.example</bdi>" in consent.text
    assert "code" in sent_to(approve(browser, consent))[1]
    (grant,) = provider.run(provider.services.grants.of_user, eve.id)
    assert grant.client_id == "shop"


def test_the_sign_in_page_knows_the_address_that_the_application_knows(
    provider: Provider,
) -> None:
    add_client(provider, "shop")
    browser = provider.browser()
    page = ask(browser, request_for("shop", login_hint='ann@readers.example"><b>'))
    assert 'value="ann@readers.example&#34;&gt;&lt;b&gt;"' in page.text
    answer = browser.get(AUTHORIZE, params=request_for("shop"))
    assert 'value="ann' not in onward(browser, answer).text
