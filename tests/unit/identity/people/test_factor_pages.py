"""The pages of second factors, as a browser walks through them; on both databases."""

from __future__ import annotations

import base64
import re
from html import unescape
from typing import Any

import pytest
from tests.support.factors import (
    PasskeyPage,
    code,
    form_for,
    second_page,
    sign_in_page,
    sign_in_with_totp,
    signed_in,
    soft,
    with_passkey,
    with_totp,
)
from tests.support.people import ANN, PASSWORD, add_user, sign_in
from tests.support.provider import Provider, form_of, submit

from vallum.identity.people.first_admin import first_admin_link


def codes_on(html: str) -> list[str]:
    return re.findall(r'<li class="code">([^<]+)</li>', html)


def seed_on(html: str) -> bytes:
    words = re.search(r'<span class="code">([^<]+)</span>', html)
    assert words is not None
    return base64.b32decode(words[1].replace(" ", ""))


def amr_of(provider: Provider) -> tuple[str, ...]:
    """What the latest sign-in proved."""
    found = [event.details["amr"] for event in provider.events if event.kind == "sign-in.ok"]
    return tuple(found[-1].split(" "))


def test_an_app_is_added_and_asked_for_from_then_on(provider: Provider) -> None:
    add_user(provider)
    browser = provider.client
    assert sign_in(browser).headers["location"] == "/account"
    page = browser.get("/account/factors/add").text
    shown = submit(browser, page, index=form_for(page, "/account/factors/totp"))
    assert "data:image/svg+xml" in shown.text
    seed = seed_on(shown.text)
    assert len(seed) == 20
    wrong = submit(browser, shown.text, code="000000")
    assert wrong.status_code == 400
    assert not re.search(r'class="code"|data:image', wrong.text)
    before = browser.cookies["__Host-vallum-session"]
    done = submit(browser, wrong.text, code=code(provider, seed))
    codes = codes_on(done.text)
    assert len(set(codes)) == 10
    assert browser.cookies["__Host-vallum-session"] != before
    user = provider.run(provider.services.users.by_email, ANN)
    assert user is not None
    (session,) = provider.run(provider.services.sessions.of_user, user.id)
    assert session.amr == ("pwd", "otp", "mfa")
    assert "App" in browser.get("/account/factors").text
    assert [subject for _, subject, _ in provider.outbox.sent] == [
        "Bookshop: A second factor was added"
    ]
    assert provider.kinds().count("factor.added") == 1
    provider.clock.now += 30
    other = provider.browser()
    sign_in_with_totp(provider, other, seed)


def test_a_recovery_code_stands_in_and_works_once(provider: Provider) -> None:
    user = add_user(provider)
    with_totp(provider, user)
    codes = provider.run(provider.services.recovery_codes.make, user.id)
    typed = codes[0].lower().replace("-", " ")
    for attempt, status in ((typed, 303), (codes[0], 400)):
        browser = provider.browser()
        second = browser.get(sign_in(browser).headers["location"])
        link = re.search(r'href="(/sign-in/recovery[^"]+)"', second.text)
        assert link is not None
        answer = submit(browser, browser.get(unescape(link[1])).text, code=attempt)
        assert answer.status_code == status
        assert signed_in(browser) == (status == 303)
    assert amr_of(provider) == ("pwd", "rc", "mfa")
    assert provider.outbox.sent[0][1] == "Bookshop: A recovery code was used"
    assert any(event.kind == "recovery-code.used" and event.alert for event in provider.events)


def test_a_passkey_signs_in_alone_and_counts_as_two_factors(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    answer = sign_in_page(browser).sign(key)
    assert answer.json() == {"location": "/account"}
    assert signed_in(browser)
    assert amr_of(provider) == ("hwk", "user", "mfa")


def test_a_passkey_that_can_be_copied_is_software(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider), flags=0x1D)
    assert sign_in_page(provider.browser()).sign(key).status_code == 200
    assert amr_of(provider)[0] == "swk"


def test_a_passkey_is_a_second_step(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    assert second_page(browser).sign(key).json() == {"location": "/account"}
    assert amr_of(provider) == ("pwd", "hwk", "user", "mfa")
    assert signed_in(browser)


def test_who_must_have_a_factor_makes_one_before_there_is_a_session(provider: Provider) -> None:
    add_user(provider, roles=("admin",))
    browser = provider.browser()
    second = sign_in(browser).headers["location"]
    enrol = browser.get(second).headers["location"]
    assert enrol.startswith("/sign-in/enrol?flow=")
    assert not signed_in(browser)
    page = browser.get(enrol)
    answer = PasskeyPage(browser, page.text).add(soft())
    assert answer.json() == {"location": "/account"}
    assert signed_in(browser)
    assert amr_of(provider) == ("pwd", "hwk", "user", "mfa")


def test_who_must_have_a_factor_may_make_an_app(provider: Provider) -> None:
    add_user(provider, roles=("admin",))
    browser = provider.browser()
    enrol = browser.get(sign_in(browser).headers["location"]).headers["location"]
    page = browser.get(enrol).text
    shown = submit(browser, page, index=form_for(page, "/account/factors/totp"))
    done = submit(browser, shown.text, code=code(provider, seed_on(shown.text)))
    assert len(codes_on(done.text)) == 10
    assert 'href="/account"' in done.text
    assert signed_in(browser)


def test_factors_are_renamed_and_removed_and_codes_made_anew(provider: Provider) -> None:
    user = add_user(provider)
    seed = with_totp(provider, user)
    browser = provider.browser()
    sign_in_with_totp(provider, browser, seed)
    page = browser.get("/account/factors").text
    index = form_for(page, "/account/factors/rename")
    assert submit(browser, page, index=index, name=" My  phone ").status_code == 303
    page = browser.get("/account/factors").text
    assert "My phone" in page
    made = submit(browser, page, index=form_for(page, "/account/factors/codes"))
    assert len(codes_on(made.text)) == 10
    answer = submit(browser, page, index=form_for(page, "/account/factors/remove"))
    assert answer.headers["location"] == "/account/factors?done=removed"
    assert provider.run(provider.services.recovery_codes.left, user.id) == 0
    assert "You have none" in browser.get("/account/factors").text
    kinds = ["factor.renamed", "recovery-codes.made", "factor.removed"]
    assert [kind for kind in provider.kinds() if kind in kinds] == kinds
    assert len(provider.outbox.sent) == 3


def test_a_passkey_is_renamed_and_removed(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    sign_in_page(browser).sign(key)
    page = browser.get("/account/factors").text
    submit(browser, page, index=form_for(page, "/account/factors/rename"), name="Key ring")
    page = browser.get("/account/factors").text
    assert "Key ring" in page
    submit(browser, page, index=form_for(page, "/account/factors/remove"))
    assert "Key ring" not in browser.get("/account/factors").text
    assert sign_in_page(provider.browser()).sign(key).status_code == 400


def test_who_needs_a_factor_keeps_the_last(provider: Provider) -> None:
    user = add_user(provider, roles=("admin",))
    seed = with_totp(provider, user)
    browser = provider.browser()
    sign_in_with_totp(provider, browser, seed)
    page = browser.get("/account/factors").text
    answer = submit(browser, page, index=form_for(page, "/account/factors/remove"))
    assert answer.status_code == 409
    assert provider.run(provider.services.totp.count, user.id) == 1


@pytest.mark.parametrize("change", ["rename", "remove", "codes"])
def test_another_persons_factor_is_no_factor(provider: Provider, change: str) -> None:
    other = add_user(provider, "bob@example.org")
    with_totp(provider, other)
    theirs = provider.run(provider.services.totp.of_user, other.id)[0].id
    seed = with_totp(provider, add_user(provider))
    browser = provider.browser()
    sign_in_with_totp(provider, browser, seed)
    page = browser.get("/account/factors").text
    index = form_for(page, f"/account/factors/{change}")
    answer = submit(browser, page, index=index, factor=theirs, name="mine")
    assert answer.status_code == (200 if change == "codes" else 404)
    assert [each.id for each in provider.run(provider.services.totp.of_user, other.id)] == [theirs]
    assert provider.run(provider.services.recovery_codes.left, other.id) == 0


def test_the_first_administrator_comes_by_a_link_that_works_once(provider: Provider) -> None:
    link = provider.run(first_admin_link, provider.services)
    assert link is not None
    path = link.removeprefix("https://login.shop.example")
    browser = provider.browser()
    page = browser.get(path)
    chosen: dict[str, Any] = {"name": "Root", "email": "root@example.org"}
    short = submit(browser, page.text, **chosen, password="admin")
    assert short.status_code == 400
    made = submit(browser, page.text, **chosen, password=PASSWORD)
    assert made.headers["location"].startswith("/sign-in/second")
    assert not signed_in(browser)
    enrol = browser.get(made.headers["location"]).headers["location"]
    assert PasskeyPage(browser, browser.get(enrol).text).add(soft()).status_code == 200
    assert signed_in(browser)
    user = provider.run(provider.services.users.by_email, "root@example.org")
    assert user is not None
    assert user.is_admin
    again = submit(provider.browser(), page.text, **chosen, password=PASSWORD)
    assert again.status_code == 403
    assert provider.browser().get(path).status_code == 403
    assert provider.run(first_admin_link, provider.services) is None


def test_a_later_start_ends_the_link_of_an_earlier_one(provider: Provider) -> None:
    first, second = (provider.run(first_admin_link, provider.services) for _ in range(2))
    assert first is not None
    assert second is not None
    issuer = provider.services.settings.issuer
    assert provider.client.get(first.removeprefix(issuer)).status_code == 403
    assert provider.client.get(second.removeprefix(issuer)).status_code == 200


def test_pages_without_script_say_what_is_missing(provider: Provider) -> None:
    html = provider.client.get("/sign-in").text
    assert "allow this site to run scripts" in html
    assert re.search(r"<script(?! src=)", html) is None
    assert form_of(html)[0] == "/sign-in"
