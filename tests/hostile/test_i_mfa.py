"""Hostile cases I: second factors, step-up, recovery codes, first administrator (B-230 … B-244)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.support.authorizing import AUTHORIZE, request_for
from tests.support.factors import (
    PasskeyPage,
    code,
    form_for,
    post_json,
    sign_in_with_totp,
    signed_in,
    soft,
    with_passkey,
    with_totp,
)
from tests.support.oauth import add_public
from tests.support.people import ANN, PASSWORD, add_user, sign_in
from tests.support.provider import ISSUER, Provider, form_of, running_provider, submit

from vallum.identity.people.first_admin import first_admin_link
from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.storage.sessions import ACR_TWO
from vallum.identity.storage.tables import METADATA, TOTP_FACTORS
from vallum.vault.sealing import SealBroken

STALE = 301.0


def fresh_page(provider: Provider, seed: bytes) -> tuple[Any, str]:
    """A browser that is signed in with both factors, and its page of factors."""
    browser = provider.browser()
    sign_in_with_totp(provider, browser, seed)
    return browser, browser.get("/account/factors").text


@pytest.mark.parametrize("change", ["rename", "remove", "codes"])
def test_b230_stepup_a_stale_session_changes_no_factor(provider: Provider, change: str) -> None:
    seed = with_totp(provider, user := add_user(provider))
    browser, page = fresh_page(provider, seed)
    provider.clock.now += STALE
    index = form_for(page, f"/account/factors/{change}")
    answer = submit(browser, page, index=index, name="Mine now")
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert "insufficient_user_authentication" in challenge
    assert "max_age=300" in challenge
    (factor,) = provider.run(provider.services.totp.of_user, user.id)
    assert factor.name == "App"
    assert provider.run(provider.services.recovery_codes.left, user.id) == 0
    # Who proves both again may.
    provider.clock.now += 30
    browser, page = fresh_page(provider, seed)
    assert submit(browser, page, index=index, name="Mine").status_code in (200, 303)


def test_b230_stepup_a_stale_session_adds_no_factor(provider: Provider) -> None:
    user = add_user(provider)
    browser = provider.browser()
    sign_in(browser)
    page = browser.get("/account/factors/add").text
    passkeys = PasskeyPage(browser, page)
    provider.clock.now += STALE
    answer = submit(browser, page, index=form_for(page, "/account/factors/totp"))
    assert answer.status_code == 401
    answer = post_json(browser, "/account/factors/passkey/options", passkeys.within)
    assert answer.status_code == 401
    assert "insufficient_user_authentication" in answer.headers["www-authenticate"]
    assert answer.json() == {"location": "/account/factors/add"}
    assert browser.get("/account/factors/add").headers["location"].startswith("/sign-in?flow=")
    assert not provider.run(provider.services.passkeys.of_user, user.id)


def test_b230_stepup_in_a_parallel_tab_what_was_begun_ends_with_the_freshness(
    provider: Provider,
) -> None:
    add_user(provider)
    browser = provider.browser()
    sign_in(browser)
    passkeys = PasskeyPage(browser, browser.get("/account/factors/add").text)
    asked = passkeys.begin_adding()
    made = soft().make(asked["options"])
    provider.clock.now += STALE
    assert passkeys.finish_adding(asked, made).status_code == 401


def test_b230_stepup_one_factor_does_not_do_for_who_has_two(provider: Provider) -> None:
    """A session of before the second factor is no session that may take it away."""
    user = add_user(provider)
    old = provider.browser()
    sign_in(old)
    with_totp(provider, user)
    page = old.get("/account/factors").text
    answer = submit(old, page, index=form_for(page, "/account/factors/remove"))
    assert answer.status_code == 401
    assert f'acr_values="{ACR_TWO}"' in answer.headers["www-authenticate"]
    assert provider.run(provider.services.totp.count, user.id) == 1


def test_b231_totp_replay(provider: Provider) -> None:
    seed = with_totp(provider, add_user(provider))
    typed, previous = code(provider, seed), code(provider, seed, -1)
    assert second_step(provider, typed)
    assert not second_step(provider, typed)
    # Of the step before, which was used to confirm the app, and is before the one just used.
    assert not second_step(provider, previous)
    provider.clock.now += 30
    assert not second_step(provider, typed)
    assert second_step(provider, code(provider, seed))


def test_b231_totp_replay_of_two_at_once_one_is_right(provider: Provider) -> None:
    user = add_user(provider)
    seed = with_totp(provider, user)
    typed = code(provider, seed)

    async def race() -> list[str | None]:
        verify = provider.services.totp.verify
        return await asyncio.gather(*(verify(user.id, typed) for _ in range(20)))

    assert sum(found is not None for found in provider.run(race)) == 1


@pytest.mark.parametrize("steps", [-10, -2, 1, 2, 10])
def test_b232_totp_brute_the_window_is_two_steps(provider: Provider, steps: int) -> None:
    seed = with_totp(provider, add_user(provider))
    provider.clock.now += 600
    assert not second_step(provider, code(provider, seed, steps))
    assert second_step(provider, code(provider, seed, -1))


def test_b232_totp_brute_costs_waiting_over_all_sessions(provider: Provider) -> None:
    seed = with_totp(provider, add_user(provider))
    answers = [send_code(provider, provider.browser(), "000000") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [400] * 6 + [429]
    assert answers[-1].headers["retry-after"] == "5"
    # The right code does not get through either, until the wait is over.
    assert send_code(provider, provider.browser(), code(provider, seed)).status_code == 429
    provider.clock.now += 5
    assert send_code(provider, provider.browser(), "000000").status_code == 400
    assert send_code(provider, provider.browser(), "000000").headers["retry-after"] == "10"
    provider.clock.now += 10
    assert second_step(provider, code(provider, seed))
    assert "guard.slowed" in provider.kinds()


def test_b232_totp_brute_of_200_guesses_at_once_six_are_looked_at(provider: Provider) -> None:
    user = add_user(provider)
    with_totp(provider, user)

    async def guess(number: int) -> bool:
        address = f"203.0.{number}.1"
        try:
            await provider.services.guard.check(
                "second-factor", account=f"{user.id}/totp", address=address
            )
        except TooManyAttempts:
            return False
        return True

    async def race() -> list[bool]:
        return await asyncio.gather(*(guess(number) for number in range(200)))

    assert sum(provider.run(race)) == 6


def test_b233_totp_seed_is_sealed_and_shown_once(provider: Provider) -> None:
    user = add_user(provider)
    factor_id, seed = provider.run(provider.services.totp.begin, user.id, "App")
    assert len(seed.reveal()) == 20
    assert seed.reveal() not in everything_kept(provider)
    typed = code(provider, seed.reveal())
    assert provider.run(provider.services.totp.confirm, user.id, factor_id, typed)
    provider.clock.now += 30
    browser, page = fresh_page(provider, seed.reveal())
    for path in ("/account/factors", "/account/factors/add", "/account/data"):
        shown = browser.get(path)
        assert "secret=" not in shown.text
        assert shown.headers["cache-control"] == "no-store"
    assert "seed" not in page


def test_b233_totp_seed_moved_to_another_row_is_broken(provider: Provider) -> None:
    ann, eve = add_user(provider), add_user(provider, "eve@example.org")
    with_totp(provider, ann)
    seed = with_totp(provider, eve)

    async def swap() -> None:
        async with provider.services.database.write() as connection:
            sealed = (
                await connection.execute(
                    select(TOTP_FACTORS.c.seed_sealed).where(TOTP_FACTORS.c.user_id == eve.id)
                )
            ).scalar_one()
            await connection.execute(
                update(TOTP_FACTORS)
                .where(TOTP_FACTORS.c.user_id == ann.id)
                .values(seed_sealed=sealed)
            )

    provider.run(swap)
    with pytest.raises(SealBroken):
        provider.run(provider.services.totp.verify, ann.id, code(provider, seed))


def test_b234_mfa_skip_there_is_no_session_before_the_second_step(provider: Provider) -> None:
    seed = with_totp(provider, add_user(provider))
    browser = provider.browser()
    second = sign_in(browser).headers["location"]
    assert not signed_in(browser)
    page = browser.get(second).text
    extras: list[dict[str, Any]] = [{"mfa": "false"}, {"amr": "mfa"}, {"user": "x"}, {"step": "2"}]
    for extra in extras:
        assert submit(browser, page, code="", **extra).status_code == 400
    assert not signed_in(browser)
    asked = browser.get("/oauth/authorize/resume", params={"flow": second.partition("flow=")[2]})
    assert "code=" not in asked.headers.get("location", "")
    assert submit(browser, page, code=code(provider, seed)).status_code == 303
    assert signed_in(browser)


def test_b234_mfa_skip_the_second_step_is_of_who_made_the_first(provider: Provider) -> None:
    ann, eve = add_user(provider), add_user(provider, "eve@example.org")
    with_totp(provider, ann)
    seed = with_totp(provider, eve)
    browser, other = provider.browser(), provider.browser()
    page = browser.get(sign_in(browser).headers["location"]).text
    # Eve's own code is no code of Ann's.
    assert submit(browser, page, code=code(provider, seed)).status_code == 400
    # The flow of Ann's browser is worth nothing in Eve's.
    theirs = other.get(sign_in(other, "eve@example.org").headers["location"]).text
    _, fields = form_of(page)
    stolen = submit(other, theirs, code=code(provider, seed), flow=fields["flow"])
    assert stolen.status_code == 400
    assert not signed_in(other)
    assert submit(other, theirs, code=code(provider, seed)).status_code == 303


def test_b234_mfa_skip_a_known_browser_of_another_person_remembers_nothing(
    provider: Provider,
) -> None:
    with_totp(provider, add_user(provider))
    add_user(provider, "eve@example.org")
    browser = provider.browser()
    sign_in(browser, "eve@example.org")
    assert browser.cookies["__Host-vallum-device"]
    del browser.cookies["__Host-vallum-session"]
    assert sign_in(browser).headers["location"].startswith("/sign-in/second")
    assert not signed_in(browser)


def test_b234_mfa_skip_who_has_a_factor_enrols_no_other_on_the_way_in(provider: Provider) -> None:
    with_totp(provider, user := add_user(provider, roles=("admin",)))
    browser = provider.browser()
    second = sign_in(browser).headers["location"]
    flow = second.partition("flow=")[2]
    assert browser.get(f"/sign-in/enrol?flow={flow}").headers["location"] == second
    _, fields = form_of(browser.get(second).text)
    answer = browser.post("/account/factors/totp", data=fields, headers={"origin": ISSUER})
    assert answer.headers["location"] == second
    body = {"csrf": fields["csrf"], "flow": flow}
    found = post_json(browser, "/account/factors/passkey/options", body)
    assert found.json() == {"location": second}
    assert provider.run(provider.services.totp.count, user.id) == 1


def test_b234_mfa_skip_a_session_alone_enrols_nothing_on_the_way_up(provider: Provider) -> None:
    """A stolen session that an application asks two factors of is no first factor."""
    user = add_user(provider)
    browser = provider.browser()
    sign_in(browser)
    provider.clock.now += 200

    async def step_up() -> str:
        # As `/oauth/authorize` with `acr_values` does for a session with one factor.
        services = provider.services
        kept = browser.cookies["__Host-vallum-browser"]
        flow = await services.flows.begin(
            kept, "authorize", "/oauth/authorize/resume", {"acr": ACR_TWO}
        )
        await services.flows.keep(flow, user_id=user.id, amr=("pwd",))
        return flow.id

    flow = provider.run(step_up)
    enrol = browser.get(f"/sign-in/second?flow={flow}").headers["location"]
    assert enrol == f"/sign-in/enrol?flow={flow}"
    assert browser.get(enrol).headers["location"] == f"/sign-in?flow={flow}"
    # The password, again, is what opens it; and without the session there is nothing at all.
    again = sign_in(browser, path=f"/sign-in?flow={flow}")
    assert browser.get(again.headers["location"]).headers["location"] == enrol
    assert browser.get(enrol).status_code == 200
    other = provider.run(step_up)
    del browser.cookies["__Host-vallum-session"]
    assert browser.get(f"/sign-in/second?flow={other}").headers["location"].startswith("/sign-in?")


def test_b234_mfa_skip_a_session_does_not_take_over_what_another_person_has_proved(
    provider: Provider,
) -> None:
    """In one flow somebody proves a password of his own, and then goes on with a stolen session."""
    ann = add_user(provider)
    eve = add_user(provider, "eve@example.org")
    stolen, browser = provider.browser(), provider.browser()
    sign_in(stolen)
    add_public(provider, trusted=True)
    asked = browser.get(AUTHORIZE, params=request_for("spa") | {"acr_values": ACR_TWO})
    second = sign_in(browser, eve.email, path=asked.headers["location"]).headers["location"]
    flow = second.partition("flow=")[2]
    assert browser.get(f"/sign-in/enrol?flow={flow}").status_code == 200
    browser.cookies.set(
        "__Host-vallum-session",
        stolen.cookies["__Host-vallum-session"],
        domain="login.shop.example",
    )
    assert browser.get(f"/oauth/authorize/resume?flow={flow}").headers["location"] == second
    answer = browser.get(f"/sign-in/enrol?flow={flow}")
    assert answer.headers.get("location") == f"/sign-in?flow={flow}"
    # Ann herself, with her password, may.
    again = sign_in(browser, path=f"/sign-in?flow={flow}").headers["location"]
    enrol = browser.get(again).headers["location"]
    assert PasskeyPage(browser, browser.get(enrol).text).add(soft()).status_code == 200
    assert len(provider.run(provider.services.passkeys.of_user, ann.id)) == 1


def test_b234_mfa_skip_a_password_that_was_changed_meanwhile_is_no_first_step(
    provider: Provider,
) -> None:
    seed = with_totp(provider, user := add_user(provider))
    browser = provider.browser()
    page = browser.get(sign_in(browser).headers["location"]).text
    provider.clock.now += 30
    hashed = provider.run(provider.services.passwords.hash, "another one of four words")
    provider.run(provider.services.users.set_password, user.id, hashed)
    answer = submit(browser, page, code=code(provider, seed))
    assert answer.headers["location"].startswith("/sign-in?flow=")
    assert not signed_in(browser)


def test_b234_mfa_skip_where_all_must_have_two_factors_nobody_gets_in_with_one(
    database: str,
) -> None:
    with running_provider(database, mfa="required") as provider:
        add_user(provider)
        browser = provider.browser()
        second = sign_in(browser).headers["location"]
        enrol = browser.get(second).headers["location"]
        assert enrol.startswith("/sign-in/enrol?flow=")
        assert not signed_in(browser)
        assert PasskeyPage(browser, browser.get(enrol).text).add(soft()).status_code == 200
        assert signed_in(browser)


def test_b235_recovery_codes_are_long_kept_as_hashes_and_good_once(provider: Provider) -> None:
    user = add_user(provider)
    codes = provider.run(provider.services.recovery_codes.make, user.id)
    assert len(set(codes)) == 10
    # 24 characters of 32: 120 bits, so that no slow hash is needed (ASVS 6.5.2).
    assert all(len(each.replace("-", "")) == 24 for each in codes)
    kept = everything_kept(provider)
    for each in codes:
        assert each.encode() not in kept
        assert each.replace("-", "").encode() not in kept
    use = provider.services.recovery_codes.use

    async def race() -> list[bool]:
        return await asyncio.gather(*(use(user.id, codes[0]) for _ in range(20)))

    assert sum(provider.run(race)) == 1
    other = add_user(provider, "eve@example.org")
    assert not provider.run(use, other.id, codes[1])
    provider.run(provider.services.recovery_codes.make, user.id)
    assert not provider.run(use, user.id, codes[1])


def test_b235_recovery_codes_guessing_costs_waiting(provider: Provider) -> None:
    user = add_user(provider)
    with_totp(provider, user)
    codes = provider.run(provider.services.recovery_codes.make, user.id)
    browser = provider.browser()
    flow = sign_in(browser).headers["location"].partition("flow=")[2]
    page = browser.get(f"/sign-in/recovery?flow={flow}").text
    answers = [submit(browser, page, code="0" * 24).status_code for _ in range(7)]
    assert answers == [400] * 6 + [429]
    assert submit(browser, page, code=codes[0]).status_code == 429
    provider.clock.now += 5
    assert submit(browser, page, code=codes[0]).status_code == 303


def test_b236_push_bomb_there_is_nothing_that_prompts_out_of_band(provider: Provider) -> None:
    """A second step begins in the browser that made the first, and nothing is sent anywhere."""
    with_totp(provider, add_user(provider))
    with_passkey(provider, add_user(provider, "eve@example.org"))
    sent = len(provider.outbox.sent)
    for email in (ANN, "eve@example.org"):
        browser = provider.browser()
        browser.get(sign_in(browser, email).headers["location"])
    assert len(provider.outbox.sent) == sent


def test_b244_default_creds_nobody_has_an_account_before_the_link(provider: Provider) -> None:
    for name in ("admin@localhost.example", "root@example.org", "admin@example.org"):
        for password in ("admin", "password", "changeme", "vallum", "secret"):
            browser = provider.browser()
            page = browser.get("/sign-in").text
            answer = submit(browser, page, email=name, password=password)
            assert answer.status_code in (400, 429)
            assert not signed_in(browser)
            provider.clock.now += 3600
    assert provider.browser().get("/first-administrator").status_code == 403
    guessed = provider.browser().get("/first-administrator?ticket=admin")
    assert guessed.status_code == 403
    link = provider.run(first_admin_link, provider.services)
    assert link is not None
    assert len(link.partition("ticket=")[2]) == 43
    assert provider.browser().get(link.removeprefix(ISSUER)).status_code == 200


def test_b244_default_creds_no_form_gives_the_role(provider: Provider) -> None:
    browser = provider.browser()
    mallory: dict[str, Any] = {
        "name": "Mallory",
        "email": "mallory@example.org",
        "password": PASSWORD,
    }
    roles: dict[str, Any] = {"roles": '["admin"]', "role": "admin", "is_admin": "true"}
    submit(browser, browser.get("/sign-up").text, **mallory, **roles)
    confirm = browser.get(provider.outbox.link())
    submit(browser, confirm.text, email=mallory["email"], password=PASSWORD, **roles)
    user = provider.run(provider.services.users.by_email, mallory["email"])
    assert user is not None
    assert not user.is_admin


def second_step(provider: Provider, typed: str) -> bool:
    """Whether a code, after the password, signs a new browser in."""
    browser = provider.browser()
    done = bool(send_code(provider, browser, typed).status_code == 303)
    assert signed_in(browser) == done
    return done


def send_code(provider: Provider, browser: Any, typed: str) -> Any:
    second = sign_in(browser)
    return submit(browser, browser.get(second.headers["location"]).text, code=typed)


def everything_kept(provider: Provider) -> bytes:
    """Every value of every row of the database."""

    async def read() -> bytes:
        found = bytearray()
        async with provider.services.database.read() as connection:
            for table in METADATA.sorted_tables:
                for row in (await connection.execute(table.select())).all():
                    for value in row:
                        found += value if isinstance(value, bytes) else str(value).encode()
        return bytes(found)

    return provider.run(read)
