"""Browsers at the provider's authorization endpoint, and the applications that send them there."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient
from tests.support.oauth import REDIRECT, SignedInPerson
from tests.support.provider import ISSUER, Provider, submit

from vallum.identity.web.cookies import SESSION
from vallum.tokens.thumbprint import base64url_digest

AUTHORIZE = "/oauth/authorize"


def new_verifier() -> str:
    """Of PKCE; a new one for each request, as it must be."""
    return secrets.token_urlsafe(32)


def request_for(client_id: str, **changes: str | None) -> dict[str, str]:
    """A good authorization request; None in `changes` leaves a parameter out."""
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT,
        "scope": "openid orders:read",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": base64url_digest(new_verifier().encode()),
        "code_challenge_method": "S256",
    }
    return {key: value for key, value in (parameters | changes).items() if value is not None}


def browser_with(provider: Provider, person: SignedInPerson) -> TestClient:
    """A browser in which somebody is signed in."""
    browser = provider.browser()
    browser.cookies.set(SESSION, person.cookie, domain=urlsplit(ISSUER).netloc)
    return browser


def ask(browser: TestClient, parameters: dict[str, str]) -> Any:
    """Send a browser to the authorization endpoint and on to the page or application it leads to.

    Redirects within the provider are followed; one to an application is the answer.
    """
    return onward(browser, browser.get(AUTHORIZE, params=parameters))


def onward(browser: TestClient, answer: Any) -> Any:
    """Follow redirects within the provider."""
    for _ in range(10):
        location = answer.headers.get("location", "")
        if not location.startswith("/"):
            return answer
        answer = browser.get(location)
    raise AssertionError("it goes round in circles")


def approve(browser: TestClient, page: Any) -> Any:
    """Press “Allow” on the consent page."""
    assert page.status_code == 200, page.text
    return onward(browser, submit(browser, page.text, decision="allow"))


def sent_to(answer: Any) -> tuple[str, dict[str, str]]:
    """Where a redirect to an application leads, and the answer in its query."""
    assert answer.status_code == 303, answer.text
    uri, _, query = answer.headers["location"].partition("?")
    found = parse_qs(query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values()), query
    return uri, {name: values[0] for name, values in found.items()}


def is_page(answer: Any, status: int = 400) -> bool:
    """Whether an answer is a page of the provider that leads nowhere by itself."""
    return answer.status_code == status and "location" not in answer.headers
