"""Tokens that are bound to a certificate of the built-in authority (RFC 8705), end to end."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from typing import Any

import pytest
from tests.support.gateway import run_vallum
from tests.support.minting import b64
from tests.support.signing_in import Deployment, deploy

from vallum.tokens.jwt import read

_NAMES = ("report", "other")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment whose listener takes certificates of `vallum ca`; two are issued."""
    folder = tmp_path_factory.mktemp("mtls")
    commands: list[tuple[str, ...]] = [("init",)]
    commands += [("issue", name, "--san", f"uri:spiffe://shop.example/{name}") for name in _NAMES]
    for command in commands:
        done = run_vallum("ca", *command, "--state", "var/vallum.db", folder=folder)
        assert done.returncode == 0, done.stderr
    listen = ", client_certificates: {ca: var/ca/ca.pem, crl: var/ca/ca.crl}"
    with ExitStack() as stack:
        yield deploy(folder, stack, listen=listen)


def _context(shop: Deployment, name: str) -> ssl.SSLContext:
    context = shop.context()
    context.load_cert_chain(shop.folder / f"{name}.pem", shop.folder / f"{name}.key")
    return context


def _ask(shop: Deployment, client_id: str, context: ssl.SSLContext | None) -> Any:
    with shop.http(context) as http:
        return http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "scope": "orders:read",
            },
        )


def test_a_token_works_with_the_certificate_that_asked_for_it(shop: Deployment) -> None:
    client = shop.run(
        *("clients", "create", "Report", "--kind", "service", "--scope", "orders:read"),
        *("--auth-method", "tls_client_auth", "--binding", "mtls"),
        *("--certificate", "san_uri:spiffe://shop.example/report"),
    )
    for context in (None, _context(shop, "other")):
        refused = _ask(shop, client["id"], context)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    mine = _context(shop, "report")
    answer = _ask(shop, client["id"], mine)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    der = ssl.PEM_cert_to_DER_cert((shop.folder / "report.pem").read_text())
    bound = read(token.encode()).unverified_claims["cnf"]
    assert bound == {"x5t#S256": b64(sha256(der).digest()).decode()}
    for context, expected in ((mine, 200), (_context(shop, "other"), 401), (None, 401)):
        with shop.http(context) as http:
            called = http.get("/orders", headers={"authorization": f"Bearer {token}"})
        assert called.status_code == expected
