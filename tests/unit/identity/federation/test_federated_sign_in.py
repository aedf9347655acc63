"""Signing in with other providers: the pages, the request, the answer and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.openid_provider import (
    CLIENT_ID,
    Federation,
    running_federation,
)
from tests.support.people import SESSION
from tests.support.provider import ISSUER, submit


def begin_flow(federation: Federation, kind: str = "authorize", **data: Any) -> str:
    """The id of a flow that the browser is in the middle of."""
    federation.browser.get("/sign-in/with/google")
    browser = federation.browser.cookies["__Host-vallum-browser"]
    flows = federation.provider.services.flows
    return str(federation.provider.run(flows.begin, browser, kind, "/oauth/next", data).id)


def test_the_page_says_what_is_asked_for_and_where_one_goes(federation: Federation) -> None:
    page = federation.browser.get("/sign-in/with/google")
    place = federation.google.issuer.removeprefix("http://")
    assert f"You go to <strong>{place}</strong>" in page.text
    for asked in ("Which account there is yours", "Your e-mail address there", "Your name there"):
        assert asked in page.text
    assert "Continue to Google" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.endswith(f"form-action 'self' {federation.google.issuer}")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


def test_the_buttons_are_on_the_pages_for_signing_in_and_up(federation: Federation) -> None:
    flow = begin_flow(federation)
    for path in ("/sign-in", "/sign-up"):
        page = federation.browser.get(f"{path}?flow={flow}").text
        for name in ("google", "other"):
            assert f'href="/sign-in/with/{name}?flow={flow}"' in page


def test_the_request_has_pkce_state_and_nonce_of_its_own(federation: Federation) -> None:
    first = parse_qs(urlsplit(federation.begin()).query)
    second = parse_qs(urlsplit(federation.begin()).query)
    assert first["response_type"] == ["code"]
    assert first["client_id"] == [CLIENT_ID]
    assert first["redirect_uri"] == [f"{ISSUER}/sign-in/callback/google"]
    assert first["scope"] == ["openid email profile"]
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]
    assert "prompt" not in first


def test_an_unknown_provider_is_a_page(federation: Federation) -> None:
    for path in ("/sign-in/with/nobody", "/sign-in/callback/nobody"):
        assert federation.browser.get(path).status_code == 404


def test_a_sign_up_shows_what_will_be_kept_and_keeps_no_more(federation: Federation) -> None:
    page = federation.follow(federation.sign_in())
    assert "ann@shop.example" in page.text
    assert 'value="Ann Example"' in page.text
    assert federation.user() is None  # Nothing before she agrees.
    empty = submit(federation.browser, page.text, name=" ", answer="yes")
    assert empty.status_code == 400
    assert 'aria-invalid="true"' in empty.text
    done = submit(federation.browser, page.text, name="Ann B.", answer="yes")
    assert done.headers["location"] == "/account"
    ann = federation.user()
    assert ann is not None
    assert (ann.name, ann.email_verified, ann.password_hash) == ("Ann B.", True, None)
    assert federation.provider.kinds()[-2:] == ["account.created", "sign-in.ok"]
    session = federation.provider.run(federation.provider.services.sessions.of_user, ann.id)[0]
    assert session.amr == ("fed",)
    federation.browser.cookies.delete(SESSION)
    again = submit(federation.browser, page.text, answer="yes")
    assert again.status_code == 400  # The form was good once.


def test_who_does_not_want_an_account_gets_none(federation: Federation) -> None:
    page = federation.follow(federation.sign_in())
    answer = submit(federation.browser, page.text, index=1, answer="no")
    assert answer.headers["location"] == "/sign-in"
    assert federation.user() is None


def test_a_name_that_cannot_be_shown_is_not_suggested(federation: Federation) -> None:
    federation.google.person["name"] = "Ann\u202eelpmaxE"
    page = federation.follow(federation.sign_in())
    assert 'id="name" name="name" type="text" value=""' in page.text


def test_who_comes_again_is_known_by_the_subject_whatever_the_address(
    federation: Federation,
) -> None:
    ann = federation.sign_up()
    browser = federation.provider.browser()
    federation.google.person |= {"email": "ann@new.example", "email_verified": True}
    assert federation.sign_in(browser=browser).headers["location"] == "/account"
    identity = federation.provider.run(federation.provider.services.identities.of_user, ann.id)[0]
    assert identity.email == "ann@new.example"
    assert identity.last_used == federation.provider.clock.now
    assert federation.user("ann@new.example") is None
    assert federation.provider.outbox.sent[-1][0] == "ann@shop.example"  # A new device.


def test_the_flow_goes_on_where_it_was(federation: Federation) -> None:
    federation.sign_up()
    flow = begin_flow(federation, form_target="https://app.example")
    answer = federation.sign_in(flow=flow)
    assert answer.headers["location"] == f"/oauth/next?flow={flow}"
    federation.google.person |= {"sub": "google-2", "email": "bob@shop.example"}
    flow = begin_flow(federation, form_target="https://app.example")
    page = federation.follow(federation.sign_in(flow=flow))
    assert "https://app.example" in page.headers["content-security-policy"]
    done = submit(federation.browser, page.text, answer="yes")
    assert done.headers["location"] == f"/oauth/next?flow={flow}"


def test_a_flow_that_is_over_meanwhile_ends_with_a_page(federation: Federation) -> None:
    federation.sign_up()
    flow = begin_flow(federation)
    federation.provider.clock.now += 300
    url = federation.begin(flow=flow)
    federation.provider.clock.now += 301
    assert federation.browser.get(federation.google.approve(url)).status_code == 400


def test_denial_is_a_calm_page_with_the_way_back(federation: Federation) -> None:
    flow = begin_flow(federation)
    page = federation.browser.get(federation.google.deny(federation.begin(flow=flow)))
    assert page.status_code == 200
    assert "You stopped at Google" in page.text
    assert f'href="/sign-in?flow={flow}"' in page.text
    assert "<b>No</b>" not in page.text
    assert federation.google.token_calls() == 0
    assert "federation.denied" in federation.provider.kinds()


def test_other_errors_are_no_sign_in_and_their_texts_are_not_shown(
    federation: Federation,
) -> None:
    for error in ("server_error", "<script>", ""):
        page = federation.browser.get(federation.google.deny(federation.begin(), error))
        assert page.status_code == 400
        assert "script" not in page.text.partition("<h1>")[2]
    for code in ("", "x" * 5000, "a\nb", "é"):
        back = federation.google.approve(federation.begin(), code=code)
        assert federation.browser.get(back).status_code == 400
    assert federation.google.token_calls() == 0


def test_a_disabled_person_stays_out(federation: Federation) -> None:
    ann = federation.sign_up()
    federation.provider.run(federation.provider.services.users.disable, ann.id)
    browser = federation.provider.browser()
    assert federation.sign_in(browser=browser).status_code == 403
    federation.google.person["sub"] = "google-2"  # Nor does her address lead in.
    assert federation.sign_in(browser=browser).status_code == 403
    assert SESSION not in browser.cookies


def test_an_administrator_needs_a_second_factor_all_the_same(federation: Federation) -> None:
    ann = federation.sign_up()
    federation.provider.run(federation.provider.services.users.set_roles, ann.id, ["admin"])
    browser = federation.provider.browser()
    federation.google.claims = {"amr": ["pwd", "mfa"], "acr": "urn:vallum:acr:2"}
    answer = federation.sign_in(browser=browser)
    assert answer.headers["location"].startswith("/sign-in/second?flow=")
    assert SESSION not in browser.cookies


def test_nobody_signs_up_where_accounts_are_made_by_operators(
    database: str, tmp_path: Path
) -> None:
    with running_federation(database, tmp_path / "secret", sign_up="off") as federation:
        assert federation.sign_in().status_code == 403
        invited = federation.provider.run(
            federation.provider.services.users.add, "ann@shop.example", "Ann", roles=["reader"]
        )
        assert invited is not None
        # Who was invited, and whose address Google confirms, needs no link by mail.
        page = federation.follow(federation.sign_in())
        assert "Take over your account" in page.text
        submit(federation.browser, page.text, answer="yes")
        assert federation.identities(invited) == ["google-1"]
        assert federation.user() == federation.provider.run(
            federation.provider.services.users.get, invited.id
        )


def test_only_addresses_of_the_named_domains_sign_up(database: str, tmp_path: Path) -> None:
    domains: dict[str, Any] = {"email_domains": ("corp.example",)}
    with running_federation(database, tmp_path / "secret", **domains) as federation:
        assert "corp.example" in federation.sign_in().text
        federation.google.person["email"] = "ann@corp.example"
        assert federation.sign_in().status_code == 303


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, {}, b"not json"), "tokens.json"),
        ((200, {}, b'["x"]'), "tokens.json"),
        ((200, {}, b'{"id_token": "a", "id_token": "b"}'), "tokens.json"),
        ((200, {}, b"{}"), "tokens.missing"),
        ((200, {}, b'{"id_token": 5}'), "tokens.missing"),
        ((200, {}, b'{"id_token": "a.b.c"}'), "id-token.jwt.malformed"),
        ((200, {"Content-Type": "text/html"}, b"{}"), "tokens.type"),
        ((500, {}, b"{}"), "tokens.status-500"),
        ((201, {}, b"{}"), "tokens.status-201"),
    ],
)
def test_a_token_endpoint_that_talks_nonsense_signs_nobody_in(
    tmp_path: Path, answer: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    with running_federation(f"sqlite:///{tmp_path / 'i.db'}", tmp_path / "secret") as federation:
        federation.google.answers["/token"] = answer
        assert federation.sign_in().status_code == 400
        assert federation.reasons() == [reason]


def test_an_answer_without_end_or_in_a_coding_is_cut_off(federation: Federation) -> None:
    for fields, body in (({}, b" " * 70_000), ({"Content-Encoding": "gzip"}, b"x")):
        federation.google.answers["/token"] = (200, fields, body)
        assert federation.sign_in().status_code == 503


def test_the_client_authenticates_as_the_provider_can(tmp_path: Path) -> None:
    ways = (["client_secret_basic"], ["client_secret_post"], ["private_key_jwt"])
    for number, methods in enumerate(ways):
        database = f"sqlite:///{tmp_path / f'{number}.db'}"
        with running_federation(database, tmp_path / "secret") as federation:
            federation.google.metadata = {"token_endpoint_auth_methods_supported": methods}
            assert federation.sign_in().status_code == (400 if number == 2 else 303)
            assert federation.google.token_calls() == (0 if number == 2 else 1)


def test_a_public_client_has_no_secret(federation: Federation) -> None:
    federation.other.person["email"] = "bob@shop.example"
    answer = federation.browser.get(federation.other.approve(federation.begin("other")))
    assert federation.follow(answer).status_code == 200


def test_what_the_id_token_leaves_out_is_asked_of_userinfo(federation: Federation) -> None:
    federation.google.claims = {"email": ..., "email_verified": ..., "name": ...}
    federation.google.userinfo = {"email": "ann@shop.example", "email_verified": True, "name": "A"}
    page = federation.follow(federation.sign_in())
    assert "ann@shop.example" in page.text
    # An answer about somebody else is none (OpenID Connect Core §5.3.2).
    federation.google.userinfo["sub"] = "google-2"
    assert federation.sign_in().status_code == 400
    assert federation.reasons() == ["userinfo.sub"]
    # The token's word on the address counts, where it says one.
    federation.google.claims = {"email": "eve@evil.example", "email_verified": False}
    assert federation.sign_in().status_code == 403


def test_who_must_sign_in_again_must_do_so_over_there_too(federation: Federation) -> None:
    federation.sign_up()
    url = federation.begin(flow=begin_flow(federation, again=True))
    assert parse_qs(urlsplit(url).query)["prompt"] == ["select_account"]
    assert federation.browser.get(federation.google.approve(url)).status_code == 303


def test_a_provider_that_tells_when_must_tell_of_a_new_sign_in(
    database: str, tmp_path: Path
) -> None:
    with running_federation(database, tmp_path / "secret") as federation:
        federation.google.metadata = {"claims_supported": ["sub", "auth_time"]}
        now = federation.provider.clock.now
        federation.sign_up()
        for auth_time, status in ((..., 400), (now - 3600, 400), (now - 5, 303)):
            federation.google.claims = {"auth_time": auth_time}
            url = federation.begin(flow=begin_flow(federation, again=True))
            assert parse_qs(urlsplit(url).query)["max_age"] == ["300"]
            assert federation.browser.get(federation.google.approve(url)).status_code == status


def test_a_provider_that_is_away_is_a_page_and_others_go_on(federation: Federation) -> None:
    federation.google.answers["/.well-known/openid-configuration"] = (503, {}, b"")
    page = federation.browser.get("/sign-in/with/google")
    assert page.status_code == 503
    assert "Google cannot be reached" in page.text
    assert federation.browser.get("/sign-in/with/other").status_code == 200


def test_no_secret_of_a_sign_in_is_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "identity.db"
    with running_federation(f"sqlite:///{path}", tmp_path / "secret") as federation:
        parent = begin_flow(federation)
        url = federation.begin(flow=parent)
        asked = parse_qs(urlsplit(url).query)
        federation.follow(federation.browser.get(federation.google.approve(url)))
        kept = b"".join(file.read_bytes() for file in tmp_path.glob("identity.db*"))
        for secret in (asked["state"][0], asked["nonce"][0], asked["code_challenge"][0], parent):
            assert secret.encode() not in kept
        assert b"the-access-token" not in kept
