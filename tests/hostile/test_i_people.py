"""Section I: passwords, sessions and accounts, through the pages, on both databases."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from starlette.requests import Request
from starlette.testclient import TestClient
from tests.support.factors import with_totp
from tests.support.people import (
    ANN,
    ANOTHER,
    PASSWORD,
    SESSION,
    add_user,
    hashed,
    sign_in,
    sign_in_quickly,
)
from tests.support.provider import ISSUER, Provider, form_of, submit

from vallum.identity.people import passwords
from vallum.identity.people.addresses import BadAddress, canonical_address, is_of_domain
from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.people.mail import MailFailed, compose
from vallum.identity.storage.tables import ATTEMPTS, USERS
from vallum.identity.web.cookies import read_cookie

DEVICE = "__Host-vallum-device"


class Verified:
    """Counts the passwords that were looked at, without the work of a hash."""

    def __init__(self, right: str = "") -> None:
        self.hashes: list[str] = []
        self._right = right

    def __call__(self, digest: bytes, kept: str) -> bool:
        self.hashes.append(kept)
        return kept == self._right


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Verified:
    """Every password is wrong, at no cost."""
    found = Verified()
    monkeypatch.setattr(passwords, "_verify", found)
    return found


def come_from(browser: TestClient, number: int) -> None:
    """From another network each time."""
    browser.headers["x-forwarded-for"] = f"198.{number // 250}.{number % 250}.1"


async def as_after_failures(provider: Provider, failures: int) -> None:
    """As if strangers had failed so often on many accounts in the last minutes."""
    window = provider.services.guard._attempt("password", "", "", None).window
    now = provider.clock()
    row = {"failures": failures, "consecutive": failures, "first": now, "last": now}
    async with provider.services.database.write() as connection:
        await connection.execute(insert(ATTEMPTS).values(key=window, blocked_until=now, **row))


@pytest.mark.parametrize(
    "address",
    [
        "a@evil.com@corp.com",
        '"a@evil.com"@corp.com',
        '"a@evil.com"corp.com',
        "a@corp.com.",
        "a@corp.com\r\nBcc: b@evil.com",
        "a@corp.com\x00.evil.com",
        "a@ｃorp.com",
        "a@corp。com",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a@-corp.com",
        "a@xn--zz.com",
        "a@corp",
        "a b@corp.com",
        "<a@corp.com>",
        "a@" + "b" * 64 + ".com",
        "a" * 300 + "@corp.com",
        "\u212aim@corp.com",  # The Kelvin sign, whose small letter is a plain `k`.
        "ann\uff0elee@corp.com",
    ],
)
def test_b171_email_multi_at_is_no_address(address: str) -> None:
    with pytest.raises(BadAddress):
        canonical_address(address)


def test_b171_domains_are_compared_whole_as_a_labels() -> None:
    assert canonical_address(" Ann.Lee+Shop@Bücher.Example ") == (
        "ann.lee+shop@xn--bcher-kva.example"
    )
    homograph = canonical_address("a@cоrp.example")
    assert homograph == "a@xn--crp-sed.example"
    for other in (homograph, "a@evilcorp.example", "a@sub.corp.example"):
        assert not is_of_domain(other, ("corp.example",))
    assert is_of_domain("a@corp.example", ("corp.example",))


def test_b221_enum_timing_sign_in_does_the_same_for_who_has_no_account(
    provider: Provider, verified: Verified
) -> None:
    add_user(provider)
    add_user(provider, "federated@readers.example", password_hash=None)
    answers = []
    for email in (ANN, "nobody@readers.example", "federated@readers.example"):
        before = len(provider.events), len(verified.hashes)
        answer = sign_in(provider.client, email)
        assert (len(provider.events), len(verified.hashes)) == (before[0] + 1, before[1] + 1)
        answers.append((answer.status_code, answer.text.replace(email, ""), dict(answer.headers)))
    for status, text, headers in answers:
        headers.pop("content-length")
        assert (status, text) == answers[0][:2]
        assert headers == answers[0][2]
    # As costly: the same parameters, on a hash that no password leads to.
    parameters = {each.rpartition("$")[0].rpartition("$")[0] for each in verified.hashes}
    assert parameters == {"$argon2id$v=19$m=19456,t=2,p=1"}


def test_b221_enum_timing_the_hash_of_nobody_is_a_real_one(provider: Provider) -> None:
    kept = passwords._NOBODY
    assert not passwords.is_outdated(kept)
    assert not passwords._verify(b"x" * 32, kept)
    assert not provider.run(provider.services.passwords.verify, "x", None)


@pytest.mark.parametrize("path", ["/account/reset", "/sign-up"])
def test_b221_enum_timing_reset_and_sign_up_answer_before_they_look(
    provider: Provider, path: str
) -> None:
    add_user(provider)
    page = provider.client.get(path).text
    answers = {}
    for email in (ANN, "zoe@readers.example"):
        answer = submit(provider.client, page, name="Zoe", email=email, password=ANOTHER)
        answers[email] = answer.status_code, answer.text.replace(email, "")
    assert answers[ANN] == answers["zoe@readers.example"]
    assert answers[ANN][0] == 200
    told = [to for to, _, _ in provider.outbox.sent]
    assert told == ([ANN] if path == "/account/reset" else [ANN, "zoe@readers.example"])


def test_b222_stuffing_one_account_from_many_networks_gets_few_tries(
    provider: Provider, verified: Verified
) -> None:
    add_user(provider)
    page = provider.client.get("/sign-in").text
    statuses = []
    for number in range(60):
        come_from(provider.client, number)
        statuses.append(submit(provider.client, page, email=ANN, password=f"{number}x").status_code)
    assert len(verified.hashes) == 21
    assert statuses[21:] == [429] * 39
    assert [e.kind for e in provider.events if e.alert] == ["guard.slowed"]


def test_b222_stuffing_one_a_minute_ends_at_a_hundred(provider: Provider) -> None:
    guard, tries = provider.services.guard, 0

    async def as_after(failures: int) -> None:
        async with provider.services.database.write() as connection:
            await connection.execute(
                update(ATTEMPTS)
                .where(ATTEMPTS.c.consecutive == 1)
                .values(consecutive=failures, failures=failures)
            )

    provider.run(guard.check, "password", account=ANN, address="192.0.2.1")
    provider.run(as_after, 90)
    for number in range(200):
        provider.clock.now += 3600
        try:
            provider.run(guard.check, "password", account=ANN, address=f"198.51.{number}.1")
        except TooManyAttempts:
            continue
        tries += 1
    assert 90 + tries == 100


def test_b222_spraying_many_accounts_is_seen_and_slowed(
    provider: Provider, verified: Verified
) -> None:
    user = add_user(provider)
    known, _ = provider.run(provider.services.devices.remember, None, user.id, "Firefox")
    page = provider.client.get("/sign-in").text
    provider.run(as_after_failures, provider, 95)
    for number in range(20):
        come_from(provider.client, number)
        submit(provider.client, page, email=f"u{number}@readers.example", password="Winter2026")
    assert len(verified.hashes) == 5
    assert [e.kind for e in provider.events if e.alert] == ["guard.attack"]
    verified._right = hashed()
    theirs = provider.browser()
    theirs.cookies.set(DEVICE, known, domain="login.shop.example")
    assert sign_in(theirs).status_code == 303


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_b222_many_passwords_in_one_request_are_none(
    provider: Provider, verified: Verified, kind: str
) -> None:
    body = '[{"email": "a@b.example", "password": "1"}, {"email": "a@b.example"}]'
    headers = {"content-type": kind, "origin": ISSUER}
    assert provider.client.post("/sign-in", content=body, headers=headers).status_code == 400
    _, fields = form_of(provider.client.get("/sign-in").text)
    twice = f"csrf={fields['csrf']}&email=a%40b.example&password=1&password=2"
    headers["content-type"] = "application/x-www-form-urlencoded"
    assert provider.client.post("/sign-in", content=twice, headers=headers).status_code == 400
    assert not verified.hashes


def test_b223_lockout_dos_a_known_browser_and_the_mail_still_open_the_account(
    provider: Provider,
) -> None:
    mine, stranger = provider.client, provider.browser()
    add_user(provider)
    assert sign_in(mine).status_code == 303
    del mine.cookies[SESSION]

    async def attack() -> None:
        guard = provider.services.guard
        for number in range(21):
            await guard.check("password", account=ANN, address=f"198.51.{number}.1")

    provider.run(attack)
    refused = sign_in(stranger)
    assert refused.status_code == 429
    assert re.search(r"Try again in \d+ second", refused.text)
    assert int(refused.headers["retry-after"]) <= 5
    assert sign_in(mine).status_code == 303
    submit(stranger, stranger.get("/account/reset").text, email=ANN)
    chosen = submit(stranger, stranger.get(provider.outbox.link()).text, password=ANOTHER)
    assert chosen.headers["location"] == "/account"


def test_b223_the_known_browser_of_another_person_is_no_help(
    provider: Provider, verified: Verified
) -> None:
    add_user(provider)
    eve = add_user(provider, "eve@evil.example")
    device, _ = provider.run(provider.services.devices.remember, None, eve.id, "curl")
    provider.client.cookies.set(DEVICE, device, domain="login.shop.example")
    for number in range(25):
        come_from(provider.client, number)
        sign_in(provider.client)
    assert len(verified.hashes) == 21


def test_b223_a_planted_device_cookie_is_worth_nothing_after_a_sign_in(provider: Provider) -> None:
    devices = provider.services.devices
    ann, eve = add_user(provider), add_user(provider, "eve@evil.example")
    planted, _ = provider.run(devices.remember, None, eve.id, "curl")
    fresh, was_known = provider.run(devices.remember, planted, ann.id, "Firefox")
    assert not was_known
    assert not provider.run(devices.known_since, planted, ANN)
    assert provider.run(devices.known_since, fresh, ANN)
    assert provider.run(devices.known_since, fresh, "eve@evil.example")
    provider.clock.now += 181 * 86_400
    assert not provider.run(devices.known_since, fresh, ANN)


def test_b223_a_browser_of_two_people_gives_neither_more_guesses_at_the_other(
    provider: Provider, verified: Verified
) -> None:
    """A sign-in gives the browser another cookie; what was guessed in it before still counts."""
    ann, eve = add_user(provider), add_user(provider, "eve@evil.example")
    device, _ = provider.run(provider.services.devices.remember, None, ann.id, "Firefox")
    for number in range(12):
        provider.client.cookies.set(DEVICE, device, domain="login.shop.example")
        come_from(provider.client, number)
        sign_in(provider.client)
        device, _ = provider.run(provider.services.devices.remember, device, eve.id, "Firefox")
    assert provider.run(provider.services.devices.known_since, device, ANN) is not None
    assert len(verified.hashes) == 11


def test_b224_pw_long_is_refused_before_any_hash(provider: Provider, verified: Verified) -> None:
    add_user(provider)
    for password in ("x" * 1025, "é" * 513, "", "x" * 60_000):
        assert sign_in(provider.client, password=password).status_code == 400
    _, fields = form_of(provider.client.get("/sign-in").text)
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": ISSUER}
    for tail in ("x" * 1_000_000, "a%00b"):
        body = f"csrf={fields['csrf']}&email=ann%40readers.example&password={tail}"
        assert provider.client.post("/sign-in", content=body, headers=headers).status_code == 400
    assert not verified.hashes
    sign_in(provider.client, password="x" * 1024)
    assert len(verified.hashes) == 1


def test_b225_pw_breached_is_refused_with_a_reason(provider: Provider) -> None:
    page = provider.client.get("/sign-up").text
    refused = {
        "Password123456!": "common password",
        "Bookshop2026Bookshop": "name of this service",
        "ann.lee.readers1": "your address",
        "aaaaaaaaaaaaaaaa": "repeats itself",
        "qwertyuiop[]asdf": "row of keys",
        "fourteen chars": "at least 15 characters",
    }
    for password, reason in refused.items():
        answer = submit(
            provider.client, page, name="Ann Lee", email="ann.lee@readers.example",
            password=password,
        )  # fmt: skip
        assert answer.status_code == 400
        assert reason in answer.text
        assert password not in answer.text
    assert not provider.outbox.sent
    fine = submit(
        provider.client, page, name="Ann Lee", email="ann.lee@readers.example",
        password="only lower case words here",
    )  # fmt: skip
    assert fine.status_code == 200


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", b"\xa0\x85 "])
def test_b227_session_fix_by_a_name_that_is_ours_without_its_blanks(blank: bytes) -> None:
    """Browsers guard names that begin with `__Host-`; this one any neighbour may set."""
    for before, value in ((b"", "planted"), (b" \t", "planted"), (blank, None)):
        line = b"a=b; " + before + SESSION.encode() + b"=planted"
        request = Request({"type": "http", "headers": [(b"cookie", line)]})
        assert read_cookie(request, SESSION) == value


def test_b227_session_fix_a_sign_in_makes_its_own_cookie(provider: Provider) -> None:
    add_user(provider)
    eve = provider.browser()
    sign_in_quickly(provider, eve, add_user(provider, "eve@evil.example"))
    planted = eve.cookies[SESSION]
    victim = provider.client
    page = victim.get(f"/sign-in?{SESSION}={planted}&sid={planted}").text
    victim.cookies.set(SESSION, planted, domain="login.shop.example")
    # A form that was opened before the cookie was planted is out of date.
    assert submit(victim, page, email=ANN, password=PASSWORD).status_code == 403
    victim.cookies.delete(SESSION)
    victim.cookies.set(SESSION, "A" * 43, domain="login.shop.example")
    assert sign_in(victim).status_code == 303
    assert victim.cookies[SESSION] not in (planted, "A" * 43)
    assert "ann@readers.example" in victim.get("/account").text


def test_b227_session_fix_two_cookies_of_one_name_are_refused(provider: Provider) -> None:
    answer = provider.client.get("/account", headers={"cookie": f"{SESSION}=a; {SESSION}=b"})
    assert answer.status_code == 400
    assert provider.client.get(f"/account?{SESSION}=a").status_code == 303


def test_b228_session_after_every_end_is_over(provider: Provider) -> None:
    user = add_user(provider)
    browser = provider.client

    def lives() -> bool:
        return bool(browser.get("/account").status_code == 200)

    sign_in_quickly(provider, browser, user)
    old = browser.cookies[SESSION]
    submit(browser, browser.get("/account").text, index=0)
    browser.cookies.set(SESSION, old, domain="login.shop.example")
    assert not lives()
    sign_in_quickly(provider, browser, user)
    provider.clock.now += 3601  # Idle.
    assert not lives()
    sign_in_quickly(provider, browser, user)
    for _ in range(24):
        assert lives()
        provider.clock.now += 3599
    provider.clock.now += 60  # A day in all.
    assert not lives()
    sign_in_quickly(provider, browser, user)
    provider.run(provider.services.users.disable, user.id)
    assert not lives()
    assert sign_in(browser).status_code == 400


def test_b229_cookie_attr_every_cookie_is_of_the_one_kind(provider: Provider) -> None:
    add_user(provider)
    page = provider.client.get("/sign-in")
    lines = page.headers.get_list("set-cookie")
    lines += submit(provider.client, page.text, email=ANN, password=PASSWORD).headers.get_list(
        "set-cookie"
    )
    out = submit(provider.client, provider.client.get("/account").text, index=0)
    lines += out.headers.get_list("set-cookie")
    names = [line.partition("=")[0] for line in lines]
    assert {SESSION, DEVICE, "__Host-vallum-browser"} <= set(names)
    for line in lines:
        parts = {each.strip().lower() for each in line.split(";")[1:]}
        assert line.startswith("__Host-")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
        assert not any(each.startswith("domain") for each in parts)
        assert len(line) < 4096


@pytest.mark.parametrize("path", ["/account/password", "/account/email", "/account/delete"])
def test_b230_stepup_a_stale_session_changes_nothing(provider: Provider, path: str) -> None:
    user = add_user(provider)
    sign_in_quickly(provider, provider.client, user)
    page = provider.client.get(path).text
    provider.clock.now += 301
    answer = submit(
        provider.client, page, index=1, old=PASSWORD, new=ANOTHER, email="e@evil.example",
        sure="yes",
    )  # fmt: skip
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_user_authentication", max_age=300'
    assert provider.run(provider.services.users.get, user.id) == user
    assert not provider.outbox.sent
    again = provider.client.get(path)
    assert again.status_code == 303
    form = provider.client.get(again.headers["location"]).text
    assert "Confirm that it is you" in form
    back = submit(provider.client, form, password=PASSWORD)
    assert back.headers["location"] == path
    assert provider.client.get(path).status_code == 200


def test_b230_stepup_one_factor_is_not_enough_where_there_are_two(provider: Provider) -> None:
    user = add_user(provider)
    sign_in_quickly(provider, provider.client, user)
    page = provider.client.get("/account/password").text
    with_totp(provider, user)
    answer = submit(provider.client, page, index=1, old=PASSWORD, new=ANOTHER)
    assert answer.status_code == 401
    assert 'acr_values="urn:vallum:acr:2"' in answer.headers["www-authenticate"]
    sign_in_quickly(provider, provider.client, user, "pwd", "otp", "mfa")
    assert provider.client.get("/account/password").status_code == 200


def test_b234_mfa_skip_no_session_before_both_factors(provider: Provider) -> None:
    user = add_user(provider)
    with_totp(provider, user)
    device, _ = provider.run(provider.services.devices.remember, None, user.id, "Firefox")
    provider.client.cookies.set(DEVICE, device, domain="login.shop.example")
    page = provider.client.get("/sign-in").text
    answer = submit(
        provider.client, page, email=ANN, password=PASSWORD, mfa="false", amr="mfa",
        return_to="https://evil.example",
    )  # fmt: skip
    assert answer.headers["location"].startswith("/sign-in/second?flow=")
    assert SESSION not in provider.client.cookies
    assert provider.client.get("/account").status_code == 303
    assert "sign-in.ok" not in provider.kinds()
    flow = answer.headers["location"].partition("flow=")[2]
    browser = provider.client.cookies["__Host-vallum-browser"]
    found = provider.run(provider.services.flows.load, flow, browser)
    assert found is not None
    assert (found.user_id, found.amr) == (user.id, ("pwd",))
    assert provider.run(provider.services.flows.load, flow, "another browser") is None


def test_b234_mfa_skip_who_administers_needs_two_factors(provider: Provider) -> None:
    add_user(provider, roles=("admin",))
    answer = sign_in(provider.client)
    assert answer.headers["location"].startswith("/sign-in/second?flow=")
    assert SESSION not in provider.client.cookies


def test_b244_default_creds_there_is_no_account_to_begin_with(
    provider: Provider, verified: Verified
) -> None:
    async def count() -> int:
        async with provider.services.database.read() as connection:
            return len((await connection.execute(select(USERS.c.id))).all())

    assert provider.run(count) == 0
    pairs = (("admin", "admin"), ("root", "root"), ("admin@login.shop.example", "admin"))
    for email, password in pairs:
        assert sign_in(provider.client, email, password).status_code == 400
    assert set(verified.hashes) == {passwords._NOBODY}


def test_b331_alert_inject_notices_carry_no_words_of_strangers(provider: Provider) -> None:
    user = add_user(provider, name="Visit https://evil.example now")
    provider.run(provider.services.users.signed_in, user.id)
    provider.client.headers["user-agent"] = "Call +1 555 0100 https://evil.example Firefox"
    provider.client.headers["x-forwarded-for"] = "evil.example"
    assert sign_in(provider.client).status_code == 303
    ((to, subject, text),) = provider.outbox.sent
    assert (to, subject) == (ANN, "Bookshop: New sign-in")
    assert "evil" not in text
    assert "555" not in text
    assert "Browser: Firefox\n" in text
    assert PASSWORD not in text


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("a@corp.com\r\nBcc: b@evil.com", "Hello"),
        ("a@corp.com, b@evil.com", "Hello"),
        ("A@corp.com", "Hello"),
        ("a@corp.com", "Hello\r\nBcc: b@evil.com"),
        ("a@corp.com", "Hello\nBcc: b@evil.com"),
    ],
)
def test_b331_alert_inject_no_header_is_added_to_a_mail(to: str, subject: str) -> None:
    with pytest.raises(MailFailed):
        compose("shop@corp.com", to, subject, "text")
    fine: Any = compose("Shop <shop@corp.com>", "a@corp.com", "Grüße", ".\r\nBcc: b@evil.com")
    assert sorted(fine.keys()).count("Bcc") == 0
    assert fine["to"] == "a@corp.com"
