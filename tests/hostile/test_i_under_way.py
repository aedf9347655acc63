"""Section I: what is under way when an account ends, and what strangers use up of somebody's."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from tests.support.factors import (
    code,
    signed_in,
    with_totp,
)
from tests.support.people import ANN, PASSWORD, add_user, sign_in, sign_in_quickly
from tests.support.provider import ISSUER, Provider, form_of, running_provider, submit

from vallum.identity.operating import disable_user, enable_user, reset_mfa
from vallum.identity.people import account_data, factors_page
from vallum.identity.people.enrolling import FACTORS
from vallum.identity.services import Services
from vallum.identity.storage.tables import IDENTITIES, SESSIONS
from vallum.identity.storage.totp_factors import TotpFactor
from vallum.identity.storage.users import User, Users


def _disabled_for_a_moment(provider: Provider, user: User) -> None:
    provider.run(disable_user, provider.services, user.id)
    provider.clock.now += 1
    provider.run(enable_user, provider.services, user.id)


def test_b228_an_account_that_was_disabled_waits_for_no_second_step(provider: Provider) -> None:
    user = add_user(provider)
    seed = with_totp(provider, user)
    browser = provider.browser()
    page = browser.get(sign_in(browser).headers["location"])
    _disabled_for_a_moment(provider, user)
    late = submit(browser, page.text, code=code(provider, seed))
    assert late.status_code == 400
    assert not signed_in(browser)
    # From the beginning it goes.
    page = browser.get(sign_in(browser).headers["location"])
    assert submit(browser, page.text, code=code(provider, seed)).status_code == 303
    assert signed_in(browser)


def test_b234_who_knows_the_password_enrols_nothing_after_the_factors_were_reset(
    provider: Provider,
) -> None:
    user = add_user(provider, roles=("admin",))
    with_totp(provider, user)
    thief = provider.browser()
    waiting = sign_in(thief).headers["location"]
    assert thief.get(waiting).status_code == 200
    provider.run(reset_mfa, provider.services, user.id)
    assert thief.get(waiting).status_code == 400


def test_b228_links_that_were_sent_before_an_account_was_disabled_are_void(
    provider: Provider,
) -> None:
    user = add_user(provider)
    submit(provider.client, provider.client.get("/account/reset").text, email=ANN)
    link = provider.outbox.link()
    assert provider.client.get(link).status_code == 200
    _disabled_for_a_moment(provider, user)
    assert provider.client.get(link).status_code == 410
    submit(provider.client, provider.client.get("/account/reset").text, email=ANN)
    assert provider.client.get(provider.outbox.link()).status_code == 200


def test_b228_a_sign_in_that_began_before_an_account_was_disabled_leaves_no_session(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second step has read the account; then it is disabled, and what lives is ended."""
    user = add_user(provider)
    seed = with_totp(provider, user)
    browser = provider.browser()
    page = browser.get(sign_in(browser).headers["location"])
    verify = provider.services.totp.verify

    async def slow(user_id: str, typed: str) -> str | None:
        found = await verify(user_id, typed)
        await disable_user(provider.services, user_id)
        return found

    monkeypatch.setattr(provider.services.totp, "verify", slow)
    assert submit(browser, page.text, code=code(provider, seed)).status_code == 403
    provider.run(enable_user, provider.services, user.id)
    assert not signed_in(browser)
    assert provider.run(provider.services.sessions.of_user, user.id) == []


def _half(*args: Any, **named: Any) -> Any:
    raise RuntimeError("the process dies here")


def test_b228_disabling_is_done_whole_or_not_at_all(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = add_user(provider)
    sign_in_quickly(provider, provider.client, user)
    with monkeypatch.context() as patch:
        patch.setattr("vallum.identity.operating.revoke_user", _half)
        with pytest.raises(RuntimeError):
            provider.run(disable_user, provider.services, user.id)
    found = provider.run(provider.services.users.get, user.id)
    assert found is not None
    # Who disabled it is told that it failed; nothing comes back that seemed to have ended.
    assert found.disabled is None
    assert provider.client.get("/account").status_code == 200


def test_an_account_is_deleted_whole_or_not_at_all(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = add_user(provider)
    services = provider.services
    provider.run(services.identities.link, user.id, "https://idp.example", "s-1", ANN)
    sign_in_quickly(provider, provider.client, user)
    page = provider.client.get(account_data.DELETE_PATH).text

    async def rows() -> int:
        async with services.database.read() as connection:
            sessions = await connection.execute(
                select(SESSIONS.c.id).where(SESSIONS.c.ended.is_(None))
            )
            identities = await connection.execute(select(IDENTITIES.c.subject))
            return len(sessions.all()) + len(identities.all())

    with monkeypatch.context() as patch:
        patch.setattr(Users, "delete", _half)
        with pytest.raises(RuntimeError):
            submit(provider.client, page, index=-1, sure="yes")
    assert provider.run(rows) == 2
    assert provider.client.get("/account").status_code == 200
    assert submit(provider.client, page, index=-1, sure="yes").status_code == 303
    assert provider.run(rows) == 0
    assert provider.run(services.users.get, user.id) is None


def _removals(provider: Provider, user: User, browser: TestClient) -> list[Callable[[], Any]]:
    _, fields = form_of(browser.get(FACTORS).text, index=-1)

    def removal(factor: TotpFactor) -> Callable[[], Any]:
        form = {"csrf": fields["csrf"], "kind": "totp", "factor": factor.id}
        return lambda: browser.post(f"{FACTORS}/remove", data=form, headers={"origin": ISSUER})

    return [removal(each) for each in provider.run(provider.services.totp.of_user, user.id)]


def test_b234_of_two_factors_that_are_removed_at_once_one_stays(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = add_user(provider, roles=("admin",))
    with_totp(provider, user)
    with_totp(provider, user)
    browser = provider.browser()
    sign_in_quickly(provider, browser, user, "pwd", "otp", "mfa")
    removals = _removals(provider, user, browser)
    answers: list[Any] = []
    both, count = asyncio.Barrier(2), factors_page._factors

    async def together(services: Services, user: User) -> list[factors_page.Factor]:
        """Where one can count while the other does, they count the same."""
        found = await count(services, user)
        with suppress(TimeoutError):
            await asyncio.wait_for(both.wait(), 1.0)
        return found

    monkeypatch.setattr(factors_page, "_factors", together)
    threads = [
        threading.Thread(target=lambda call=each: answers.append(call())) for each in removals
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers) == [303, 409]
    assert provider.run(provider.services.totp.count, user.id) == 1


def _ask_for_mail(browser: TestClient, path: str, **form: Any) -> int:
    return int(submit(browser, browser.get(path).text, **form).status_code)


def test_b223_strangers_who_sign_up_leave_the_mail_of_a_reset_alone(provider: Provider) -> None:
    add_user(provider)
    stranger = provider.browser()
    form = {"name": "Eve", "email": ANN, "password": PASSWORD}
    statuses = [_ask_for_mail(stranger, "/sign-up", **form) for _ in range(6)]
    # What one address gets is bounded …
    assert statuses[0] == 200
    assert statuses[-1] == 429
    # … and its owner can still get her account back.
    sent = len(provider.outbox.sent)
    assert _ask_for_mail(provider.browser(), "/account/reset", email=ANN) == 200
    assert len(provider.outbox.sent) == sent + 1
    assert "/account/reset/choose?ticket=" in provider.outbox.link()


def test_b223_strangers_who_ask_for_resets_leave_those_of_a_known_browser_alone(
    provider: Provider,
) -> None:
    user = add_user(provider)
    home = provider.browser()
    device, _ = provider.run(provider.services.devices.remember, None, user.id, "Firefox")
    home.cookies.set("__Host-vallum-device", device, domain="login.shop.example")
    stranger = provider.browser()
    statuses = [_ask_for_mail(stranger, "/account/reset", email=ANN) for _ in range(6)]
    assert statuses[-1] == 429
    assert _ask_for_mail(provider.browser(), "/account/reset", email=ANN) == 429
    mine = [_ask_for_mail(home, "/account/reset", email=ANN) for _ in range(6)]
    assert mine[0] == 200
    assert mine[-1] == 429


def test_b228_a_database_that_was_exchanged_keeps_nobody_signed_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Commands disable people in the file that is there; it had gone on with the other."""
    path = tmp_path / "identity.db"
    with running_provider(f"sqlite:///{path}") as provider:
        sign_in_quickly(provider, provider.client, add_user(provider))
        assert provider.client.get("/account").status_code == 200
        copy = tmp_path / "copy.db"
        shutil.copy(path, copy)
        path.rename(tmp_path / "old.db")
        copy.rename(path)
        assert provider.client.get("/account").status_code == 503
        assert provider.client.get("/sign-in").status_code == 503
        assert caplog.text.count("was replaced or removed") == 1
        # The very file again, and all is well.
        (tmp_path / "old.db").rename(path)
        assert provider.client.get("/account").status_code == 200
