"""Section I: a forgotten password, its reset, and what is under way meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
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

from vallum.identity.operating import disable_user
from vallum.identity.revoking import revoke_user


def ask_reset(provider: Provider, browser: TestClient, **headers: str) -> str:
    """Ask for a new password; the link in the mail."""
    action, fields = form_of(browser.get("/account/reset").text)
    sent = browser.post(
        action, data={**fields, "email": ANN}, headers={"origin": ISSUER, **headers}
    )
    assert sent.status_code == 200
    return provider.outbox.link()


def test_b226_reset_token_works_once_and_ends_everything(provider: Provider) -> None:
    user = add_user(provider)
    thief = provider.browser()
    sign_in_quickly(provider, thief, user)
    older = ask_reset(provider, provider.client)
    link = ask_reset(provider, provider.client, host="evil.example")
    assert provider.outbox.sent[-1][2].count(ISSUER) == 1
    assert "evil.example" not in provider.outbox.sent[-1][2]
    assert len(link.partition("ticket=")[2]) >= 43
    assert provider.client.get(older).status_code == 410
    page = provider.client.get(link)
    assert page.headers["referrer-policy"] == "same-origin"
    tab = provider.browser()
    opened_too = tab.get(link).text
    assert submit(provider.client, page.text, password=ANOTHER).status_code == 303
    assert submit(tab, opened_too, password=PASSWORD).status_code == 410
    assert thief.get("/account").status_code == 303
    assert provider.data_plane.subjects == [f"user:{user.id}"]
    assert provider.outbox.sent[-1][1] == "Bookshop: Your password was changed"
    assert "https://login.shop.example/account/reset\n" in provider.outbox.sent[-1][2]
    changed = provider.run(provider.services.users.get, user.id)
    assert changed is not None
    assert changed.password_hash != hashed()


def test_b226_reset_token_dies_by_age_and_with_a_change_of_the_password(
    provider: Provider,
) -> None:
    user = add_user(provider)
    link = ask_reset(provider, provider.client)
    provider.clock.now += 901
    assert provider.client.get(link).status_code == 410
    link = ask_reset(provider, provider.client)
    mine = provider.browser()
    sign_in_quickly(provider, mine, user)
    page = mine.get("/account/password").text
    assert submit(mine, page, index=1, old=PASSWORD, new=ANOTHER).status_code == 303
    assert provider.client.get(link).status_code == 410
    guessed = provider.client.get("/account/reset/choose?ticket=" + "A" * 43)
    assert guessed.status_code == 410


def test_b226_reset_ends_a_change_of_the_address_that_a_thief_has_begun(
    provider: Provider,
) -> None:
    user = add_user(provider)
    thief = provider.browser()
    sign_in_quickly(provider, thief, user)
    asked = submit(thief, thief.get("/account/email").text, index=-1, email="eve@evil.example")
    assert asked.status_code == 200
    theirs = provider.outbox.link()
    page = provider.client.get(ask_reset(provider, provider.client)).text
    assert submit(provider.client, page, password=ANOTHER).headers["location"] == "/account"
    # Ann, signed in again, is led to the thief's link.
    assert provider.client.get(theirs).status_code == 410
    # What she begins herself from then on works.
    page = provider.client.get("/account/email").text
    submit(provider.client, page, index=-1, email="ann@new.example")
    confirm = provider.client.get(provider.outbox.link()).text
    assert submit(provider.client, confirm, index=-1).headers["location"] == "/account?done=email"


def test_b226_reset_is_not_undone_by_a_change_of_the_password_that_is_under_way(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = add_user(provider)
    services, make = provider.services, provider.services.passwords.hash
    during: list[str] = [hashed(ANOTHER)]

    async def slowly(password: str) -> str:
        made = await make(password)
        provider.clock.now += 1
        if during:
            await services.users.set_password(user.id, during.pop())
            await revoke_user(services, user.id)
        return made

    monkeypatch.setattr(services.passwords, "hash", slowly)
    thief = provider.browser()
    sign_in_quickly(provider, thief, user)
    page = thief.get("/account/password").text
    chosen = "eight calm whales knit scarves"
    assert submit(thief, page, index=1, old=PASSWORD, new=chosen).status_code == 400
    now = provider.run(services.users.get, user.id)
    assert now is not None
    assert now.password_hash == hashed(ANOTHER)
    mine = provider.browser()
    sign_in_quickly(provider, mine, user)
    page = mine.get("/account/password").text
    assert submit(mine, page, index=1, old=ANOTHER, new=chosen).status_code == 303


def test_b226_reset_does_not_get_around_the_second_factor(provider: Provider) -> None:
    user = add_user(provider)
    with_totp(provider, user)
    page = provider.client.get(ask_reset(provider, provider.client)).text
    answer = submit(provider.client, page, password=ANOTHER)
    assert answer.headers["location"].startswith("/sign-in/second?flow=")
    assert SESSION not in provider.client.cookies
    assert provider.client.get("/account").status_code == 303


def test_b226_reset_ends_a_sign_in_with_the_old_password_that_is_under_way(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passwords take their time to verify, or wait for their turn: meanwhile one is changed."""
    user = add_user(provider)
    services, verify = provider.services, provider.services.passwords.verify
    during: list[Callable[[], Awaitable[Any]]] = []

    async def slowly(password: str, kept: str | None) -> bool:
        is_right = await verify(password, kept)
        provider.clock.now += 1
        while during:
            await during.pop()()
        return is_right

    async def reset() -> None:
        await services.users.set_password(user.id, hashed(ANOTHER))
        await revoke_user(services, user.id)

    async def disable_for_a_while() -> None:
        await disable_user(services, user.id)

    monkeypatch.setattr(services.passwords, "verify", slowly)
    thief = provider.browser()
    for change, password in ((reset, PASSWORD), (disable_for_a_while, ANOTHER)):
        during.append(change)
        assert sign_in(thief, password=password).status_code == 400
        assert SESSION not in thief.cookies
        provider.run(services.users.enable, user.id)
        assert provider.run(services.sessions.of_user, user.id) == []
    assert sign_in(provider.client, password=ANOTHER).status_code == 303
