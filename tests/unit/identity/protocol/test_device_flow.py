"""Devices: codes, the page where a person confirms one, and what the device gets."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.support.oauth import (
    DEVICE_GRANT,
    TOKEN,
    ProofKey,
    SignedInPerson,
    add_public,
    claims,
    refresh_form,
    sign_in,
)
from tests.support.provider import API, ISSUER, Provider, form_of, submit

from vallum.identity.operating_clients import disable_client, enable_client
from vallum.identity.storage.device_codes import ALPHABET
from vallum.identity.web.cookies import SESSION

AUTHORIZE = "/oauth/device_authorization"
PAGE = "/oauth/device"


def _device(provider: Provider, **changes: str) -> Any:
    form = {"client_id": "tv", "scope": "openid orders:read"} | changes
    answer = provider.client.post(AUTHORIZE, data=form)
    assert answer.status_code == 200
    return answer.json()


def _poll(provider: Provider, device: Any) -> Any:
    form = {
        "grant_type": DEVICE_GRANT,
        "device_code": device["device_code"],
        "client_id": "tv",
    }
    provider.clock.now += 5
    return provider.client.post(TOKEN, data=form)


def _browser(provider: Provider, person: SignedInPerson) -> Any:
    browser = provider.browser()
    browser.cookies.set(SESSION, person.cookie)
    return browser


def _confirm(provider: Provider, person: SignedInPerson, device: Any, decision: str) -> Any:
    browser = _browser(provider, person)
    page = browser.get(PAGE)
    page = submit(browser, page.text, user_code=device["user_code"])
    assert page.status_code == 200
    return submit(browser, page.text, decision=decision)


def test_a_device_gets_tokens_once_its_person_has_confirmed_it(provider: Provider) -> None:
    add_public(provider, "tv", name="Television", kind="native")
    person = sign_in(provider)
    device = _device(provider)
    assert device["verification_uri"] == ISSUER + PAGE
    assert device["verification_uri_complete"].endswith(device["user_code"])
    assert (device["interval"], device["expires_in"]) == (5, 600)
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", device["user_code"])
    assert _poll(provider, device).json()["error"] == "authorization_pending"
    done = _confirm(provider, person, device, "allow")
    assert "The device is connected" in done.text
    given = _poll(provider, device)
    assert given.status_code == 200
    said = claims(given.json()["access_token"])
    assert (said["sub"], said["aud"], said["scope"]) == (person.user_id, API, "openid orders:read")
    assert claims(given.json()["id_token"])["aud"] == "tv"
    assert _poll(provider, device).json()["error"] == "invalid_grant"
    refresh = refresh_form(given.json()["refresh_token"], client_id="tv")
    assert provider.client.post(TOKEN, data=refresh).status_code == 200
    assert "device.approved" in provider.kinds()


def test_a_device_is_told_when_its_person_says_no(provider: Provider) -> None:
    add_public(provider, "tv", kind="native")
    device = _device(provider)
    assert "not connected" in _confirm(provider, sign_in(provider), device, "refuse").text
    assert _poll(provider, device).json()["error"] == "access_denied"


def test_the_page_says_who_asks_from_where_and_shows_the_code(provider: Provider) -> None:
    add_public(provider, "tv", name="TV <b>\u202e", kind="native")
    fields = {"x-forwarded-for": "203.0.113.9"}
    form = {"client_id": "tv", "scope": "orders:read"}
    device = provider.client.post(AUTHORIZE, data=form, headers=fields).json()
    browser = _browser(provider, sign_in(provider))
    # A link may bring the code along, but never confirms by itself (B-183).
    page = browser.get(device["verification_uri_complete"].removeprefix(ISSUER))
    action, filled = form_of(page.text)
    assert (action, filled["user_code"]) == (PAGE, device["user_code"])
    assert _poll(provider, device).json()["error"] == "authorization_pending"
    typed = device["user_code"].lower().replace("-", " ")
    page = submit(browser, page.text, user_code=typed)
    for shown in ("TV &lt;b&gt;", "203.0.113.9", device["user_code"], "See your orders"):
        assert shown in page.text
    assert "\u202e" not in page.text
    assert _poll(provider, device).json()["error"] == "authorization_pending"


def test_who_is_not_signed_in_signs_in_first(provider: Provider) -> None:
    answer = provider.browser().get(PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?flow=")


def test_b183_device_brute_guessing_user_codes_is_slowed(provider: Provider) -> None:
    add_public(provider, "tv", kind="native")
    device = _device(provider)
    browser = _browser(provider, sign_in(provider))
    page = browser.get(PAGE)
    statuses = []
    for letter in ALPHABET[:10]:
        page = submit(browser, page.text, user_code=f"{letter * 4}-{letter * 4}")
        statuses.append(page.status_code)
    assert statuses[0] == 400
    assert statuses[-1] == 429
    # While the wait lasts, the right code is not looked at either.
    assert submit(browser, page.text, user_code=device["user_code"]).status_code == 429


def test_an_answer_counts_once_and_only_from_the_session_that_was_asked(
    provider: Provider,
) -> None:
    add_public(provider, "tv", kind="native")
    person, other = sign_in(provider), sign_in(provider, "eve@shop.example")
    device = _device(provider)
    browser = _browser(provider, person)
    page = submit(browser, browser.get(PAGE).text, user_code=device["user_code"])
    foreign = _browser(provider, other)
    assert submit(foreign, page.text, decision="allow").status_code in (400, 403)
    assert _poll(provider, device).json()["error"] == "authorization_pending"
    assert submit(browser, page.text, decision="allow").status_code == 200
    assert submit(browser, page.text, decision="refuse").status_code == 400
    assert _poll(provider, device).status_code == 200


def test_codes_are_bound_to_the_key_that_asked(provider: Provider) -> None:
    add_public(provider, "tv", kind="native")
    key, thief = ProofKey(), ProofKey()
    person = sign_in(provider)
    form = {"client_id": "tv", "scope": "orders:read"}
    device = key.post(provider, form, path=AUTHORIZE).json()
    _confirm(provider, person, device, "allow")
    form = {"grant_type": DEVICE_GRANT, "device_code": device["device_code"], "client_id": "tv"}
    assert thief.post(provider, form).json()["error"] == "invalid_grant"
    assert _poll(provider, device).json()["error"] == "invalid_grant"
    assert key.post(provider, form).json()["token_type"] == "DPoP"


def test_a_device_asks_for_what_its_client_may_have(provider: Provider) -> None:
    add_public(provider, "tv", kind="native", scopes=("orders:read",))
    add_public(provider, "spa", grants=("authorization_code",))
    for form, error in (
        ({"client_id": "tv", "scope": "orders:write"}, "invalid_scope"),
        ({"client_id": "tv", "resource": "https://evil.example"}, "invalid_target"),
        ({"client_id": "spa"}, "unauthorized_client"),
        ({"client_id": "nobody"}, "invalid_client"),
    ):
        assert provider.client.post(AUTHORIZE, data=form).json()["error"] == error


def test_short_codes_are_kept_under_a_key(provider: Provider) -> None:
    codes = provider.services.device_codes
    add_public(provider, "tv", kind="native")
    device = _device(provider)
    found = provider.run(codes.by_user_code, f" {device['user_code'].lower()} ")
    assert found is not None
    assert found.client_id == "tv"
    provider.clock.now += 600
    assert provider.run(codes.by_user_code, device["user_code"]) is None


def _look(provider: Provider, person: SignedInPerson, device: Any) -> tuple[Any, Any]:
    browser = _browser(provider, person)
    return browser, submit(browser, browser.get(PAGE).text, user_code=device["user_code"])


def test_a_client_that_has_changed_since_it_asked_is_not_confirmed(provider: Provider) -> None:
    """What the page said of it is not true any more (B-172)."""
    client = add_public(provider, "tv", kind="native")
    person = sign_in(provider)
    device, unseen = _device(provider), _device(provider)
    browser, page = _look(provider, person, device)
    assert page.status_code == 200
    changed = replace(client, name="Bank", version=client.version + 1)
    provider.run(provider.services.clients.replace, changed)
    assert submit(browser, page.text, decision="allow").status_code == 400
    assert _look(provider, person, unseen)[1].status_code == 400
    assert provider.run(provider.services.grants.of_user, person.user_id) == []
    assert _poll(provider, device).json()["error"] == "invalid_grant"
    again = _device(provider)
    assert "The device is connected" in _confirm(provider, person, again, "allow").text
    assert _poll(provider, again).status_code == 200


def test_a_confirmed_device_of_a_client_that_changes_then_gets_nothing(provider: Provider) -> None:
    client = add_public(provider, "tv", kind="native")
    device = _device(provider)
    _confirm(provider, sign_in(provider), device, "allow")
    changed = replace(client, name="Bank", version=client.version + 1)
    provider.run(provider.services.clients.replace, changed)
    assert _poll(provider, device).json()["error"] == "invalid_grant"


def test_a_device_does_not_wait_until_its_client_is_enabled_again(provider: Provider) -> None:
    add_public(provider, "tv", kind="native")
    person = sign_in(provider)
    device = _device(provider)
    browser, page = _look(provider, person, device)
    provider.run(disable_client, provider.services, "tv")
    provider.run(enable_client, provider.services, "tv")
    assert submit(browser, page.text, decision="allow").status_code == 400
    assert _poll(provider, device).json()["error"] == "invalid_grant"
