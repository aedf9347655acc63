"""G. OAuth 2 and OpenID Connect: signing people out, and being told about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.testclient import TestClient
from tests.support.authorizing import AUTHORIZE, browser_with, is_page, request_for, sent_to
from tests.support.logout_tokens import BadLogoutToken, LogoutTokens
from tests.support.oauth import (
    SignedInPerson,
    add_client,
    add_public,
    sign_in,
)
from tests.support.provider import ISSUER, Provider, submit
from tests.support.waiting import eventually

from vallum.identity.issuing import Person, id_token
from vallum.identity.protocol.backchannel import EVENT, deliver_logouts, logout_token
from vallum.identity.revoking import revoke_session, revoke_user
from vallum.identity.storage.clients import Client
from vallum.identity.storage.events import Event
from vallum.identity.storage.tidying import forget_ended
from vallum.tokens.signing import Signer, new_private_jwk

LOGOUT = "/oauth/logout"
BACK = "https://shop.example/bye"
ORIGIN = {"origin": ISSUER}


def _person(person: SignedInPerson) -> Person:
    return Person(
        id=person.user_id,
        roles=(),
        amr=("pwd",),
        authenticated=person.session.authenticated,
        session_id=person.session.id,
        grant_id=None,
        family=None,
    )


def _hint(provider: Provider, client: Client, person: SignedInPerson) -> str:
    return id_token(provider.services, client, _person(person), nonce=None, claims={})


def _lives(provider: Provider, person: SignedInPerson) -> bool:
    living = provider.run(provider.services.sessions.of_user, person.user_id)
    return person.session.id in {session.id for session in living}


def _logout(browser: TestClient, **parameters: str) -> Any:
    return browser.get(LOGOUT, params=parameters)


def test_b192_logout_csrf_a_good_hint_signs_out_and_leads_back(provider: Provider) -> None:
    client = add_client(provider, "shop", logout_uris=(BACK,))
    person = sign_in(provider)
    browser = browser_with(provider, person)
    hint = _hint(provider, client, person)
    provider.clock.now += 4000  # Long after the hint's end, while the session is in use.
    fresh = provider.run(
        provider.services.sessions.begin, person.user_id, ("pwd",), address="", agent=""
    )
    person = SignedInPerson(person.user_id, fresh[1], fresh[0])
    browser = browser_with(provider, person)
    answer = _logout(
        browser,
        id_token_hint=_hint(provider, client, person),
        post_logout_redirect_uri=BACK,
        state="s 1",
    )
    assert sent_to(answer) == (BACK, {"state": "s 1"})
    assert not _lives(provider, person)
    # The person is out already, and the hint of the first session is old: still a way back.
    answer = _logout(browser, id_token_hint=hint, post_logout_redirect_uri=BACK)
    assert answer.headers["location"] == BACK


def test_b192_logout_csrf_without_a_hint_the_person_is_asked(provider: Provider) -> None:
    add_client(provider, "shop", logout_uris=(BACK,))
    person = sign_in(provider)
    browser = browser_with(provider, person)
    for parameters in (
        {},
        {"client_id": "shop"},
        {"client_id": "shop", "post_logout_redirect_uri": BACK, "state": "s"},
        {"id_token_hint": "not.a.token"},
        {"logout_hint": "ada@shop.example"},
    ):
        answer = _logout(browser, **parameters)
        assert is_page(answer, 200), parameters
        assert "Sign out?" in answer.text
        assert _lives(provider, person)
    # A form of another site confirms nothing.
    page = _logout(browser, client_id="shop", post_logout_redirect_uri=BACK, state="s")
    for forged in ({"csrf": ""}, {"csrf": "0" * 64}):
        assert is_page(browser.post("/oauth/logout/confirm", data=forged, headers=ORIGIN), 403)
    assert browser.get("/oauth/logout/confirm").status_code == 405
    assert _lives(provider, person)
    assert "form-action 'self' https://shop.example" in page.headers["content-security-policy"]
    answer = submit(browser, page.text)
    assert sent_to(answer) == (BACK, {"state": "s"})
    assert not _lives(provider, person)
    assert is_page(submit(browser, page.text), 403)


def test_b192_logout_csrf_a_post_of_another_site_becomes_a_question(provider: Provider) -> None:
    person = sign_in(provider)
    browser = browser_with(provider, person)
    answer = browser.post(LOGOUT, data={"state": "x"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{LOGOUT}?state=x"
    assert "Sign out?" in browser.get(answer.headers["location"]).text
    assert _lives(provider, person)


def test_b192_logout_csrf_a_hint_of_something_else_is_no_hint(provider: Provider) -> None:
    client = add_client(provider, "shop", logout_uris=(BACK,))
    person, other = sign_in(provider), sign_in(provider, "eve@shop.example")
    browser = browser_with(provider, person)
    services = provider.services
    claims = {
        "iss": ISSUER,
        "aud": client.id,
        "sub": person.user_id,
        "sid": person.session.id,
    }
    stranger = Signer(new_private_jwk("ES256", services.keys.signer().kid))
    ours = services.keys.signer()
    hints = [
        _hint(provider, client, other),  # Good, but of another person's session.
        ours.sign(claims, "at+jwt"),
        logout_token(services, client, person.user_id, person.session.id),
        stranger.sign(claims, "JWT"),
        ours.sign({**claims, "iss": "https://other.example"}, "JWT"),
        ours.sign({**claims, "aud": [client.id, "x"]}, "JWT"),
        ours.sign({**claims, "sid": 7}, "JWT"),
        ours.sign(claims, "JWT")[:-8] + "AAAAAAAA",
        "",
        "é" * 10,
    ]
    for hint in hints:
        answer = _logout(browser, id_token_hint=hint)
        assert is_page(answer, 200)
        assert "Sign out?" in answer.text
        assert _lives(provider, person)


def test_b192_logout_csrf_nobody_is_sent_where_no_client_registered(provider: Provider) -> None:
    client = add_client(provider, "shop", logout_uris=(BACK,))
    add_client(provider, "other")
    person = sign_in(provider)
    browser = browser_with(provider, person)
    hint = _hint(provider, client, person)
    for uri in (f"{BACK}/", f"{BACK}?x", "https://evil.example", "javascript:alert(1)", ""):
        answer = _logout(browser, id_token_hint=hint, post_logout_redirect_uri=uri)
        assert is_page(answer), uri
    for parameters in (
        {"post_logout_redirect_uri": BACK},
        {"post_logout_redirect_uri": BACK, "client_id": "other"},
        {"post_logout_redirect_uri": BACK, "client_id": "unknown"},
        {"id_token_hint": hint, "client_id": "other"},
        {"id_token_hint": hint, "state": "s" * 5000, "post_logout_redirect_uri": BACK},
    ):
        assert is_page(_logout(browser, **parameters)), parameters
    assert is_page(browser.get(f"{LOGOUT}?state=a&state=b"))
    assert _lives(provider, person)


def test_b158_open_redirect_no_old_hint_leads_to_a_client_that_nobody_vouches_for(
    provider: Provider,
) -> None:
    """Its maker has a hint of his own, and could send anybody with it who is not signed in."""
    client = add_client(provider, "evil", logout_uris=(BACK,), registered_by="dynamic")
    person = sign_in(provider)
    hint = _hint(provider, client, person)
    stranger = provider.browser()
    answer = _logout(stranger, id_token_hint=hint, post_logout_redirect_uri=BACK)
    assert is_page(answer, 200)
    # Who signs out of it herself goes back to it.
    browser = browser_with(provider, person)
    answer = _logout(browser, id_token_hint=hint, post_logout_redirect_uri=BACK)
    assert answer.headers["location"] == BACK
    assert not _lives(provider, person)


class Listener:
    """An application's back-channel logout endpoint on loopback."""

    def __init__(self) -> None:
        self.received: list[dict[str, list[str]]] = []
        self.status = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                listener.received.append(parse_qs(self.rfile.read(size).decode()))
                self.send_response(listener.status)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Nothing on the console."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/bye"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """An application that hears of logouts."""
    listener = Listener()
    yield listener
    listener.close()


def _signed_in_at(provider: Provider, person: SignedInPerson, client_id: str) -> None:
    browser = browser_with(provider, person)
    assert "code" in sent_to(browser.get(AUTHORIZE, params=request_for(client_id)))[1]


def _at_the_application(provider: Provider, listener: Listener) -> SignedInPerson:
    """Somebody who has signed in at an application that wants to hear of the end."""
    add_public(provider, trusted=True, backchannel_logout_uri=listener.url)
    person = sign_in(provider)
    _signed_in_at(provider, person, "spa")
    return person


def _told(provider: Provider, form: dict[str, list[str]]) -> dict[str, str]:
    """What the application is told, by a strict reader."""
    verifier = LogoutTokens(ISSUER, "spa", provider.services.keys.jwks)
    return verifier.verify(form["logout_token"][0], now=provider.clock())


def _of_kind(provider: Provider, kind: str, number: int) -> list[Event]:
    """The events of a kind, once there are so many."""

    def are_there() -> bool:
        # The provider looks by itself each second; so does this, and never waits longer.
        provider.run(deliver_logouts, provider.services)
        return provider.kinds().count(kind) >= number

    eventually(are_there, f"{number} times {kind}")
    return [event for event in provider.events if event.kind == kind]


def test_b192_logout_csrf_applications_hear_of_the_end_once(
    provider: Provider, listener: Listener
) -> None:
    person = _at_the_application(provider, listener)
    _signed_in_at(provider, person, "spa")
    assert provider.run(deliver_logouts, provider.services) == 0
    assert listener.received == []
    provider.run(revoke_session, provider.services, person.user_id, person.session.id)
    provider.run(revoke_user, provider.services, person.user_id)
    # Nobody does anything: the provider finds it by itself.
    eventually(lambda: "logout.told" in provider.kinds(), "the application hears of it")
    assert provider.run(deliver_logouts, provider.services) == 0
    (form,) = listener.received
    assert list(form) == ["logout_token"]
    assert _told(provider, form) == {"sub": person.user_id, "sid": person.session.id}


def test_b192_logout_csrf_applications_hear_of_the_end_of_an_account(
    provider: Provider, listener: Listener
) -> None:
    """With the account its sessions are deleted, and they have ended all the same."""
    person = _at_the_application(provider, listener)
    browser = browser_with(provider, person)
    answer = submit(browser, browser.get("/account/delete").text, index=-1, sure="yes")
    assert answer.headers["location"] == "/sign-in?done=deleted"
    _of_kind(provider, "logout.told", 1)
    (form,) = listener.received
    assert _told(provider, form) == {"sub": person.user_id, "sid": person.session.id}
    assert provider.run(deliver_logouts, provider.services) == 0


def test_b192_logout_csrf_applications_hear_of_the_end_of_a_session_that_was_renewed(
    provider: Provider, listener: Listener
) -> None:
    person, sessions = _at_the_application(provider, listener), provider.services.sessions
    cookie, end = person.cookie, person.session.expires
    while provider.clock.now < end + 7200:
        provider.clock.now += 1200
        renewed = provider.run(
            sessions.renew, cookie, person.user_id, ("pwd",), address="", agent=""
        )
        assert renewed is not None
        cookie = renewed[0]
    provider.run(revoke_session, provider.services, person.user_id, person.session.id)
    _of_kind(provider, "logout.told", 1)
    assert len(listener.received) == 1


def test_b192_logout_csrf_applications_that_expired_sessions_led_to_are_not_told(
    provider: Provider, listener: Listener
) -> None:
    person = _at_the_application(provider, listener)
    provider.clock.now = person.session.expires + 90_000
    provider.run(forget_ended, provider.services.database, provider.clock())
    assert provider.run(deliver_logouts, provider.services) == 0
    assert listener.received == []


def test_b192_logout_csrf_applications_that_fail_are_tried_again_and_given_up(
    provider: Provider, listener: Listener
) -> None:
    person = _at_the_application(provider, listener)
    provider.run(revoke_session, provider.services, person.user_id, person.session.id)
    listener.status = 307  # Redirects are not followed either.
    for number in range(1, 5):
        failed = _of_kind(provider, "logout.not-told", number)
        provider.clock.now += 4000
    assert provider.run(deliver_logouts, provider.services) == 0
    assert len(listener.received) == len(failed) == 4
    assert [event.alert for event in failed] == [False, False, False, True]


def test_b192_logout_csrf_nobody_makes_the_provider_call_inside(
    provider: Provider, listener: Listener
) -> None:
    """A dynamic client's endpoint is no way into the network (SSRF)."""
    person = sign_in(provider)
    browser = browser_with(provider, person)
    inside = (
        listener.url,
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://169.254.169.254/x",
    )
    for number, url in enumerate(inside):
        client_id = f"evil{number}"
        client = add_public(
            provider, client_id, registered_by="dynamic", backchannel_logout_uri=url
        )
        page = browser.get(AUTHORIZE, params=request_for(client.id))
        page = browser.get(page.headers["location"])
        assert "code" in sent_to(submit(browser, page.text, decision="allow"))[1]
    provider.run(revoke_session, provider.services, person.user_id, person.session.id)
    assert len(_of_kind(provider, "logout.not-told", len(inside))) == len(inside)
    assert listener.received == []


def test_b192_logout_csrf_forged_logout_tokens_are_refused(provider: Provider) -> None:
    """What we send passes a strict reader; what differs from it in one point does not."""
    services, signer = provider.services, provider.services.keys.signer()
    client = add_client(provider, "shop")
    reader = LogoutTokens(ISSUER, "shop", services.keys.jwks)
    now = provider.clock()
    good = logout_token(services, client, "user_1", "session_1")
    assert reader.verify(good, now=now) == {"sub": "user_1", "sid": "session_1"}
    with pytest.raises(BadLogoutToken, match="seen before"):
        reader.verify(good, now=now)
    claims = {
        "iss": ISSUER,
        "aud": "shop",
        "sub": "user_1",
        "sid": "session_1",
        "iat": int(now),
        "exp": int(now) + 60,
        "events": {EVENT: {}},
    }
    forged: list[tuple[str, dict[str, Any], str]] = [
        ("nonce", {"nonce": "n"}, "logout+jwt"),
        ("typ", {}, "JWT"),
        ("typ", {}, "at+jwt"),
        ("events", {"events": {}}, "logout+jwt"),
        ("events", {"events": {EVENT: 1}}, "logout+jwt"),
        ("aud", {"aud": "other"}, "logout+jwt"),
        ("iss", {"iss": "https://other.example"}, "logout+jwt"),
        ("exp", {"exp": int(now) - 1}, "logout+jwt"),
        ("jti", {"jti": None}, "logout+jwt"),
    ]
    for number, (what, changes, type_) in enumerate(forged):
        token = signer.sign({"jti": f"j{number}", **claims, **changes}, type_)
        with pytest.raises(BadLogoutToken, match=what):
            reader.verify(token, now=now)
    stranger = Signer(new_private_jwk("ES256", signer.kid))
    with pytest.raises(BadLogoutToken, match="signature"):
        reader.verify(stranger.sign({"jti": "x", **claims}, "logout+jwt"), now=now)
