"""Second factors of people, and the steps of a browser that signs in with them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from starlette.testclient import TestClient
from tests.support.authenticator import SoftAuthenticator
from tests.support.people import ANN, sign_in
from tests.support.provider import ISSUER, Provider, submit

from vallum.identity.storage.users import User


def with_totp(provider: Provider, user: User) -> bytes:
    """A confirmed authenticator application; its seed. The clock goes on to the next code."""
    factor_id, seed = provider.run(provider.services.totp.begin, user.id, "App")
    assert provider.run(
        provider.services.totp.confirm, user.id, factor_id, code(provider, seed.reveal())
    )
    provider.clock.now += 30
    return seed.reveal()


def code(provider: Provider, seed: bytes, steps: int = 0) -> str:
    """The code of an application whose clock is right, or off by some steps."""
    step = int(provider.clock.now // 30) + steps
    return HOTP(seed, 6, SHA1()).generate(step).decode()  # noqa: S303  (RFC 6238)


def signed_in(browser: TestClient) -> bool:
    """Whether the browser has a session."""
    return bool(browser.get("/account").status_code == 200)


def sign_in_with_totp(provider: Provider, browser: TestClient, seed: bytes) -> None:
    """Both steps."""
    page = browser.get(sign_in(browser).headers["location"])
    answer = submit(browser, page.text, code=code(provider, seed))
    assert answer.status_code == 303, answer.text
    assert signed_in(browser)


def form_for(html: str, action: str) -> int:
    """Which form of a page goes there."""
    actions = [unescape(each) for each in re.findall(r'<form[^>]*action="([^"]*)"', html)]
    return actions.index(action)


def place_of(html: str) -> dict[str, str]:
    """What the script of a page finds at the place for passkeys."""
    tag = re.search(r"<div data-passkey[^>]*>", html)
    assert tag is not None
    found: list[tuple[str, str]] = re.findall(r'data-([a-z]+)="([^"]*)"', tag[0])
    return dict(found)


def post_json(browser: TestClient, path: str, body: dict[str, str], **headers: str) -> Any:
    """As the script of our pages sends it."""
    return browser.post(path, json=body, headers={"origin": ISSUER, **headers})


def soft(**more: Any) -> SoftAuthenticator:
    """An authenticator in a browser on our pages."""
    return SoftAuthenticator(origin=ISSUER, rp_id="login.shop.example", **more)


class PasskeyPage:
    """What the script of a page does with passkeys, step by step."""

    def __init__(self, browser: TestClient, html: str) -> None:
        self.browser = browser
        self.place = place_of(html)
        self.within: dict[str, str] = {
            name: self.place[name] for name in ("csrf", "flow") if name in self.place
        }

    def begin_adding(self) -> dict[str, Any]:
        """The server's options for a new passkey, and the ceremony."""
        found = post_json(self.browser, "/account/factors/passkey/options", self.within)
        assert found.status_code == 200, found.text
        asked: dict[str, Any] = found.json()
        return asked

    def finish_adding(self, asked: dict[str, Any], made: dict[str, str]) -> Any:
        """Send what the authenticator made."""
        body = {**self.within, "ceremony": asked["ceremony"], **made}
        return post_json(self.browser, "/account/factors/passkey", body)

    def add(self, authenticator: SoftAuthenticator, **forged: Any) -> Any:
        """A new passkey; the server's answer."""
        asked = self.begin_adding()
        return self.finish_adding(asked, authenticator.make(asked["options"], **forged))

    def begin_signing(self) -> dict[str, Any]:
        """The server's options for a sign-in, and the flow."""
        body = {**self.within, "step": self.place["step"]}
        found = post_json(self.browser, "/sign-in/passkey/options", body)
        assert found.status_code == 200, found.text
        asked: dict[str, Any] = found.json()
        return asked

    def finish_signing(self, asked: dict[str, Any], signed: dict[str, str]) -> Any:
        """Send what the authenticator signed."""
        body = {"csrf": self.within["csrf"], "step": self.place["step"], "flow": asked["flow"]}
        return post_json(self.browser, "/sign-in/passkey", {**body, **signed})

    def sign(self, authenticator: SoftAuthenticator, **forged: Any) -> Any:
        """A sign-in; the server's answer."""
        asked = self.begin_signing()
        return self.finish_signing(asked, authenticator.sign(asked["options"], **forged))


def with_passkey(provider: Provider, user: User, **more: Any) -> SoftAuthenticator:
    """A registered passkey, added in a browser of its own that is signed in afresh."""
    browser, authenticator = provider.browser(), soft(**more)
    assert sign_in(browser, user.email).status_code == 303
    page = PasskeyPage(browser, browser.get("/account/factors/add").text)
    answer = page.add(authenticator)
    assert answer.status_code == 200, answer.text
    return authenticator


def sign_in_page(browser: TestClient) -> PasskeyPage:
    """The sign-in page, for a passkey alone."""
    return PasskeyPage(browser, browser.get("/sign-in").text)


def second_page(browser: TestClient, email: str = ANN) -> PasskeyPage:
    """The second page, after the password."""
    answer = sign_in(browser, email)
    return PasskeyPage(browser, browser.get(answer.headers["location"]).text)
