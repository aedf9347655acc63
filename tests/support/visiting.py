"""A person at a browser without script: signs in, reads what is asked, and agrees or does not."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

import httpx2
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from tests.support.signing_in import Deployment, submit
from tests.support.waiting import eventually

PASSWORD = "seven kind otters paint clouds"
_STEP_SECONDS = 30
_MOST_PAGES = 16
_SENT_AS_THEY_ARE = ('name="user_code"', '"/oauth/logout/confirm"', '"/account/factors/totp"')


@dataclass
class Visitor:
    """One person with one browser."""

    deployment: Deployment
    browser: httpx2.Client
    address: str
    seed: bytes = b""
    """Of the authenticator application, once one was demanded."""
    last_step: int = 0

    def visit(self, url: str, *, decision: str = "allow") -> str:
        """Open a link of an application and answer what the pages ask; where that ends.

        Args:
            url: of the provider.
            decision: to consent, and to connecting a device.

        Returns:
            Where the browser was sent outside of the provider, or the last page's text.
        """
        answer = self.browser.get(url)
        for _ in range(_MOST_PAGES):
            location = answer.headers.get("location")
            if location is not None:
                target = urljoin(str(answer.url), location)
                if not target.startswith(f"{self.deployment.issuer}/"):
                    return target
                answer = self.browser.get(target)
                continue
            assert answer.status_code == 200, answer.text
            kept = re.search(r'href="([^"]+)">I have kept them', answer.text)
            if kept is not None:
                answer = self.browser.get(unescape(kept[1]))
                continue
            filled = self._fill(answer.text, decision)
            if filled is None:
                return answer.text
            answer = submit(self.browser, self.deployment.issuer, filled[0], **filled[1])
        raise AssertionError("too many pages")

    def _fill(self, html: str, decision: str) -> tuple[str, dict[str, str]] | None:
        """The form that the person sends, and what she fills in; None where there is none."""
        shown = re.search(r'<span class="code">([A-Z2-7 ]+)</span>', html)
        if shown is not None:
            self.seed = base64.b32decode(shown[1].replace(" ", ""))
        for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
            if 'name="password"' in form:
                return form, {"email": self.address, "password": PASSWORD}
            if 'name="code"' in form:
                return form, {"code": self.code()}
            if 'name="decision"' in form:
                return form, {"decision": decision}
            if any(mark in form for mark in _SENT_AS_THEY_ARE):
                return form, {}
        return None

    def code(self) -> str:
        """A code that was not used yet; the first two codes come without a wait.

        RFC 6238 §5.2: the provider takes the present step and the one before it, each once.
        """
        assert self.seed
        now = int(time.time() // _STEP_SECONDS)
        self.last_step = max(self.last_step + 1, now - 1)
        eventually(lambda: self.last_step <= time.time() // _STEP_SECONDS, "the next code", 40.0)
        return HOTP(self.seed, 6, SHA1()).generate(self.last_step).decode()  # noqa: S303  RFC 6238


@contextmanager
def visitor(deployment: Deployment, address: str, *, role: str = "") -> Iterator[Visitor]:
    """A new account and its owner at a browser that nobody has used."""
    deployment.person(address, PASSWORD, role=role)
    with deployment.http() as browser:
        yield Visitor(deployment, browser, address)
