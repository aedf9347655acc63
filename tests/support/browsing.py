"""Chromium in front of a deployment: it trusts the deployment's certificate, as a browser would.

WebAuthn refuses pages whose certificate was only clicked away; a certificate whose key is named at
the start of the browser counts as good.
"""

from __future__ import annotations

import base64
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from tests.support.bookshop import chromium
from tests.support.signing_in import Deployment
from tests.support.waiting import eventually

from vallum.identity.people.totp import STEP_SECONDS, code_at, step_at

needs_chromium = pytest.mark.skipif(chromium() is None, reason="chromium is not installed")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
)
_SPARE_SECONDS = 8
_PATIENCE = 15_000
PASSWORD = "seven quiet otters by the weir"
"""Of everybody who visits."""


@contextmanager
def trusting_browser(deployment: Deployment) -> Iterator[Browser]:
    """A browser that takes the certificate of `deployment`, and no other bad one."""
    pin = f"--ignore-certificate-errors-spki-list={_key_hash(deployment.issuer)}"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=[*_FLAGS, pin]) as browser,
    ):
        yield browser


def _key_hash(issuer: str) -> str:
    url = urlsplit(issuer)
    assert url.hostname is not None
    assert url.port is not None
    pem = ssl.get_server_certificate((url.hostname, url.port))
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(sha256(spki).digest()).decode()


def with_authenticator(page: Page) -> CDPSession:
    """Give the page a device that has passkeys and says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def sign_in(page: Page, deployment: Deployment, address: str, password: str) -> None:
    """Type address and password on the sign-in page and send them."""
    if urlsplit(page.url).path != "/sign-in":
        page.goto(f"{deployment.issuer}/sign-in")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@dataclass(frozen=True)
class Visited:
    """A deployment, and a browser in front of it."""

    deployment: Deployment
    browser: Browser

    def url(self, path: str) -> str:
        """Of a page of the provider."""
        return f"{self.deployment.issuer}{path}"

    @contextmanager
    def visit(self, *, scripts: bool = True) -> Iterator[Page]:
        """A page in a browser that nobody has used."""
        with self.browser.new_context(java_script_enabled=scripts) as context:
            context.set_default_timeout(_PATIENCE)
            yield context.new_page()

    @contextmanager
    def signed_in(self, address: str) -> Iterator[Page]:
        """The same, once somebody has signed in there with a password."""
        with self.visit() as page:
            sign_in(page, self.deployment, address, PASSWORD)
            page.wait_for_url("**/account")
            yield page


class AuthenticatorApp:
    """An application that shows codes; it reads the key that the page shows."""

    def __init__(self, page: Page) -> None:
        words = page.locator("main .code").first.inner_text()
        text = re.sub(r"\s", "", words)
        self._seed = base64.b32decode(text + "=" * (-len(text) % 8))

    def last_code(self) -> str:
        """The code before the one that it shows: typed slowly. It leaves the next one unused."""
        # Not at the end of a step, when the code would be too old a moment later.
        eventually(
            lambda: time.time() % STEP_SECONDS < STEP_SECONDS - _SPARE_SECONDS,
            "a step of the codes with time left",
        )
        return code_at(self._seed, step_at(time.time()) - 1)

    def code(self) -> str:
        """The code that it shows."""
        return code_at(self._seed, step_at(time.time()))
