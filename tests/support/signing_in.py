"""A whole deployment that people sign in to: gateway, provider, an API behind both, over TLS."""

from __future__ import annotations

import email
import email.policy
import json
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.gateway import Gateway, free_port, run_vallum
from tests.support.provider import form_of
from tests.support.upstream import RecordingUpstream
from tests.support.waiting import eventually

ROLES = "roles: {reader: {scopes: []}, admin: {scopes: []}}"
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": {
            "get": {"operationId": "listOrders", "responses": {"200": {"description": "Orders"}}},
            "post": {"operationId": "placeOrder", "responses": {"200": {"description": "Placed"}}},
        },
        "/vault": {
            "get": {"operationId": "openVault", "responses": {"200": {"description": "Gold"}}}
        },
    },
}
OPERATIONS = """
      listOrders: {scopes: ["orders:read"]}
      placeOrder: {scopes: ["orders:write"]}
      openVault: {roles: [admin]}
"""


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One running `vallum up` with `identity:`, and the command line beside it."""

    folder: Path
    gateway: Gateway
    issuer: str
    api: str
    """The resource indicator: also where the API is."""
    ca: Path
    upstream: RecordingUpstream

    def run(self, *arguments: str) -> Any:
        """A command with `--json`; what it printed."""
        done = run_vallum(*arguments, "--json", folder=self.folder)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def context(self) -> ssl.SSLContext:
        """TLS that trusts the deployment's CA."""
        return ssl.create_default_context(cafile=str(self.ca))

    def http(self, context: ssl.SSLContext | None = None) -> httpx2.Client:
        """An HTTP client without cookies that trusts the deployment's CA and follows nothing."""
        return httpx2.Client(
            verify=context or self.context(), base_url=self.issuer, follow_redirects=False
        )

    def client_token(self, client: Mapping[str, str]) -> str:
        """An access token of a client's own, by its secret; `client` is what `run` has made."""
        with self.http() as http:
            answer = http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials", "scope": "orders:read"},
                auth=(client["id"], client["client_secret"]),
            )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def mails(self) -> list[EmailMessage]:
        """All mail that was sent, oldest first."""
        files = sorted((self.folder / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in files
        ]

    def mailed_link(self, to: str, *, after: int = 0) -> str:
        """The link in the newest message to somebody, once there are more than `after` of them."""

        def found() -> list[EmailMessage]:
            return [mail for mail in self.mails() if mail["to"] == to]

        eventually(lambda: len(found()) > after, f"a mail to {to}")
        mail = found()[-1]
        (link,) = re.findall(r"https://\S+", mail.get_content())
        return str(link)

    def person(self, address: str, password: str, *, role: str = "", name: str = "Ada") -> str:
        """An account with a password, made as an operator and its owner make it; its id."""
        roles = ("--role", role) if role else ()
        made = self.run("users", "create", address, "--name", name, *roles)
        with self.http() as browser:
            page = browser.get(made["link"])
            assert page.status_code == 200, page.text
            answer = submit(browser, self.issuer, page.text, password=password)
            assert answer.status_code == 303, answer.text
        # The new password ended what was issued until then, and tokens tell whole seconds.
        second = int(time.time())
        eventually(lambda: time.time() >= second + 1, "the next second")
        return str(made["id"])


def submit(browser: httpx2.Client, issuer: str, html: str, **values: str) -> httpx2.Response:
    """Fill in the first form of a page and send it, as a browser without script does."""
    action, fields = form_of(html)
    return browser.post(action, data={**fields, **values}, headers={"origin": issuer})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is particular about a deployment: lines of its policy. `ISSUER` in them becomes the
    issuer, and `UPSTREAM` where the API really is."""

    more: str = ""
    """Top-level lines."""
    identity: str = ""
    """Lines of the provider, which follow its resources."""
    listen: str = ""
    """More of the listener's mapping."""
    operations: str = OPERATIONS
    apis: str = ""
    """Further ones."""


def policy_text(port: int, upstream: str, **shaped: str) -> str:
    """The policy of a deployment; `shaped` are fields of `Shape`."""
    shape = Shape(**shaped)
    text = f"""version: 1
listen: {{address: '127.0.0.1:{port}', tls: local{shape.listen}}}
state: var/vallum.db
records: {{path: records}}
{ROLES}
identity:
  issuer: ISSUER
  name: Shop
  mail: {{transport: file, directory: mail}}
  registration: true
  resources:
    shop:
      identifier: ISSUER
      name: Shop
      scopes: {{"orders:read": See your orders, "orders:write": Place orders in your name}}
{shape.identity}{shape.more}defaults: {{limit: 100000/minute per principal, authenticate: own}}
apis:
  shop:
    openapi: openapi.json
    upstream: UPSTREAM
    operations:{shape.operations}{shape.apis}"""
    return text.replace("ISSUER", f"https://localhost:{port}").replace("UPSTREAM", upstream)


def deploy(folder: Path, stack: ExitStack, *, workers: int = 2, **shaped: str) -> Deployment:
    """Start everything in `folder`; `stack` stops it, and `shaped` are fields of `Shape`."""
    upstream = stack.enter_context(RecordingUpstream())
    port = free_port()
    (folder / "openapi.json").write_text(json.dumps(CONTRACT))
    text = policy_text(port, upstream.url, **shaped)
    (folder / "vallum.yaml").write_text(text)
    gateway = stack.enter_context(Gateway(folder, workers=workers))
    issuer = f"https://localhost:{port}"
    return Deployment(
        folder=folder,
        gateway=gateway,
        issuer=issuer,
        api=issuer,
        ca=folder / "var/tls/ca.pem",
        upstream=upstream,
    )


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with two workers for a whole module of tests."""
    with ExitStack() as stack:
        yield deploy(tmp_path_factory.mktemp("deployment"), stack)
