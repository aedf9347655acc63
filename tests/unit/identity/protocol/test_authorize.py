"""The authorization endpoint with honest clients."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.authorizing import (
    AUTHORIZE,
    approve,
    ask,
    browser_with,
    new_verifier,
    onward,
    request_for,
    sent_to,
)
from tests.support.oauth import (
    REDIRECT,
    TOKEN,
    add_client,
    add_public,
    basic,
    claims,
    code_form,
    sign_in,
)
from tests.support.provider import API, ISSUER, Provider, submit

from vallum.identity.storage.sessions import ACR_ONE, ACR_TWO
from vallum.tokens.thumbprint import base64url_digest


def test_a_person_allows_and_the_code_is_good_for_tokens(provider: Provider) -> None:
    client = add_client(provider, "shop")
    person = sign_in(provider)
    browser = browser_with(provider, person)
    verifier = new_verifier()
    asked = request_for(client.id, code_challenge=base64url_digest(verifier.encode()))
    page = ask(browser, asked)
    assert "Allow <bdi>Shop</bdi>?" in page.text
    assert "See your orders" in page.text
    assert "Place orders" not in page.text
    assert "ada@shop.example" in page.text
    assert "shop.example" in page.text
    uri, answer = sent_to(approve(browser, page))
    assert uri == REDIRECT
    assert set(answer) == {"code", "state", "iss"}
    assert answer["iss"] == ISSUER
    assert answer["state"] == "s-1"
    form = code_form(answer["code"], code_verifier=verifier)
    tokens = provider.browser().post(TOKEN, data=form, headers=basic("shop")).json()
    assert claims(tokens["access_token"])["scope"] == "openid orders:read"
    assert claims(tokens["access_token"])["aud"] == API
    assert claims(tokens["id_token"])["nonce"] == "n-1"
    assert claims(tokens["id_token"])["sid"] == person.session.id


def test_who_allowed_the_same_before_is_not_asked_again(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    approve(browser, ask(browser, request_for("shop")))
    for narrower in ("openid orders:read", "openid"):
        answer = browser.get(AUTHORIZE, params=request_for("shop", scope=narrower))
        assert "code" in sent_to(answer)[1]
    again = ask(browser, request_for("shop", prompt="consent"))
    assert "Allow <bdi>Shop</bdi>?" in again.text


def test_the_operators_own_applications_are_trusted(provider: Provider) -> None:
    add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    assert "code" in sent_to(browser.get(AUTHORIZE, params=request_for("spa")))[1]
    assert "code" in sent_to(browser.get(AUTHORIZE, params=request_for("spa", prompt="none")))[1]


def test_who_is_not_signed_in_signs_in_and_comes_back(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = provider.browser()
    answer = browser.get(AUTHORIZE, params=request_for("shop"))
    assert answer.status_code == 303
    path, _, flow = answer.headers["location"].partition("?flow=")
    assert path == "/sign-in"
    person = sign_in(provider)
    signed_in = browser_with(provider, person)
    for name, value in browser.cookies.items():
        signed_in.cookies.set(name, value, domain="login.shop.example")
    page = onward(signed_in, signed_in.get(f"/oauth/authorize/resume?flow={flow}"))
    assert sent_to(approve(signed_in, page))[0] == REDIRECT


def test_a_refusal_is_told(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    page = ask(browser, request_for("shop", state="äö =&"))
    uri, answer = sent_to(submit(browser, page.text, decision="refuse"))
    assert uri == REDIRECT
    assert answer["error"] == "access_denied"
    assert answer["state"] == "äö =&"
    assert answer["iss"] == ISSUER
    assert "code" not in answer


def test_a_form_is_as_good_as_a_link(provider: Provider) -> None:
    add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    answer = browser.post(AUTHORIZE, data=request_for("spa"))
    assert answer.status_code == 303
    assert "code" in sent_to(onward(browser, answer))[1]


def test_the_only_redirect_uri_need_not_be_named(provider: Provider) -> None:
    add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    answer = browser.get(AUTHORIZE, params=request_for("spa", redirect_uri=None))
    assert sent_to(answer)[0] == REDIRECT


_ERRORS: list[tuple[dict[str, str | None], str]] = [
    ({}, "login_required"),
    ({"scope": "openid unknown"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "a  b"}, "invalid_scope"),
    ({"resource": "https://other.example"}, "invalid_target"),
    ({"response_type": None}, "invalid_request"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "sometimes"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "9" * 30}, "invalid_request"),
    ({"acr_values": "urn:other"}, "unmet_authentication_requirements"),
    ({"dpop_jkt": "short"}, "invalid_request"),
    ({"nonce": "n" * 3000}, "invalid_request"),
    ({"id_token_hint": "no.token.ofours"}, "invalid_request"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
]


def test_errors_go_to_the_application(provider: Provider) -> None:
    add_client(provider, "shop")
    for changes, error in _ERRORS:
        asked = request_for("shop", **({"prompt": "none"} | changes))
        uri, answer = sent_to(provider.browser().get(AUTHORIZE, params=asked))
        assert uri == REDIRECT
        assert answer["error"] == error, changes
        assert answer["state"] == "s-1"
        assert answer["iss"] == ISSUER


def test_a_client_without_the_grant_gets_no_code(provider: Provider) -> None:
    add_client(provider, "machine", grants=("client_credentials",))
    answer = provider.browser().get(AUTHORIZE, params=request_for("machine"))
    assert sent_to(answer)[1]["error"] == "unauthorized_client"


def test_no_refresh_without_its_grant(provider: Provider) -> None:
    add_client(provider, "shop", grants=("authorization_code",))
    asked = request_for("shop", scope="openid offline_access")
    assert sent_to(provider.browser().get(AUTHORIZE, params=asked))[1]["error"] == "invalid_scope"


def test_prompt_none_says_what_is_missing(provider: Provider) -> None:
    add_client(provider, "shop")
    person = sign_in(provider)
    browser = browser_with(provider, person)

    def error(**changes: str) -> str | None:
        asked = request_for("shop", prompt="none", **changes)
        return sent_to(browser.get(AUTHORIZE, params=asked))[1].get("error")

    assert error() == "consent_required"
    approve(browser, ask(browser, request_for("shop")))
    assert error() is None
    assert error(acr_values=f"{ACR_TWO} {ACR_ONE}") is None
    assert error(acr_values=ACR_TWO) == "interaction_required"
    provider.clock.now += 100
    assert error(max_age="200") is None
    assert error(max_age="50") == "login_required"
    assert error(max_age="0") == "login_required"


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"prompt": "select_account"}])
def test_people_sign_in_again_where_the_application_says_so(
    provider: Provider, changes: dict[str, str]
) -> None:
    add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    answer = browser.get(AUTHORIZE, params=request_for("spa", **changes))
    assert answer.headers["location"].startswith("/sign-in?flow=")


def test_an_old_sign_in_is_too_old(provider: Provider) -> None:
    add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    provider.clock.now += 100
    answer = browser.get(AUTHORIZE, params=request_for("spa", max_age="50"))
    assert answer.headers["location"].startswith("/sign-in?flow=")
    answer = browser.get(AUTHORIZE, params=request_for("spa", max_age="500"))
    assert "code" in sent_to(answer)[1]


def test_a_step_up_asks_for_the_second_factor(provider: Provider) -> None:
    add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    answer = browser.get(AUTHORIZE, params=request_for("spa", acr_values=ACR_TWO))
    assert answer.headers["location"].startswith("/sign-in/second?flow=")


def test_a_client_that_only_signs_people_in_needs_no_api(provider: Provider) -> None:
    client = add_public(provider, trusted=True, resources=())
    browser = browser_with(provider, sign_in(provider))
    verifier = new_verifier()
    asked = request_for(
        client.id, scope="openid email", code_challenge=base64url_digest(verifier.encode())
    )
    code = sent_to(browser.get(AUTHORIZE, params=asked))[1]["code"]
    program = provider.browser()
    form = code_form(code, code_verifier=verifier, client_id=client.id)
    tokens = program.post(TOKEN, data=form).json()
    assert claims(tokens["access_token"])["aud"] == ISSUER
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert program.get("/oauth/userinfo", headers=bearer).json()["email"] == "ada@shop.example"
    refused = browser.get(AUTHORIZE, params=request_for("spa"))
    assert sent_to(refused)[1]["error"] == "invalid_scope"
    refused = browser.get(AUTHORIZE, params=request_for("spa", resource=API, scope="openid"))
    assert sent_to(refused)[1]["error"] == "invalid_target"


def test_a_person_whom_the_application_did_not_mean(provider: Provider) -> None:
    client = add_public(provider, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    verifier = new_verifier()
    asked = request_for(client.id, code_challenge=base64url_digest(verifier.encode()))
    code = sent_to(browser.get(AUTHORIZE, params=asked))[1]["code"]
    form = code_form(code, code_verifier=verifier, client_id=client.id)
    hint: str = provider.browser().post(TOKEN, data=form).json()["id_token"]
    asked = request_for(client.id, id_token_hint=hint, prompt="none")
    assert "code" in sent_to(browser.get(AUTHORIZE, params=asked))[1]
    other = browser_with(provider, sign_in(provider, "eve@shop.example"))
    answer: Any = other.get(AUTHORIZE, params=asked)
    assert sent_to(answer)[1]["error"] == "login_required"
    del asked["prompt"]
    answer = other.get(AUTHORIZE, params={**asked, "code_challenge": "A" * 43})
    assert answer.headers["location"].startswith("/sign-in?flow=")
