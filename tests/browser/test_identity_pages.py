"""Every page of the provider in every state, as Chromium shows it: axe-core finds nothing."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page
from tests.support import accessibility
from tests.support.browsing import (
    PASSWORD,
    AuthenticatorApp,
    Visited,
    needs_chromium,
    sign_in,
    trusting_browser,
    with_authenticator,
)
from tests.support.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider
from tests.support.signing_in import deploy

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff" * 2
SCOPES = ("openid", "profile", "email", "offline_access", "orders:read", "orders:write")

pytestmark = needs_chromium


@dataclass(frozen=True)
class Site(Visited):
    """A deployment, a browser, and another provider that people can sign in with."""

    google: OpenIDProvider

    @contextmanager
    def visit(self, *, scripts: bool = True) -> Iterator[Page]:
        """A page in a browser that nobody has used; whatever its policy blocks is a failure."""
        with super().visit(scripts=scripts) as page:
            yield watched(page)

    def sign_up(self, page: Page, address: str) -> None:
        """Make an account on the pages, with its address confirmed by mail."""
        page.goto(self.url("/sign-up"))
        page.get_by_label("Your name").fill("Lea")
        page.get_by_label("E-mail address").fill(address)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        page.goto(self.deployment.mailed_link(address))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm and sign in").click()
        page.wait_for_url("**/account")

    def at_google(self, page: Page) -> None:
        """Go to the other provider, agree there and come back."""
        page.goto(self.url("/sign-in/with/google"))
        self.agree(page)

    def agree(self, page: Page) -> None:
        """From our page about the other provider, and back."""
        page.get_by_role("button", name="Continue to Google").click()
        page.wait_for_url(f"{self.google.issuer}/**")
        page.goto(self.google.approve(page.url))

    def client(self, kind: str, name: str, *arguments: str) -> str:
        """An application that may ask for everything; its id."""
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        made = self.deployment.run("clients", "create", name, "--kind", kind, *scopes, *arguments)
        return str(made["id"])

    def asks(self, client: str, **changes: str) -> str:
        """Where an application sends the browser."""
        parameters = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": f"{self.deployment.upstream.url}/callback",
            "scope": " ".join(SCOPES),
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
            "state": "s",
        }
        return self.url(f"/oauth/authorize?{urlencode(parameters | changes)}")

    def change(self, statement: str, *values: str) -> None:
        """Change something that only time or another program can."""
        with closing(sqlite3.connect(self.deployment.folder / "var/identity.db")) as database:
            database.execute(statement, values)
            database.commit()


def watched(page: Page) -> Page:
    """A page that fails the test when its policy blocks something or a script breaks."""
    page.on("console", lambda message: _refuse(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: _refuse(str(error)))
    return page


def _refuse(text: str) -> None:
    # Chromium also reports each answer with a status of an error here: those are meant.
    if not text.startswith("Failed to load resource: the server responded with a status of 4"):
        raise AssertionError(text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole of it, for the module."""
    accessibility.axe_source()
    folder = tmp_path_factory.mktemp("pages")
    (folder / "google.secret").write_text(f"{CLIENT_SECRET}\n")
    with ExitStack() as stack:
        google = stack.enter_context(OpenIDProvider("google").running())
        google.clock = time.time
        providers = (
            "  providers:\n    google: {label: Google, insecure_http: true, "
            f"issuer: '{google.issuer}', client_id: {CLIENT_ID}, client_secret: google.secret}}\n"
        )
        deployment = deploy(folder, stack, workers=1, identity=providers)
        yield Site(deployment, stack.enter_context(trusting_browser(deployment)), google)


def test_signing_in(site: Site) -> None:
    site.deployment.person("ada@shop.example", PASSWORD)
    with site.visit() as page:
        page.goto(site.url("/sign-in"))
        accessibility.judge(page, "sign-in")
        sign_in(page, site.deployment, "ada@shop.example", "not that one at all")
        page.get_by_role("alert").filter(visible=True).wait_for()
        accessibility.judge(page, "sign-in, wrong password")
        page.goto(site.url("/account/reset"))
        accessibility.judge(page, "reset")
        before = len(site.deployment.mails())
        page.get_by_label("E-mail address").fill("ada@shop.example")
        page.get_by_role("button", name="Send the link").click()
        page.get_by_text("Nothing there").wait_for()
        accessibility.judge(page, "reset, look into your mail")
        page.goto(site.deployment.mailed_link("ada@shop.example", after=before))
        accessibility.judge(page, "reset, choose")
        page.get_by_label("New password").fill("short")
        page.get_by_role("button", name="Save and sign in").click()
        page.locator(".error").wait_for()
        accessibility.judge(page, "reset, choose, too short")


def test_signing_up(site: Site) -> None:
    with site.visit() as page:
        page.goto(site.url("/sign-up"))
        accessibility.judge(page, "sign-up")
        page.get_by_label("Your name").fill("Bea")
        page.get_by_label("E-mail address").fill("bea@shop")
        page.get_by_label("Password").fill("password")
        page.get_by_role("button", name="Create the account").click()
        page.locator(".error").first.wait_for()
        accessibility.judge(page, "sign-up with errors")
        page.get_by_label("E-mail address").fill("bea@shop.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        page.get_by_text("Nothing there").wait_for()
        accessibility.judge(page, "sign-up, look into your mail")
        page.goto(site.deployment.mailed_link("bea@shop.example"))
        accessibility.judge(page, "sign-up, confirm")
        page.get_by_label("Password").fill("not what I have chosen")
        page.get_by_role("button", name="Confirm and sign in").click()
        page.get_by_role("alert").wait_for()
        accessibility.judge(page, "sign-up, confirm, wrong password")


def test_pages_of_an_account(site: Site) -> None:
    name = f"Cleo {LONG_NAME}"[:90]
    site.deployment.person("cleo@shop.example", PASSWORD, role="reader", name=name)
    with site.signed_in("cleo@shop.example") as page, site.signed_in("cleo@shop.example"):
        for path in (
            "",
            "/security",
            "/factors",
            "/factors/add",
            "/sessions",
            "/applications",
            "/activity",
            "/connections",
            "/password",
            "/email",
            "/delete",
        ):
            page.goto(site.url(f"/account{path}"))
            assert urlsplit(page.url).path == f"/account{path}"
            accessibility.judge(page, f"account{path}")


def test_errors_on_pages_of_an_account(site: Site) -> None:
    site.deployment.person("dora@shop.example", PASSWORD)
    with site.signed_in("dora@shop.example") as page:
        page.goto(site.url("/account/password"))
        page.get_by_label("Your password now").fill("not my password at all")
        page.get_by_label("New password").fill("short")
        page.get_by_role("button", name="Save the password").click()
        page.locator(".error").first.wait_for()
        accessibility.judge(page, "password, with errors")
        page.goto(site.url("/account/email"))
        page.get_by_label("New e-mail address").fill("dora@nowhere")
        page.get_by_role("button", name="Send the link").click()
        page.locator(".error").wait_for()
        accessibility.judge(page, "email, with an error")
        page.get_by_label("New e-mail address").fill("dora.new@shop.example")
        page.get_by_role("button", name="Send the link").click()
        page.goto(site.deployment.mailed_link("dora.new@shop.example"))
        accessibility.judge(page, "email, confirm")
        page.get_by_role("button", name="Change the address").click()
        page.get_by_role("status").wait_for()
        accessibility.judge(page, "account, address changed")
        page.goto(site.url("/account/delete"))
        site.change("UPDATE sessions SET authenticated = authenticated - 3600")
        page.get_by_label("I am sure").check()
        page.get_by_role("button", name="Delete the account").click()
        page.get_by_role("heading", name="Confirm that it is you").wait_for()
        accessibility.judge(page, "confirm yourself")
        page.goto(site.url("/account/delete"))
        accessibility.judge(page, "sign-in, again")


def test_second_factors(site: Site) -> None:
    site.deployment.person("eve@shop.example", PASSWORD)
    with site.signed_in("eve@shop.example") as page:
        with_authenticator(page)
        page.goto(site.url("/account/factors/add"))
        page.get_by_role("button", name="Set up an app").click()
        app = AuthenticatorApp(page)
        accessibility.judge(page, "authenticator app, with its picture")
        page.get_by_label("Code that the app shows now").fill("000000")
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("alert").wait_for()
        accessibility.judge(page, "authenticator app, wrong code")
        page.get_by_label("Code that the app shows now").fill(app.last_code())
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", name="Your recovery codes").wait_for()
        accessibility.judge(page, "recovery codes")
        page.get_by_role("link", name="I have kept them").click()
        accessibility.judge(page, "factors, app added")
        page.get_by_text("Rename").click()
        accessibility.judge(page, "factors, renaming")
        page.goto(site.url("/account/factors/add"))
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/account/factors?done=added")
        accessibility.judge(page, "factors, two of them")
        page.goto(site.url("/account/security"))
        accessibility.judge(page, "security, with factors")
    with site.visit() as page:
        with_authenticator(page)
        sign_in(page, site.deployment, "eve@shop.example", PASSWORD)
        page.wait_for_url("**/sign-in/second?*")
        accessibility.judge(page, "second step")
        page.get_by_label("Code from your authenticator app").fill("000000")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("alert").filter(visible=True).wait_for()
        accessibility.judge(page, "second step, wrong code")
        page.get_by_role("button", name="Use a passkey").click()
        page.locator("[data-passkey] [role=alert]").filter(visible=True).wait_for()
        accessibility.judge(page, "second step, no such passkey")
        page.get_by_role("link", name="Use a recovery code").click()
        accessibility.judge(page, "recovery")
        page.get_by_label("Recovery code").fill("wrong")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("alert").wait_for()
        accessibility.judge(page, "recovery, wrong code")


def test_the_first_administrator(site: Site) -> None:
    written = site.deployment.gateway.wait_for_error("/first-administrator?ticket=")
    (link,) = set(re.findall(r"https://\S+/first-administrator\?ticket=\S+", written))
    with site.visit() as page:
        page.goto(link)
        accessibility.judge(page, "first administrator")
        page.get_by_label("Your name").fill("Fay")
        page.get_by_label("E-mail address").fill("fay@shop")
        page.get_by_label("Password").fill("password")
        page.get_by_role("button", name="Create the account").click()
        page.locator(".error").first.wait_for()
        accessibility.judge(page, "first administrator, errors")
        page.get_by_label("E-mail address").fill("fay@shop.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        page.wait_for_url("**/sign-in/enrol?*")
        accessibility.judge(page, "enrol")
        page.get_by_role("button", name="Set up an app").click()
        page.get_by_role("heading", name="Set up").wait_for()
        accessibility.judge(page, "enrol, app")
        page.goto(link)
        page.get_by_role("heading", name="does not work").wait_for()
        accessibility.judge(page, "first administrator, again")


def test_consent(site: Site) -> None:
    site.deployment.person("gia@shop.example", PASSWORD)
    callback = ("--redirect-uri", "http://127.0.0.1/callback")
    known = site.client("native", "Orders on the phone", *callback)
    unknown = site.client("native", LONG_NAME, *callback)
    site.change("UPDATE clients SET registered_by = 'dynamic' WHERE id = ?", unknown)
    with site.signed_in("gia@shop.example") as page:
        page.goto(site.asks(known))
        page.get_by_role("button", name="Allow", exact=True).wait_for()
        accessibility.judge(page, "consent")
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url("**/callback?*")
        page.goto(site.asks(unknown))
        accessibility.judge(page, "consent, unknown application")
        page.goto(site.asks(unknown, scope="nonsense"))
        page.get_by_role("heading", name="Nothing was allowed").wait_for()
        accessibility.judge(page, "authorize stopped")
        page.goto(site.url("/account/applications"))
        accessibility.judge(page, "applications, with one")
        page.goto(site.url(f"/oauth/logout?client_id={known}"))
        accessibility.judge(page, "logout, confirm")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="signed out").wait_for()
        accessibility.judge(page, "logout, done")
        page.goto(site.asks(known, prompt="login"))
        accessibility.judge(page, "sign-in for an application")


def test_devices(site: Site) -> None:
    site.deployment.person("hal@shop.example", PASSWORD)
    client = site.client("native", "Television", "--redirect-uri", "http://127.0.0.1/callback")
    with site.deployment.http() as http:
        asked = http.post("/oauth/device_authorization", data={"client_id": client}).json()
    with site.signed_in("hal@shop.example") as page:
        page.goto(site.url("/oauth/device"))
        accessibility.judge(page, "device")
        page.get_by_label("Code").fill("BBBB-BBBB")
        page.get_by_role("button", name="Continue").click()
        page.locator(".error").wait_for()
        accessibility.judge(page, "device, wrong code")
        page.get_by_label("Code").fill(asked["user_code"])
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Connect this device?").wait_for()
        accessibility.judge(page, "device, confirm")
        page.get_by_role("button", name="Connect it", exact=True).click()
        page.get_by_role("heading", name="The device is connected").wait_for()
        accessibility.judge(page, "device, connected")


def test_another_provider(site: Site) -> None:
    with site.visit() as page:
        page.goto(site.url("/sign-in/with/google"))
        accessibility.judge(page, "another provider")
        page.get_by_role("button", name="Continue to Google").click()
        page.wait_for_url(f"{site.google.issuer}/**")
        page.goto(site.google.deny(page.url))
        accessibility.judge(page, "another provider, denied")
        site.google.person |= {"sub": "ida", "email": "ida@shop.example"}
        site.at_google(page)
        accessibility.judge(page, "another provider, new account")
        page.get_by_role("button", name="Create the account").click()
        page.wait_for_url("**/account")
        page.goto(site.url("/account/connections"))
        accessibility.judge(page, "connections, with one")
        page.goto(site.url("/sign-in/callback/google?state=nonsense"))
        accessibility.judge(page, "another provider, out of step")


def test_another_provider_and_an_account_that_is_there(site: Site) -> None:
    with site.visit() as page:
        site.sign_up(page, "jan@shop.example")
    site.google.person |= {"sub": "jan", "email": "jan@shop.example"}
    with site.visit() as page:
        site.at_google(page)
        accessibility.judge(page, "another provider, prove your account")
        page.get_by_role("link", name="Sign in to your account").click()
        sign_in(page, site.deployment, "jan@shop.example", PASSWORD)
        page.get_by_role("button", name="Connect Google").wait_for()
        accessibility.judge(page, "another provider, connect")
    site.deployment.run("users", "create", "kim@shop.example", "--name", "Kim")
    site.google.person |= {"sub": "kim", "email": "kim@shop.example"}
    with site.visit() as page:
        site.at_google(page)
        page.get_by_role("button", name="Take it over").wait_for()
        accessibility.judge(page, "another provider, take over")


def test_errors(site: Site) -> None:
    with site.visit() as page:
        for path in (
            "/sign-in?flow=nonsense",
            "/sign-up/confirm?ticket=nonsense",
            "/account/reset/choose?ticket=nonsense",
            "/account/email/confirm?ticket=nonsense",
            "/oauth/authorize",
            "/oauth/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example",
            "/sign-in?a=1&a=2",
        ):
            page.goto(site.url(path))
            accessibility.judge(page, f"error at {path}")


def test_without_script_everything_but_passkeys_works(site: Site) -> None:
    with site.visit(scripts=False) as page:
        site.sign_up(page, "lea@shop.example")
        page.goto(site.url("/account/factors/add"))
        assert not page.get_by_role("button", name="Add a passkey").is_visible()
        assert page.get_by_text("allow this site to run scripts").is_visible()
        page.get_by_role("button", name="Set up an app").click()
        app = AuthenticatorApp(page)
        page.get_by_label("Code that the app shows now").fill(app.last_code())
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("link", name="I have kept them").click()
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, site.deployment, "lea@shop.example", PASSWORD)
        page.get_by_label("Code from your authenticator app").fill(app.code())
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/account")


def test_with_the_keyboard_alone(site: Site) -> None:
    site.deployment.person("mia@shop.example", PASSWORD)
    with site.visit() as page:
        page.goto(site.url("/sign-in"))
        # The page begins where people type first.
        assert _focused(page) == "email"
        page.keyboard.type("mia@shop.example")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/account")
        page.keyboard.press("Tab")
        assert _focused(page) == "Skip to the content"
        order = [_press_tab(page) for _ in range(6)]
        assert order == [
            "Overview",
            "Security",
            "Sessions",
            "Applications",
            "Activity",
            "Sign out",
        ]


def test_all_that_takes_the_focus_shows_it(site: Site) -> None:
    site.deployment.person("nia@shop.example", PASSWORD)
    with site.signed_in("nia@shop.example") as page:
        for path in ("/account", "/account/sessions", "/account/factors/add", "/sign-in"):
            page.goto(site.url(path))
            count = page.locator("a[href], button:visible, input:visible").count()
            for _ in range(count):
                assert _press_tab(page)
                style = "getComputedStyle(document.activeElement)"
                ring = f"[{style}.outlineStyle, parseFloat({style}.outlineWidth)]"
                assert page.evaluate(ring) == ["solid", 3], _focused(page)


def _press_tab(page: Page) -> str:
    page.keyboard.press("Tab")
    return _focused(page)


def _focused(page: Page) -> str:
    words: str = page.evaluate(
        "() => { const it = document.activeElement;"
        " return (it.id || it.textContent || it.getAttribute('aria-label') || '').trim(); }"
    )
    return words
