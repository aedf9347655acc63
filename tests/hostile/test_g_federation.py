"""G: signing in with other providers. No careless symptom shows, and who is honest gets in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.factors import with_totp
from tests.support.minting import jwks, make_key, public_jwk, sign
from tests.support.openid_provider import (
    ALIAS,
    CLIENT_ID,
    Federation,
    running_federation,
)
from tests.support.people import PASSWORD, SESSION
from tests.support.provider import submit

from vallum.config.provider import UpstreamProvider
from vallum.identity.federation.metadata import MetadataRefused, read_metadata


def refused(federation: Federation, answer: Any, reason: str) -> None:
    """The answer is a page, nobody is signed in, and the events say why."""
    assert answer.status_code == 400, answer.text
    assert SESSION not in federation.browser.cookies
    assert federation.reasons()[-1] == reason


def honest(federation: Federation) -> None:
    """The same browser with an honest answer is let in."""
    federation.google.claims, federation.google.header, federation.google.tokens = {}, {}, {}
    assert federation.follow(federation.sign_in()).status_code == 200


# B-166


def test_b166_state_csrf_missing_and_invented_states_are_refused_before_any_call(
    federation: Federation,
) -> None:
    url = federation.begin()
    for state in (..., "", "x" * 43, "🦦"):
        back = federation.google.approve(url, state=state)
        answer = federation.browser.get(back)
        assert answer.status_code == 400
        assert SESSION not in federation.browser.cookies
    assert federation.google.token_calls() == 0
    assert federation.browser.get(federation.google.approve(url)).status_code == 303


def test_b166_state_csrf_the_state_of_another_browser_is_refused_and_stays_good_there(
    federation: Federation,
) -> None:
    attacker = federation.provider.browser()
    back = federation.google.approve(federation.begin(browser=attacker))
    federation.begin()  # The victim is on the way somewhere, too.
    assert federation.browser.get(back).status_code == 400
    assert federation.google.token_calls() == 0
    assert attacker.get(back).status_code == 303


def test_b166_state_csrf_a_state_works_once_even_after_a_refusal(federation: Federation) -> None:
    url = federation.begin()
    assert federation.browser.get(federation.google.approve(url)).status_code == 303
    assert federation.browser.get(federation.google.approve(url)).status_code == 400
    assert federation.google.token_calls() == 1
    url = federation.begin()
    assert federation.browser.get(federation.google.deny(url)).status_code == 200
    assert federation.browser.get(federation.google.approve(url)).status_code == 400
    assert federation.google.token_calls() == 1


def test_b166_state_csrf_a_state_lasts_ten_minutes(federation: Federation) -> None:
    for seconds, status in ((601, 400), (590, 303)):
        back = federation.google.approve(federation.begin())
        federation.provider.clock.now += seconds
        assert federation.browser.get(back).status_code == status


def test_b166_state_csrf_an_attackers_code_with_the_victims_state_proves_nothing(
    federation: Federation,
) -> None:
    attacker = federation.provider.browser()
    stolen = parse_qs(urlsplit(federation.google.approve(federation.begin(browser=attacker))).query)
    back = federation.google.approve(federation.begin(), code=stolen["code"][0])
    # Its challenge is that of another state (PKCE): the provider does not redeem it.
    refused(federation, federation.browser.get(back), "tokens.status-400")
    honest(federation)


def test_b166_state_csrf_two_states_are_none(federation: Federation) -> None:
    back = federation.google.approve(federation.begin())
    assert federation.browser.get(f"{back}&state=other").status_code == 400
    assert federation.google.token_calls() == 0


# B-167


def test_b167_nonce_replay_a_token_with_another_nonce_is_refused(federation: Federation) -> None:
    for nonce in (..., "", "another", 5, None, ["x"], True):
        federation.google.claims = {"nonce": nonce}
        refused(federation, federation.sign_in(), "id-token.nonce")
    honest(federation)


def test_b167_nonce_replay_a_token_of_an_earlier_sign_in_is_refused(
    federation: Federation,
) -> None:
    back = federation.google.approve(federation.begin(browser=federation.provider.browser()))
    assert back
    old = federation.google.id_token(federation.google.asked["nonce"]).decode()
    federation.google.tokens = {"id_token": old}
    refused(federation, federation.sign_in(), "id-token.nonce")
    honest(federation)


# B-168


def test_b168_mixup_an_issuer_in_the_answer_must_be_that_of_this_sign_in(
    federation: Federation,
) -> None:
    for issuer in (federation.other.issuer, "", f"{federation.google.issuer}/", "https://evil"):
        back = federation.google.approve(federation.begin(), iss=issuer)
        refused(federation, federation.browser.get(back), "answer.iss")
    assert federation.google.token_calls() == federation.other.token_calls() == 0
    for issuer in (federation.google.issuer, ALIAS):
        back = federation.google.approve(federation.begin(), iss=issuer)
        assert federation.browser.get(back).status_code == 303


def test_b168_mixup_a_provider_that_names_itself_must_always_do_so(
    federation: Federation,
) -> None:
    federation.google.metadata = {"authorization_response_iss_parameter_supported": True}
    refused(federation, federation.sign_in(), "answer.iss")
    denied = federation.google.deny(federation.begin())
    refused(federation, federation.browser.get(denied), "answer.iss")
    assert federation.google.token_calls() == 0
    back = federation.google.approve(federation.begin(), iss=federation.google.issuer)
    assert federation.browser.get(back).status_code == 303


def test_b168_mixup_each_provider_has_its_own_address_to_come_back_to(
    federation: Federation,
) -> None:
    url = federation.begin("google")
    back = federation.google.approve(url)
    assert federation.google.asked["redirect_uri"].endswith("/sign-in/callback/google")
    # The attacker's provider sends the browser back to its own address with the code of the honest
    # one: it is not redeemed anywhere.
    swapped = back.replace("/callback/google", "/callback/other")
    refused(federation, federation.browser.get(swapped), "answer.provider")
    assert federation.google.token_calls() == federation.other.token_calls() == 0
    assert any(event.alert for event in federation.provider.events)
    assert federation.browser.get(back).status_code == 400  # It may be known to others now.


# B-169


def test_b169_google_hd_an_address_of_our_domain_does_not_open_an_account(
    federation: Federation,
) -> None:
    ann = federation.sign_up()
    stranger = federation.provider.browser()
    federation.google.person |= {"sub": "google-2"}
    page = federation.follow(federation.sign_in(browser=stranger), browser=stranger)
    assert "Is this your account?" in page.text
    assert SESSION not in stranger.cookies
    assert federation.identities(ann) == ["google-1"]


def test_b169_google_hd_the_domain_gate_asks_for_hd_and_not_for_the_address(
    database: str, tmp_path: Path
) -> None:
    gate = {"hosted_domain": "shop.example"}
    with running_federation(database, tmp_path / "secret", google=gate) as federation:
        for hd in (
            ...,
            "evil.example",
            "sub.shop.example",
            "shop.example.",
            "",
            1,
            None,
            ["shop.example"],
        ):
            federation.google.claims = {"hd": hd}
            answer = federation.sign_in()
            assert answer.status_code == 403
            assert "another organization" in answer.text
        # What the userinfo endpoint says of the domain is not signed, and not asked.
        federation.google.claims = {"email": ..., "hd": ...}
        federation.google.userinfo = {"hd": "shop.example", "email": "ann@shop.example"}
        assert federation.sign_in().status_code == 403
        assert federation.user() is None
        federation.google.claims = {"hd": "Shop.Example"}
        assert federation.follow(federation.sign_in()).status_code == 200
        assert federation.google.asked["hd"] == "shop.example"


def test_b169_google_hd_an_unverified_address_neither_links_nor_creates(
    federation: Federation,
) -> None:
    for verified in (False, ..., "true", "false", 1, None):
        federation.google.claims = {"email_verified": verified}
        answer = federation.sign_in()
        assert answer.status_code == 403
        assert "does not confirm your e-mail address" in answer.text
        assert federation.user() is None
    ann = federation.make_account()
    assert federation.sign_in().status_code == 403
    assert federation.identities(ann) == []


_BAD_CLAIMS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"aud": "another.apps.example"}, "id-token.aud"),
    ({"aud": [CLIENT_ID, "another.apps.example"]}, "id-token.aud"),
    ({"aud": []}, "id-token.aud"),
    ({"aud": ...}, "id-token.aud"),
    ({"aud": f"{CLIENT_ID} "}, "id-token.aud"),
    ({"aud": {CLIENT_ID: 1}}, "id-token.aud"),
    ({"azp": "another.apps.example"}, "id-token.azp"),
    ({"azp": None}, "id-token.azp"),
    ({"iss": "https://accounts.google.com.evil.example"}, "id-token.iss"),
    ({"iss": f"{ALIAS}/"}, "id-token.iss"),
    ({"iss": [ALIAS]}, "id-token.iss"),
    ({"iss": ...}, "id-token.iss"),
    ({"sub": ""}, "id-token.sub"),
    ({"sub": 7}, "id-token.sub"),
    ({"sub": "a\nb"}, "id-token.sub"),
    ({"sub": "x" * 256}, "id-token.sub"),
    ({"sub": "otter🦦"}, "id-token.sub"),
    ({"exp": 1_799_999_960}, "id-token.exp"),
    ({"exp": ...}, "id-token.exp"),
    ({"exp": True}, "id-token.exp"),
    ({"exp": "1900000000"}, "id-token.exp"),
    ({"iat": ...}, "id-token.iat"),
    ({"iat": 1_800_000_100}, "id-token.iat"),
    ({"iat": 1_799_990_000}, "id-token.iat"),
    ({"nbf": 1_800_000_100}, "id-token.nbf"),
    ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "id-token.at_hash"),
    ({"at_hash": None}, "id-token.at_hash"),
)


def test_b169_google_hd_tokens_for_others_or_out_of_time_are_refused(
    federation: Federation,
) -> None:
    for claims, reason in _BAD_CLAIMS:
        federation.google.claims = claims
        refused(federation, federation.sign_in(), reason)
    honest(federation)


def test_b169_google_hd_both_spellings_of_the_issuer_are_one_person(
    federation: Federation,
) -> None:
    ann = federation.sign_up()
    federation.google.claims = {"iss": ALIAS}
    assert federation.sign_in().headers["location"] == "/account"
    assert federation.identities(ann) == ["google-1"]
    # The same subject of another provider is somebody else.
    other = federation.provider.browser()
    federation.other.person |= {"sub": "google-1", "email": "bob@shop.example"}
    page = other.get(federation.other.approve(federation.begin("other", browser=other)))
    assert page.headers["location"].startswith("/sign-in/join")


_BAD_HEADERS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"alg": "none"}, "id-token.jwt.alg"),
    ({"alg": "HS256"}, "id-token.jwt.alg"),
    ({"alg": "PS256"}, "id-token.jwt.alg"),
    ({"kid": "k2"}, "id-token.jwt.key-unknown"),
    ({"typ": "at+jwt"}, "id-token.typ"),
    ({"typ": "logout+jwt"}, "id-token.typ"),
    ({"jku": "https://evil.example/keys"}, "id-token.jwt.embedded-key"),
    ({"crit": ["exp"]}, "id-token.jwt.crit"),
)


def test_b169_google_hd_headers_that_choose_their_own_rules_are_refused(
    federation: Federation,
) -> None:
    for header, reason in _BAD_HEADERS:
        federation.google.header = header
        refused(federation, federation.sign_in(), reason)
    honest(federation)


def test_b169_google_hd_a_token_of_a_strangers_key_is_refused(federation: Federation) -> None:
    key = make_key("RS256", "other")
    federation.google.published = jwks({**public_jwk(key), "kid": "k1"})
    refused(federation, federation.sign_in(), "id-token.jwt.signature")


def test_b169_google_hd_the_client_secret_is_no_key(federation: Federation) -> None:
    claims = {"iss": federation.google.issuer, "sub": "google-1", "aud": CLIENT_ID}
    token = sign({"alg": "HS256"}, claims, make_key("HS256"), "HS256").decode()
    federation.google.metadata = {"id_token_signing_alg_values_supported": ["HS256", "RS256"]}
    federation.google.tokens = {"id_token": token}
    refused(federation, federation.sign_in(), "id-token.jwt.alg")
    honest(federation)


# B-170


def test_b170_google_email_link_an_existing_account_must_be_proved_first(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    page = federation.follow(federation.sign_in())
    assert "Is this your account?" in page.text
    # Sent anyway, nothing is linked.
    flow = parse_qs(urlsplit(str(page.url)).query)["flow"][0]
    assert federation.identities(ann) == []
    asked = federation.follow(federation.sign_in_locally(f"/sign-in?flow={flow}"))
    assert "Connect Google?" in asked.text
    assert federation.identities(ann) == []
    done = submit(federation.browser, asked.text, answer="yes")
    assert done.headers["location"] == "/account"
    assert federation.identities(ann) == ["google-1"]
    assert "identity.linked" in federation.provider.kinds()
    assert federation.provider.outbox.sent[-1][1] == "Bookshop: A sign-in was connected"


def test_b170_google_email_link_a_form_sent_before_the_proof_links_nothing(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    federation.google.person |= {"email": "bob@shop.example", "sub": "google-9"}
    form = federation.follow(federation.sign_in())  # A page of ours with a form that fits.
    federation.google.person |= {"email": "ann@shop.example", "sub": "google-1"}
    prove = federation.sign_in().headers["location"]
    flow = parse_qs(urlsplit(prove).query)["flow"][0]
    answer = submit(federation.browser, form.text, flow=flow, answer="yes")
    assert answer.status_code == 400
    assert federation.identities(ann) == []


def test_b170_google_email_link_a_session_that_was_there_before_is_no_proof(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    federation.sign_in_locally()
    assert SESSION in federation.browser.cookies
    page = federation.follow(federation.sign_in())
    assert "Is this your account?" in page.text
    assert federation.identities(ann) == []


def test_b170_google_email_link_the_proof_of_another_account_links_nothing(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    mallory = federation.make_account(email="mallory@shop.example")
    page = federation.follow(federation.sign_in())
    flow = parse_qs(urlsplit(str(page.url)).query)["flow"][0]
    answer = federation.sign_in_locally(f"/sign-in?flow={flow}", email="mallory@shop.example")
    assert federation.follow(answer).status_code == 400
    assert federation.identities(ann) == federation.identities(mallory) == []


def test_b170_google_email_link_who_does_not_want_to_is_signed_in_without(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    page = federation.follow(federation.sign_in())
    flow = parse_qs(urlsplit(str(page.url)).query)["flow"][0]
    asked = federation.follow(federation.sign_in_locally(f"/sign-in?flow={flow}"))
    done = submit(federation.browser, asked.text, index=1, answer="no")
    assert done.headers["location"] == "/account"
    assert federation.identities(ann) == []


def test_b170_google_email_link_an_account_made_in_advance_is_emptied_for_its_owner(
    federation: Federation,
) -> None:
    waiting = federation.make_account(verified=False)
    services, run = federation.provider.services, federation.provider.run
    attacker = federation.provider.browser()
    page = attacker.get("/sign-in").text
    submit(attacker, page, email="ann@shop.example", password=PASSWORD)
    assert attacker.get("/account").status_code == 200
    run(services.identities.link, waiting.id, federation.other.issuer, "mallory", "")
    asked = federation.follow(federation.sign_in())
    assert "Take over your account" in asked.text
    done = submit(federation.browser, asked.text, answer="yes")
    assert done.headers["location"] == "/account"
    ann = federation.user()
    assert ann is not None
    assert (ann.id, ann.email_verified, ann.password_hash) == (waiting.id, True, None)
    assert federation.identities(ann) == ["google-1"]
    # The attacker's session, password and tokens are worth nothing any more.
    assert attacker.get("/account").status_code == 303
    assert federation.provider.data_plane.subjects == [f"user:{ann.id}"]
    answer = submit(attacker, attacker.get("/sign-in").text, email=ann.email, password=PASSWORD)
    assert answer.status_code == 400
    assert "account.reclaimed" in federation.provider.kinds()


def test_b170_google_email_link_an_address_alone_takes_no_second_factor_away(
    federation: Federation,
) -> None:
    """Operators make accounts whose address nobody proves; who uses one has a second factor."""
    ann = federation.make_account(verified=False)
    run, services = federation.provider.run, federation.provider.services
    with_totp(federation.provider, ann)
    prove = federation.follow(federation.sign_in())
    assert "Take over your account" not in prove.text
    assert federation.identities(ann) == []
    # Nor does the mail, which is of a browser's that has no factor.
    thief = federation.provider.browser()
    submit(thief, thief.get("/account/reset").text, email=ann.email)
    link = federation.provider.outbox.link()
    chosen = submit(thief, thief.get(link).text, password="eight calm whales knit scarves")
    assert chosen.headers["location"].startswith("/sign-in/second?flow=")
    assert thief.get(chosen.headers["location"]).status_code == 200
    assert thief.get("/account").status_code == 303
    assert run(services.totp.count, ann.id) == 1
    assert "account.reclaimed" not in federation.provider.kinds()


def test_b170_google_email_link_an_account_that_was_proved_meanwhile_is_not_emptied(
    federation: Federation,
) -> None:
    waiting = federation.make_account(verified=False)
    asked = federation.follow(federation.sign_in())
    federation.provider.run(federation.provider.services.users.verify, waiting.id, waiting.email)
    assert submit(federation.browser, asked.text, answer="yes").status_code == 409
    ann = federation.user()
    assert ann is not None
    assert ann.password_hash == waiting.password_hash
    assert federation.identities(ann) == []


def test_b170_google_email_link_the_owner_may_prove_her_address_by_mail_as_well(
    federation: Federation,
) -> None:
    waiting = federation.make_account(verified=False)
    services, run = federation.provider.services, federation.provider.run
    run(services.identities.link, waiting.id, federation.other.issuer, "mallory", "")
    page = federation.browser.get("/account/reset").text
    submit(federation.browser, page, email=waiting.email)
    link = federation.provider.outbox.link()
    chosen = "eight calm whales knit scarves"
    done = submit(federation.browser, federation.browser.get(link).text, password=chosen)
    assert done.status_code == 303
    ann = federation.user()
    assert ann is not None
    assert ann.email_verified
    assert ann.password_hash not in (None, waiting.password_hash)
    assert federation.identities(ann) == []
    attacker = federation.provider.browser()
    back = federation.other.approve(federation.begin("other", browser=attacker))
    federation.other.person |= {"sub": "mallory", "email": "mallory@evil.example"}
    assert attacker.get(back).headers["location"].startswith("/sign-in/join")


def test_b170_google_email_link_inverse_a_password_does_not_slip_into_googles_account(
    federation: Federation,
) -> None:
    ann = federation.sign_up()
    attacker = federation.provider.browser()
    page = attacker.get("/sign-up").text
    submit(attacker, page, name="Ann", email=ann.email, password="five angry geese sell hats")
    assert "has one already" in federation.provider.outbox.sent[-1][2]
    page = attacker.get("/sign-in").text
    wrong = submit(attacker, page, email=ann.email, password="five angry geese sell hats")
    assert wrong.status_code == 400
    after = federation.user()
    assert after is not None
    assert after.password_hash is None


# B-171


_MISREAD = (
    "a@evil.example@shop.example",
    '"a@evil.example"@shop.example',
    "ann@shop.example.",
    "ann@shop.example.evil.example",
    "ann@evilshop.example",
    "ann@sub.shop.example",
    "ann@ѕhop.example",  # A Cyrillic letter.
    "ann@ｓhop.example",  # A full-width letter.
    "\u212aim@shop.example",  # A Kelvin sign.
    "ann@shop.example\n",
    "ann@shop.example,bob@evil.example",
    "<ann@shop.example>",
)


def test_b171_email_multi_at_a_claim_is_read_like_an_address_that_was_typed(
    database: str, tmp_path: Path
) -> None:
    only: dict[str, Any] = {"email_domains": ("shop.example",)}
    with running_federation(database, tmp_path / "secret", **only) as federation:
        for email in _MISREAD:
            federation.google.person |= {"email": email}
            assert federation.sign_in().status_code == 403
        federation.google.person |= {"email": "ANN@Shop.Example"}
        federation.sign_up()
        users = federation.provider.run(federation.provider.services.users.all)
        assert [user.email for user in users] == ["ann@shop.example"]


# B-187

_BAD_METADATA: tuple[dict[str, Any], ...] = (
    {"issuer": "http://127.0.0.1:1"},
    {"issuer": "HTTPS://as.example"},
    {"issuer": "https://as.example/"},
    {"issuer": "https://as.example/tenant"},
    {"issuer": ...},
    {"issuer": ["https://as.example"]},
    {"jwks_uri": "http://keys.example/jwks"},
    {"jwks_uri": "http://127.0.0.1/jwks"},
    {"jwks_uri": ...},
    {"token_endpoint": "http://10.0.0.1/token"},
    {"token_endpoint": "https://user:secret@as.example/token"},
    {"token_endpoint": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "https://as.example/\r\nset-cookie: a=b"},
    {"authorization_endpoint": "https://as.example;script-src/"},
    {"authorization_endpoint": "https://as.example/#fragment"},
    {"authorization_endpoint": "https:///authorize"},
    {"userinfo_endpoint": "http://intranet/userinfo"},
    {"userinfo_endpoint": None},
    {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    {"id_token_signing_alg_values_supported": "RS256"},
)


@pytest.mark.parametrize("changes", _BAD_METADATA)
def test_b187_meta_issuer_metadata_of_another_issuer_or_with_bad_urls_is_not_used(
    changes: dict[str, Any],
) -> None:
    good = {
        name: f"https://as.example/{name}"
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    } | {"issuer": "https://as.example"}
    provider = UpstreamProvider(
        name="as",
        label="AS",
        issuer="https://as.example",
        client_id="shop",
        client_secret_file=None,
        insecure_http=True,
    )
    found = read_metadata(json.dumps(good).encode(), provider)
    assert found.authorization_origin == "https://as.example"
    bad = {name: value for name, value in {**good, **changes}.items() if value is not ...}
    with pytest.raises(MetadataRefused):
        read_metadata(json.dumps(bad).encode(), provider)


def test_b187_meta_issuer_a_provider_with_foreign_metadata_gets_nobody(
    federation: Federation,
) -> None:
    federation.google.metadata = {"issuer": federation.other.issuer}
    assert federation.browser.get("/sign-in/with/google").status_code == 503
    assert federation.google.seen == ["/.well-known/openid-configuration"]
    assert federation.browser.get("/sign-in/with/other").status_code == 200


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
def test_b187_meta_issuer_no_redirect_is_followed(federation: Federation, path: str) -> None:
    elsewhere = f"{federation.other.issuer}{path}"
    federation.google.answers[path] = (307, {"Location": elsewhere}, b"")
    if path.startswith("/.well-known"):
        assert federation.browser.get("/sign-in/with/google").status_code == 503
    else:
        assert federation.sign_in().status_code in (400, 503)
    assert federation.other.seen == []
    assert SESSION not in federation.browser.cookies
