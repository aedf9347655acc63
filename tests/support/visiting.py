"""A person at a browser without script: signs in, reads what is asked, and agrees or does not."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from tests.support.signing_in import Deployment, submit
from tests.support.waiting import eventually

PASSWORD = "seven kind otters paint clouds"
_STEP_SECONDS = 30
_MOST_PAGES = 16


@dataclass
class Visitor:
    """One person with one browser."""

    deployment: Deployment
    browser: httpx2.Client
    address: str
    seed: bytes = b""
    """Of the authenticator application, where there is one."""
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
            values = self._answers(answer.text, decision)
            if values is None:
                return answer.text
            answer = submit(self.browser, self.deployment.issuer, answer.text, **values)
        raise AssertionError("too many pages")

    def _answers(self, html: str, decision: str) -> dict[str, str] | None:
        """What the person fills into a page; None where there is nothing to fill in."""
        if 'name="password"' in html:
            return {"email": self.address, "password": PASSWORD}
        if 'name="code"' in html:
            return {"code": self.code()}
        if 'name="decision"' in html:
            return {"decision": decision}
        if 'name="user_code"' in html or ">Sign out<" in html:
            return {}
        return None

    def add_authenticator(self) -> None:
        """Sign in and set up an authenticator application; the present code is used then."""
        page = self.visit(f"{self.deployment.issuer}/account/factors/add")
        forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
        (place,) = [form for form in forms if "/account/factors/totp" in form]
        page = submit(self.browser, self.deployment.issuer, place).text
        words = re.search(r'<span class="code">([A-Z2-7 ]+)</span>', page)
        assert words is not None, page
        self.seed = base64.b32decode(words[1].replace(" ", ""))
        done = submit(self.browser, self.deployment.issuer, page, code=self.code())
        assert done.status_code == 200, done.text
        assert "recovery codes" in done.text

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
    # The new password ended every token that was issued until now, and tokens tell whole seconds.
    second = int(time.time())
    eventually(lambda: time.time() >= second + 1, "the next second")
    with deployment.http() as browser:
        yield Visitor(deployment, browser, address)
