"""Second factors in Chromium with a virtual authenticator, in front of a whole deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browsing import (
    AuthenticatorApp,
    needs_chromium,
    sign_in,
    trusting_browser,
    with_authenticator,
)
from tests.support.signing_in import Deployment

PASSWORD = "seven kind otters paint clouds"

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def _browser(deployment: Deployment) -> Iterator[Browser]:
    with trusting_browser(deployment) as browser:
        yield browser


@pytest.fixture
def page(_browser: Browser) -> Iterator[Page]:
    """A page of a browser that nobody has used; errors in the console fail the test."""
    with _browser.new_context() as context, context.new_page() as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text) if "Content Security" in message.text else None
            ),
        )
        yield page
        assert problems == []


def signs_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def test_the_first_administrator_adds_a_passkey_and_signs_in_with_nothing_else(
    deployment: Deployment, page: Page
) -> None:
    link = re.search(r"open once: (\S+)", deployment.gateway.errors)
    assert link is not None
    with_authenticator(page)
    page.goto(link[1])
    page.get_by_label("Your name").fill("Root")
    page.get_by_label("E-mail address").fill("root@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a second factor")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Root")
    expect(page.get_by_text("admin")).to_be_visible()
    signs_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Root")
    assert page.goto(link[1]).status == 403  # type: ignore[union-attr]


def test_an_app_is_set_up_and_asked_for_and_so_is_a_recovery_code(
    deployment: Deployment, page: Page
) -> None:
    deployment.person("ann@example.org", PASSWORD)
    sign_in(page, deployment, "ann@example.org", PASSWORD)
    page.goto(f"{deployment.issuer}/account/factors/add")
    page.get_by_role("button", name="Set up an app").click()
    expect(page.get_by_role("img")).to_be_visible()
    assert page.get_by_role("img").evaluate("image => image.naturalWidth") > 0
    app = AuthenticatorApp(page)
    page.get_by_label("Code that the app shows now").fill(app.last_code())
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("ol.codes li").all_inner_texts()
    assert len(set(codes)) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("status")).to_have_text("The new factor is ready.")
    signs_out(page)

    sign_in(page, deployment, "ann@example.org", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("Code from your authenticator app").fill(app.code())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    signs_out(page)

    sign_in(page, deployment, "ann@example.org", PASSWORD)
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[3])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")


def test_a_passkey_is_the_second_step_and_a_cancelled_one_is_told(
    deployment: Deployment, page: Page
) -> None:
    deployment.person("bob@example.org", PASSWORD, name="Bob")
    with_authenticator(page)
    sign_in(page, deployment, "bob@example.org", PASSWORD)
    page.goto(f"{deployment.issuer}/account/factors/add")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status")).to_have_text("The new factor is ready.")
    page.goto(f"{deployment.issuer}/account/factors/add")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("This device has a passkey for you already.")
    signs_out(page)

    sign_in(page, deployment, "bob@example.org", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bob")
    signs_out(page)

    sign_in(page, deployment, "bob@example.org", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.evaluate(
        """() => {
            const error = new DOMException("", "NotAllowedError");
            navigator.credentials.get = () => Promise.reject(error);
        }"""
    )
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done")
