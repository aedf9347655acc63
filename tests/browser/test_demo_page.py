"""`make run` as a person uses it: a password, the shop's page, a sign-in, and a stolen token."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.support.bookshop import chromium
from tests.support.demo import needs_installation, running_demo

PASSWORD = "seven quiet otters by the weir"

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed"),
    needs_installation,
]


@pytest.fixture(scope="module")
def printed() -> Iterator[str]:
    """What the running demo has printed."""
    with running_demo() as (_, lines):
        yield lines


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of Chromium that takes the demo's certificate, as a person would."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=flags) as browser,
        browser.new_context(ignore_https_errors=True) as context,
    ):
        yield context.new_page()


def test_a_person_signs_in_and_her_stolen_token_is_worthless(printed: str, page: Page) -> None:
    link = re.search(r"choose a password: (\S+)", printed)
    origin = re.search(r"then open: +(\S+)", printed)
    assert link is not None, printed
    assert origin is not None, printed
    page.goto(link[1])
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")

    page.goto(origin[1])
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#books")).to_have_attribute("data-status", "401")

    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The bookshop's page")
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.locator("#who")).to_contain_text("Ada")
    assert "code=" not in page.url

    page.get_by_role("button", name="Search").click()
    expect(page.locator("#books")).to_have_attribute("data-status", "200")
    page.get_by_role("button", name="Use it as a bearer token").click()
    page.get_by_role("button", name="Use it with another key").click()
    page.get_by_role("button", name="Send one proof twice").click()
    outcome = page.locator("#outcome li")
    expect(outcome).to_have_count(4)
    statuses = [outcome.nth(index).get_attribute("data-status") for index in range(4)]
    assert statuses == ["401", "401", "200", "401"]

    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#who")).to_have_text("Nobody is signed in.")
