"""Connecting and disconnecting other providers on the pages of the account."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.openid_provider import Federation
from tests.support.people import hashed
from tests.support.provider import submit

PAGE = "/account/connections"


def form_with(html: str, words: str) -> int:
    """The place of the form with these words among those of a page."""
    forms = html.split("<form")[1:]
    return next(place for place, form in enumerate(forms) if words in form)


def connect(federation: Federation) -> Any:
    """Press Connect on the account's page; the answer."""
    page = federation.browser.get(PAGE).text
    return submit(federation.browser, page, index=form_with(page, "Connect Google"))


def test_an_account_is_connected_at_once_for_who_has_just_signed_in(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    federation.sign_in_locally()
    # Its address plays no part: she has proved both sides.
    federation.google.person |= {"email": "else@where.example", "email_verified": False}
    asked = federation.follow(connect(federation))
    assert "Connect Google" in asked.text
    away = submit(federation.browser, asked.text)
    done = federation.browser.get(federation.google.approve(away.headers["location"]))
    page = federation.follow(done)
    assert "It is connected" in page.text
    assert "Google" in page.text
    assert federation.identities(ann) == ["google-1"]
    assert federation.provider.outbox.sent[-1][1] == "Bookshop: A sign-in was connected"
    browser = federation.provider.browser()
    assert federation.sign_in(browser=browser).headers["location"] == "/account"


def test_connecting_what_is_connected_changes_nothing(federation: Federation) -> None:
    ann = federation.sign_up()
    asked = federation.follow(connect(federation))
    away = submit(federation.browser, asked.text)
    done = federation.browser.get(federation.google.approve(away.headers["location"]))
    assert done.status_code == 303
    assert federation.identities(ann) == ["google-1"]
    assert "identity.linked" not in federation.provider.kinds()


def test_an_identity_of_somebody_else_is_not_taken_away(federation: Federation) -> None:
    ann = federation.sign_up()
    federation.browser.cookies.clear()
    bob = federation.make_account(email="bob@shop.example")
    federation.sign_in_locally(email="bob@shop.example")
    asked = federation.follow(connect(federation))
    away = submit(federation.browser, asked.text)
    done = federation.browser.get(federation.google.approve(away.headers["location"]))
    assert done.status_code == 409
    assert (federation.identities(ann), federation.identities(bob)) == (["google-1"], [])


def test_a_session_that_changed_on_the_way_connects_nothing(federation: Federation) -> None:
    ann = federation.make_account()
    federation.make_account(email="bob@shop.example")
    federation.sign_in_locally()
    asked = federation.follow(connect(federation))
    away = submit(federation.browser, asked.text)
    page = federation.browser.get("/account").text
    submit(federation.browser, page, index=form_with(page, "Sign out"))
    federation.sign_in_locally(email="bob@shop.example")
    done = federation.browser.get(federation.google.approve(away.headers["location"]))
    assert done.status_code == 400
    assert federation.identities(ann) == []


def test_the_answer_of_another_provider_than_the_one_pressed_connects_nothing(
    federation: Federation,
) -> None:
    ann = federation.make_account()
    federation.sign_in_locally()
    flow = connect(federation).headers["location"].partition("flow=")[2]
    back = federation.other.approve(federation.begin("other", flow=flow))
    assert federation.browser.get(back).status_code == 400
    assert federation.identities(ann) == []


def test_a_stale_session_changes_nothing(federation: Federation) -> None:
    ann = federation.sign_up()
    pages = federation.browser.get(PAGE).text
    federation.provider.clock.now += 301
    for words in ("Connect Other", "Disconnect Google"):
        answer = submit(federation.browser, pages, index=form_with(pages, words))
        assert answer.status_code == 401
        assert "insufficient_user_authentication" in answer.headers["www-authenticate"]
    assert federation.identities(ann) == ["google-1"]
    assert federation.provider.browser().get(PAGE).status_code == 303


def test_the_last_way_to_sign_in_stays(federation: Federation) -> None:
    ann = federation.sign_up()
    services, run = federation.provider.services, federation.provider.run
    page = federation.browser.get(PAGE).text
    place = form_with(page, "Disconnect Google")
    assert submit(federation.browser, page, index=place).status_code == 409
    # One of a provider that is no longer in the policy is no way.
    run(services.identities.link, ann.id, "https://gone.example", "ann", "")
    assert submit(federation.browser, page, index=place).status_code == 409
    assert "google-1" in federation.identities(ann)
    run(services.users.set_password, ann.id, hashed())
    done = submit(federation.browser, page, index=place)
    assert "It is disconnected" in federation.follow(done).text
    assert federation.identities(ann) == ["ann"]
    assert federation.provider.outbox.sent[-1][1] == "Bookshop: A sign-in was disconnected"
    assert "identity.unlinked" in federation.provider.kinds()
    # Without it, Google leads to a proof as for anybody.
    answer = federation.sign_in(browser=federation.provider.browser())
    assert answer.headers["location"].startswith("/sign-in/join")


def test_nobody_disconnects_what_is_not_hers(federation: Federation) -> None:
    ann = federation.sign_up()
    federation.browser.cookies.clear()
    federation.make_account(email="bob@shop.example")
    federation.sign_in_locally(email="bob@shop.example")
    services, run = federation.provider.services, federation.provider.run
    bob = federation.user("bob@shop.example")
    assert bob is not None
    run(services.identities.link, bob.id, federation.google.issuer, "bobs", "")
    page = federation.browser.get(PAGE).text
    place = form_with(page, "Disconnect Google")
    assert submit(federation.browser, page, index=place, subject="google-1").status_code == 409
    assert federation.identities(ann) == ["google-1"]


def test_of_two_that_go_at_the_same_time_one_stays(federation: Federation) -> None:
    ann = federation.sign_up()
    identities, issuer = federation.provider.services.identities, federation.google.issuer
    federation.provider.run(identities.link, ann.id, issuer, "second", "")

    async def both() -> list[bool]:
        return await asyncio.gather(
            *(
                identities.unlink(ann.id, issuer, subject, usable={issuer})
                for subject in ("google-1", "second")
            )
        )

    assert sorted(federation.provider.run(both)) == [False, True]
    assert len(federation.identities(ann)) == 1
