"""What people do with the provider, done in Chromium through the real gateway."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.support.browsing import (
    PASSWORD,
    AuthenticatorApp,
    Visited,
    needs_chromium,
    sign_in,
    trusting_browser,
    with_authenticator,
)
from tests.support.everywhere import BOUND_SECONDS, seconds_until_refused
from tests.support.gateway import free_port
from tests.support.npm_provider import google_settings, running_google
from tests.support.signing_in import deploy

SCOPE = "openid offline_access orders:read"

pytestmark = needs_chromium


@dataclass(frozen=True)
class Shop(Visited):
    """A deployment, browsers in front of it, and another provider."""

    google: str
    """Its issuer."""


@dataclass(frozen=True)
class Application:
    """An application on the person's own machine, which has registered."""

    shop: Shop
    client_id: str
    verifier: str

    @property
    def redirect_uri(self) -> str:
        """Where it waits for answers."""
        return f"{self.shop.deployment.upstream.url}/callback"

    def ask(self, page: Page) -> None:
        """Send the browser to the provider."""
        digest = sha256(self.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": "the state",
        }
        page.goto(self.shop.url(f"/oauth/authorize?{urlencode(parameters)}"))

    def answer(self, page: Page) -> dict[str, str]:
        """What came back with the browser."""
        page.wait_for_url(f"{self.redirect_uri}?*")
        found = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
        assert found["state"] == "the state"
        assert found["iss"] == self.shop.deployment.issuer
        return found

    def post(self, **form: str) -> Any:
        """A request at the token endpoint; its answer."""
        with self.shop.deployment.http() as http:
            return http.post("/oauth/token", data={**form, "client_id": self.client_id})

    def redeem(self, page: Page) -> dict[str, Any]:
        """Tokens for the code that came back."""
        answer = self.post(
            grant_type="authorization_code",
            code=self.answer(page)["code"],
            redirect_uri=self.redirect_uri,
            code_verifier=self.verifier,
        )
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def call(self, token: str) -> int:
        """The status that the API answers."""
        with self.shop.deployment.http() as http:
            answer = http.get("/orders", headers={"authorization": f"Bearer {token}"})
        return answer.status_code


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The deployment with two workers, and the provider of npm beside it."""
    folder, port = tmp_path_factory.mktemp("flows"), free_port()
    providers = google_settings(folder, port)
    with ExitStack() as stack:
        deployment = deploy(folder, stack, identity=providers)
        stack.enter_context(running_google(deployment, port, in_id_token=True))
        browser = stack.enter_context(trusting_browser(deployment))
        yield Shop(deployment, browser, f"http://127.0.0.1:{port}")


@pytest.fixture
def application(shop: Shop) -> Application:
    """A new one."""
    scopes = [word for scope in SCOPE.split() for word in ("--scope", scope)]
    made = shop.deployment.run(
        *("clients", "create", "Order desk", "--kind", "native"),
        *("--redirect-uri", "http://127.0.0.1/callback"),
        *scopes,
    )
    return Application(shop, str(made["id"]), secrets.token_urlsafe(32))


def test_a_person_signs_up_with_a_link_by_mail(shop: Shop) -> None:
    with shop.visit() as page:
        page.goto(shop.url("/sign-in"))
        page.get_by_role("link", name="Create an account").click()
        page.get_by_label("Your name").fill("Ann")
        page.get_by_label("E-mail address").fill("ann.new@shop.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
        page.goto(shop.deployment.mailed_link("ann.new@shop.example"))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm and sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ann")
        page.get_by_role("button", name="Sign out").click()
        page.goto(shop.url("/account"))
        sign_in(page, shop.deployment, "ann.new@shop.example", PASSWORD)
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ann")


def test_a_second_factor_from_an_app(shop: Shop) -> None:
    shop.deployment.person("ben@shop.example", PASSWORD)
    with shop.signed_in("ben@shop.example") as page:
        page.goto(shop.url("/account/factors/add"))
        page.get_by_role("button", name="Set up an app").click()
        app = AuthenticatorApp(page)
        page.get_by_label("Code that the app shows now").fill(app.last_code())
        page.get_by_role("button", name="Confirm").click()
        kept = page.locator("ol.codes li").all_inner_texts()
        assert len(set(kept)) == 10
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_text("The new factor is ready.")).to_be_visible()
    with shop.visit() as page:
        sign_in(page, shop.deployment, "ben@shop.example", PASSWORD)
        page.get_by_label("Code from your authenticator app").fill(app.code())
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    with shop.visit() as page:
        sign_in(page, shop.deployment, "ben@shop.example", PASSWORD)
        page.get_by_role("link", name="Use a recovery code").click()
        page.get_by_label("Recovery code").fill(kept[0])
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")


def test_a_passkey_replaces_the_password(shop: Shop) -> None:
    shop.deployment.person("cid@shop.example", PASSWORD)
    with shop.signed_in("cid@shop.example") as page:
        with_authenticator(page)
        page.goto(shop.url("/account/factors/add"))
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_text("The new factor is ready.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.goto(shop.url("/sign-in"))
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/account")
        page.get_by_role("button", name="Sign out").click()
        # A passkey that the person has taken off opens nothing, though the device still has it.
        sign_in(page, shop.deployment, "cid@shop.example", PASSWORD)
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url("**/account")
        page.goto(shop.url("/account/factors"))
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("status")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.goto(shop.url("/sign-in"))
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert urlsplit(page.url).path == "/sign-in"


def test_consent_and_refusal(shop: Shop, application: Application) -> None:
    shop.deployment.person("dan@shop.example", PASSWORD)
    with shop.visit() as page:
        application.ask(page)
        sign_in(page, shop.deployment, "dan@shop.example", PASSWORD)
        expect(page.get_by_role("heading", level=1)).to_have_text("Allow Order desk?")
        expect(page.get_by_text("See your orders")).to_be_visible()
        page.get_by_role("button", name="Do not allow").click()
        refused = application.answer(page)
        assert refused["error"] == "access_denied"
        assert "code" not in refused
        application.ask(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        tokens = application.redeem(page)
        assert application.call(tokens["access_token"]) == 200
        # Any program on her machine could say that it is this one: she is asked each time.
        application.ask(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        assert application.redeem(page)["scope"] == tokens["scope"]


def test_access_that_is_ended_on_the_account_page_is_over_at_the_gateway(
    shop: Shop, application: Application
) -> None:
    shop.deployment.person("eli@shop.example", PASSWORD)
    with shop.signed_in("eli@shop.example") as page:
        application.ask(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        tokens = application.redeem(page)
        assert application.call(tokens["access_token"]) == 200
        page.goto(shop.url("/account/applications"))
        page.get_by_role("button", name="End access of Order desk").click()
        assert seconds_until_refused(shop.deployment, tokens["access_token"]) < BOUND_SECONDS
        expect(page.get_by_text("You have not allowed anything")).to_be_visible()
        again = application.post(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert again.json()["error"] == "invalid_grant"


def test_ending_the_session_of_another_browser(shop: Shop, application: Application) -> None:
    shop.deployment.person("fay@shop.example", PASSWORD)
    with shop.signed_in("fay@shop.example") as page, shop.signed_in("fay@shop.example") as other:
        application.ask(other)
        other.get_by_role("button", name="Allow", exact=True).click()
        token = application.redeem(other)["access_token"]
        assert application.call(token) == 200
        page.goto(shop.url("/account/sessions"))
        page.get_by_role("button", name="End all other sessions").click()
        assert seconds_until_refused(shop.deployment, token) < BOUND_SECONDS
        other.goto(shop.url("/account"))
        assert urlsplit(other.url).path == "/sign-in"
        page.goto(shop.url("/account"))
        assert urlsplit(page.url).path == "/account"


def test_signing_in_with_google(shop: Shop, application: Application) -> None:
    with shop.visit() as page:
        application.ask(page)
        _go_to_google(page, shop)
        page.get_by_role("link", name="Stop here").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You did not sign in")
        page.get_by_role("link", name="Back to sign-in").click()
        _go_to_google(page, shop)
        page.get_by_role("link", name="I am Ann").click()
        expect(page.get_by_text("ann@shop.example")).to_be_visible()
        page.get_by_role("button", name="Create the account").click()
        # And on with what the application had asked for.
        page.get_by_role("button", name="Allow", exact=True).click()
        assert application.call(application.redeem(page)["access_token"]) == 200


def _go_to_google(page: Page, shop: Shop) -> None:
    page.get_by_role("link", name="Sign in with Google").click()
    expect(page.get_by_text("Your e-mail address there")).to_be_visible()
    page.get_by_role("button", name="Continue to Google").click()
    page.wait_for_url(f"{shop.google}/interaction/*")


def test_signing_out_because_an_application_asks(shop: Shop, application: Application) -> None:
    shop.deployment.person("gus@shop.example", PASSWORD)
    with shop.signed_in("gus@shop.example") as page:
        # A link of anybody only asks.
        page.goto(shop.url("/oauth/logout"))
        page.get_by_role("link", name="Stay signed in").click()
        page.wait_for_url("**/account")
        page.goto(shop.url(f"/oauth/logout?client_id={application.client_id}"))
        expect(page.get_by_text("Order desk")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        page.goto(shop.url("/account"))
        assert urlsplit(page.url).path == "/sign-in"


def test_an_application_with_its_id_token_signs_out_at_once(
    shop: Shop, application: Application
) -> None:
    shop.deployment.person("hal@shop.example", PASSWORD)
    with shop.signed_in("hal@shop.example") as page:
        application.ask(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        tokens = application.redeem(page)
        page.goto(shop.url(f"/oauth/logout?{urlencode({'id_token_hint': tokens['id_token']})}"))
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        page.goto(shop.url("/account"))
        assert urlsplit(page.url).path == "/sign-in"
