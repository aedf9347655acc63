"""Signing in with an independent provider, dressed like Google, through the real gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from tests.support.gateway import free_port
from tests.support.npm_provider import google_settings, running_google
from tests.support.provider import form_of
from tests.support.signing_in import Deployment, deploy

_PASSWORD = "seven kind otters paint clouds"


@dataclass
class Visit:
    """A person at a browser."""

    deployment: Deployment
    browser: httpx2.Client

    def press(self, page: httpx2.Response, *, index: int = 0, **values: str) -> httpx2.Response:
        """Send a form of a page of ours."""
        assert page.status_code == 200, page.text
        action, fields = form_of(page.text, index=index)
        headers = {"origin": self.deployment.issuer}
        return self.browser.post(action, data={**fields, **values}, headers=headers)

    def go(self, answer: httpx2.Response, *, who: str | None = None) -> httpx2.Response:
        """Follow redirects until a page is shown; at the provider, be `who`, or nobody."""
        for _ in range(12):
            if answer.status_code not in (302, 303):
                return answer
            url = str(answer.next_request.url) if answer.next_request is not None else ""
            if "/interaction/" in url and who is not None:
                url += f"?as={who}"
            answer = self.browser.get(url)
        raise AssertionError("too many redirects")

    def with_google(self, who: str | None) -> httpx2.Response:
        """Press the button on the sign-in page; the page where that ends."""
        page = self.browser.get("/sign-in")
        assert 'href="/sign-in/with/google"' in page.text
        asked = self.browser.get("/sign-in/with/google")
        assert "Your e-mail address there" in asked.text
        return self.go(self.press(asked), who=who)


@pytest.fixture(scope="module", params=[True, False], ids=["id-token", "userinfo"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A deployment that people can sign in to with Google."""
    folder, port = tmp_path_factory.mktemp("google"), free_port()
    providers = google_settings(folder, port)
    with ExitStack() as stack:
        deployment = deploy(folder, stack, workers=1, identity=providers)
        stack.enter_context(running_google(deployment, port, in_id_token=request.param))
        yield deployment


@pytest.fixture
def visit(shop: Deployment) -> Iterator[Visit]:
    """A browser that nobody has used."""
    with shop.http() as browser:
        yield Visit(shop, browser)


def test_a_person_signs_up_and_signs_in_again(shop: Deployment, visit: Visit) -> None:
    page = visit.with_google("ann")
    assert "Create an account" in page.text
    assert "ann@shop.example" in page.text
    account = visit.go(visit.press(page, answer="yes"))
    assert account.url.path == "/account"
    assert "Ann Example" in account.text
    with shop.http() as another:
        again = Visit(shop, another).with_google("ann")
        assert again.url.path == "/account"
    people = [user["email"] for user in shop.run("users", "list")]
    assert people.count("ann@shop.example") == 1


def test_who_stops_at_google_is_told_so_calmly(visit: Visit) -> None:
    page = visit.with_google(None)
    assert page.status_code == 200
    assert "You did not sign in" in page.text
    assert visit.browser.get("/account").status_code == 303


def test_an_account_with_that_address_is_proved_before_it_is_linked(
    shop: Deployment, visit: Visit
) -> None:
    shop.person("bob@shop.example", _PASSWORD)
    refused = visit.with_google("bob")
    assert refused.status_code == 403  # His address is not confirmed over there.
    assert "does not confirm your e-mail address" in refused.text
    visit.browser.cookies.clear()
    page = visit.browser.get("/sign-in")
    account = visit.go(visit.press(page, email="bob@shop.example", password=_PASSWORD))
    assert account.url.path == "/account"
    connections = visit.browser.get("/account/connections")
    forms = connections.text.split("<form")[1:]
    place = next(number for number, form in enumerate(forms) if "Connect Google" in form)
    asked = visit.go(visit.press(connections, index=place))
    assert "Connect Google" in asked.text
    done = visit.go(visit.press(asked), who="bob")
    assert "It is connected" in done.text
    with shop.http() as another:
        assert Visit(shop, another).with_google("bob").url.path == "/account"
