"""What a person does with an account, page by page, without script."""

from __future__ import annotations

import json

import pytest
from tests.support.people import ANN, ANOTHER, PASSWORD, add_user, sign_in, sign_in_quickly
from tests.support.provider import Provider, running_provider, submit


def test_a_person_signs_up_confirms_signs_out_and_in_again(provider: Provider) -> None:
    browser = provider.client
    page = browser.get("/sign-up").text
    asked = submit(browser, page, name=" Ann\tLee ", email="Ann@Readers.Example", password=PASSWORD)
    assert asked.status_code == 200
    assert "Look into your mail" in asked.text
    assert provider.run(provider.services.users.by_email, ANN) is None
    link = provider.outbox.link()
    wrong = submit(browser, browser.get(link).text, password=ANOTHER)
    assert wrong.status_code == 400
    confirmed = submit(browser, browser.get(link).text, password=PASSWORD)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, "/account")
    overview = browser.get("/account")
    assert "Hello, Ann Lee" in overview.text
    assert browser.get(link).status_code == 410
    out = submit(browser, overview.text, index=0)
    assert out.headers["location"] == "/sign-in?done=signed-out"
    assert browser.get("/account").status_code == 303
    assert sign_in(browser).headers["location"] == "/account"
    assert provider.kinds() == [
        "sign-up.requested", "account.created", "sign-in.ok", "page.refused", "sign-out",
        "sign-in.ok",
    ]  # fmt: skip
    assert len(provider.outbox.sent) == 1  # The browser is known: no notice.


def test_sign_up_in_the_middle_of_a_flow_goes_on_with_it(provider: Provider) -> None:
    browser = provider.client
    browser.get("/sign-in")
    flow = provider.run(
        provider.services.flows.begin,
        browser.cookies["__Host-vallum-browser"],
        "authorize",
        "/oauth/authorize/resume",
        {},
    )
    page = browser.get(f"/sign-up?flow={flow.id}").text
    submit(browser, page, name="Ann", email=ANN, password=PASSWORD)
    page = browser.get(provider.outbox.link()).text
    answer = submit(browser, page, password=PASSWORD)
    assert answer.headers["location"] == f"/oauth/authorize/resume?flow={flow.id}"


def test_sign_up_says_what_is_wrong_at_each_field(provider: Provider) -> None:
    page = provider.client.get("/sign-up").text
    answer = submit(provider.client, page, name=" ", email="nobody", password="short")
    assert answer.status_code == 400
    for name in ("name", "email", "password"):
        assert f'id="{name}-error"' in answer.text
        assert f"{name}-error" in answer.text.split(f'<input id="{name}"')[1].split(">")[0]
    assert "short" not in answer.text.replace('type="password"', "")
    assert not provider.outbox.sent


def test_sign_up_may_be_off_or_for_some_domains(database: str) -> None:
    with running_provider(database, sign_up="off") as provider:
        assert provider.client.get("/sign-up").status_code == 403
        assert "/sign-up" not in provider.client.get("/sign-in").text


def test_sign_up_may_be_for_some_domains(database: str) -> None:
    with running_provider(database, email_domains=("corp.example",)) as provider:
        page = provider.client.get("/sign-up").text
        for email in ("a@evil.corp.example", "a@corp.example.evil.example", "a@evilcorp.example"):
            answer = submit(provider.client, page, name="A", email=email, password=PASSWORD)
            assert answer.status_code == 400


def test_a_new_browser_is_told_to_the_person_once(provider: Provider) -> None:
    add_user(provider)
    sign_in(provider.client)
    other = provider.browser()
    sign_in(other)
    assert [(to, subject) for to, subject, _ in provider.outbox.sent] == [
        (ANN, "Bookshop: New sign-in")
    ]
    del other.cookies["__Host-vallum-session"]
    assert sign_in(other).status_code == 303
    assert len(provider.outbox.sent) == 1


def test_a_password_is_changed_by_who_knows_it(provider: Provider) -> None:
    user = add_user(provider)
    browser, other = provider.client, provider.browser()
    sign_in_quickly(provider, browser, user)
    sign_in_quickly(provider, other, user)
    before = browser.cookies["__Host-vallum-session"]
    page = browser.get("/account/password").text
    wrong = submit(browser, page, index=1, old=ANOTHER, new=ANOTHER)
    assert "This is not your password" in wrong.text
    weak = submit(browser, page, index=1, old=PASSWORD, new="Bookshop2026Bookshop")
    assert "name of this service" in weak.text
    done = submit(browser, page, index=1, old=PASSWORD, new=ANOTHER)
    assert done.headers["location"] == "/account?done=password"
    assert "Your password is changed" in browser.get("/account?done=password").text
    assert browser.cookies["__Host-vallum-session"] != before
    assert other.get("/account").status_code == 303
    assert provider.data_plane.subjects == [f"user:{user.id}"]
    assert [subject for _, subject, _ in provider.outbox.sent] == [
        "Bookshop: Your password was changed"
    ]


def test_an_address_is_changed_by_who_reads_its_mail(provider: Provider) -> None:
    user = add_user(provider)
    browser = provider.client
    sign_in_quickly(provider, browser, user)
    page = browser.get("/account/email").text
    submit(browser, page, index=1, email="ann@new.example")
    assert [to for to, _, _ in provider.outbox.sent] == ["ann@new.example"]
    link = provider.outbox.link()
    stranger = provider.browser()
    assert stranger.get(link).status_code == 401
    sign_in_quickly(provider, stranger, add_user(provider, "eve@evil.example"))
    assert stranger.get(link).status_code == 401
    done = submit(browser, browser.get(link).text)
    assert done.headers["location"] == "/account?done=email"
    changed = provider.run(provider.services.users.get, user.id)
    assert changed is not None
    assert changed.email == "ann@new.example"
    assert [to for to, _, _ in provider.outbox.sent] == ["ann@new.example", ANN]
    assert browser.get(link).status_code == 410


def test_an_address_that_has_an_account_is_not_given_away(provider: Provider) -> None:
    user = add_user(provider)
    add_user(provider, "bob@readers.example")
    sign_in_quickly(provider, provider.client, user)
    page = provider.client.get("/account/email").text
    taken = submit(provider.client, page, index=1, email="bob@readers.example")
    free = submit(provider.client, page, index=1, email="zoe@readers.example")
    assert taken.status_code == free.status_code == 200
    assert taken.text.replace("bob@", "") == free.text.replace("zoe@", "")
    assert "https://" not in provider.outbox.sent[0][2]


def test_a_name_is_changed_and_shown_as_text(provider: Provider) -> None:
    sign_in_quickly(provider, provider.client, add_user(provider))
    page = provider.client.get("/account").text
    submit(provider.client, page, index=1, name='<img src=x onerror="alert(1)">')
    assert "Hello, &lt;img" in provider.client.get("/account").text
    hidden = submit(provider.client, page, index=1, name="Ann‮eelA")
    assert hidden.status_code == 400


def test_sessions_are_listed_and_ended(provider: Provider) -> None:
    user = add_user(provider)
    browser, other, third = provider.client, provider.browser(), provider.browser()
    for each in (browser, other, third):
        sign_in_quickly(provider, each, user)
    page = browser.get("/account/sessions").text
    assert page.count("Firefox on Linux</strong>") == 3
    assert page.count(">this one<") == 1
    mine = next(i for i, li in enumerate(page.split("<li class=")[1:]) if ">this one<" in li)
    submit(browser, page, index=1 + (mine + 1) % 3)
    assert [each.get("/account").status_code for each in (other, third)].count(303) == 1
    submit(browser, browser.get("/account/sessions").text, index=3, session="others")
    assert [each.get("/account").status_code for each in (browser, other, third)] == [200, 303, 303]
    submit(browser, browser.get("/account/sessions").text, index=1)
    assert browser.get("/account").status_code == 303


def test_nobody_ends_the_session_of_another(provider: Provider) -> None:
    victim = provider.browser()
    theirs = sign_in_quickly(provider, victim, add_user(provider))
    sign_in_quickly(provider, provider.client, add_user(provider, "eve@evil.example"))
    page = provider.client.get("/account/sessions").text
    assert theirs not in page
    submit(provider.client, page, index=1, session=theirs)
    assert victim.get("/account").status_code == 200


def test_people_take_their_data_along_and_delete_their_account(provider: Provider) -> None:
    user = add_user(provider)
    sign_in_quickly(provider, provider.client, user)
    data = provider.client.get("/account/data")
    assert data.headers["content-disposition"].startswith("attachment")
    assert json.loads(data.text)["users"][0]["email"] == ANN
    assert "argon2" not in data.text
    page = provider.client.get("/account/delete").text
    assert submit(provider.client, page, index=1).status_code == 400
    gone = submit(provider.client, page, index=1, sure="yes")
    assert gone.headers["location"] == "/sign-in?done=deleted"
    assert provider.run(provider.services.users.get, user.id) is None
    assert provider.client.get("/account").status_code == 303
    assert [to for to, _, _ in provider.outbox.sent] == [ANN]


def test_who_administers_cannot_just_go(provider: Provider) -> None:
    admin = add_user(provider, roles=("admin",))
    sign_in_quickly(provider, provider.client, admin, "pwd", "otp", "mfa")
    page = provider.client.get("/account/delete").text
    assert submit(provider.client, page, index=1, sure="yes").status_code == 400
    assert provider.run(provider.services.users.get, admin.id) is not None


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/sign-up", "/account/reset", "/account", "/account/security",
     "/account/activity", "/account/password", "/account/email", "/account/sessions",
     "/account/applications", "/account/delete"],
)  # fmt: skip
def test_every_page_has_one_heading_labels_and_a_strict_policy(
    provider: Provider, path: str
) -> None:
    if path.startswith("/account") and path != "/account/reset":
        sign_in_quickly(provider, provider.client, add_user(provider))
    page = provider.client.get(path)
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    # Passkeys need a script, from a file of ours; nothing else does.
    assert page.text.count("<script") == page.text.count('<script src="/assets/')
    assert " style=" not in page.text
    for tag in page.text.split("<input ")[1:]:
        if 'type="hidden"' not in tag:
            name = tag.split('id="')[1].split('"')[0]
            assert f'<label for="{name}"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


def test_the_password_managers_door_leads_on(provider: Provider) -> None:
    door = provider.client.get("/.well-known/change-password")
    assert door.headers["location"] == "/account/password"
