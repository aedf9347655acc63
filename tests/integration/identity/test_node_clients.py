"""Two clients of npm through the real gateway; a person at a browser signs in for them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from tests.support.everywhere import BOUND_SECONDS, seconds_until_refused
from tests.support.npm import node_packages
from tests.support.signing_in import Deployment, deploy
from tests.support.visiting import Visitor, visitor

_SCRIPTS = Path(__file__).resolve().parents[2] / "node"
_PACKAGES = ("openid-client@6.8.9", "oauth4webapi@3.8.8")
_WEB = "https://app.example/callback"
_LOGOUT = "https://app.example/out"
_NATIVE = "http://127.0.0.1/callback"
_SCOPES = ("openid", "email", "offline_access", "orders:read", "orders:write")
_SHAPE: dict[str, Any] = {
    "identity": (
        "    ledger: {identifier: 'ISSUER/ledger', name: Ledger, "
        'scopes: {"ledger:read": See the books}}\n'
    ),
    "operations": """
      listOrders: {scopes: ["orders:read"]}
      placeOrder: {scopes: ["orders:write"], binding: dpop, dpop_nonce: true}
      openVault: {scopes: ["orders:read"], mfa: true, max_auth_age: 5m}
""",
    "apis": """  ledger:
    openapi: openapi.json
    base_path: /ledger
    upstream: UPSTREAM
    operations:
      listOrders: {scopes: ["ledger:read"]}
""",
}


@dataclass
class Shop:
    """A deployment with two APIs, and a client of each kind."""

    deployment: Deployment
    settings: dict[str, Any]

    def play(self, script: str, flow: str, person: Visitor, **more: Any) -> dict[str, Any]:
        """One flow of one client; what it tells at the end."""
        settings = {**self.settings, "flow": flow, "email": person.address, **more}
        process = subprocess.Popen(
            ["node", str(_SCRIPTS / script), json.dumps(settings)],
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.deployment.ca)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                for line in process.stdout:
                    said = json.loads(line)
                    if "done" in said:
                        return dict(said["done"])
                    process.stdin.write(json.dumps(person.visit(said["visit"])) + "\n")
                    process.stdin.flush()
            finally:
                process.terminate()
            raise AssertionError(process.stderr.read())


def _create(deployment: Deployment, name: str, kind: str, *more: str) -> dict[str, Any]:
    made: dict[str, Any] = deployment.run("clients", "create", name, "--kind", kind, *more)
    return made


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two APIs behind two workers."""
    modules = node_packages(*_PACKAGES)
    folder = tmp_path_factory.mktemp("node")
    key = ECKey.generate_key("P-256", {"kid": "node-1", "use": "sig", "alg": "ES256"})
    (folder / "node.jwks").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    keyed = ("--auth-method", "private_key_jwt", "--jwks", str(folder / "node.jwks"))
    scopes = [word for scope in _SCOPES for word in ("--scope", scope)]
    with ExitStack() as stack:
        deployment = deploy(folder, stack, **_SHAPE)
        ledger = f"{deployment.issuer}/ledger"
        web = _create(
            deployment, "Web shop", "web", "--redirect-uri", _WEB, "--logout-uri", _LOGOUT, *scopes
        )
        with_key = _create(deployment, "Keyed", "web", "--redirect-uri", _WEB, *scopes, *keyed)
        native = _create(deployment, "Phone", "native", "--redirect-uri", _NATIVE, *scopes)
        service = _create(
            *(deployment, "Report", "service", "--scope", "orders:read"),
            *("--scope", "ledger:read", "--resource", deployment.api, "--resource", ledger, *keyed),
        )
        settings = {
            "modules": str(modules),
            "issuer": deployment.issuer,
            "api": deployment.api,
            "ledger": ledger,
            "jwk": key.as_dict(private=True),
            "web": web["id"],
            "secret": web["client_secret"],
            "keyed": with_key["id"],
            "native": native["id"],
            "service": service["id"],
            "logout_uri": _LOGOUT,
        }
        yield Shop(deployment, settings)


@pytest.fixture(scope="module")
def ada(shop: Shop) -> Iterator[Visitor]:
    """A person at a browser."""
    with visitor(shop.deployment, "ada@shop.example") as person:
        yield person


def test_openid_client_with_par_and_dpop(shop: Shop, ada: Visitor) -> None:
    told = shop.play(
        "openid_client.mjs", "dpop", ada, redirect_uri="http://127.0.0.1:9999/callback"
    )
    # Listed, placed with a nonce, copied as a bearer token, listed after the refresh.
    assert told["answers"] == [200, 200, 401, 200]
    assert set(told["cnf"]) == {"jkt"}


def test_openid_client_is_a_machine_with_a_key(shop: Shop, ada: Visitor) -> None:
    told = shop.play("openid_client.mjs", "machine", ada)
    # Its default API; the ledger's token there and elsewhere, and the reverse; bound and copied.
    assert told["answers"] == [200, 200, 401, 401, 200, 401]
    assert told["audience"] == shop.settings["ledger"]


def test_openid_client_is_a_device(shop: Shop, ada: Visitor) -> None:
    assert shop.play("openid_client.mjs", "device", ada)["answers"] == [200, 401]


def test_openid_client_steps_up(shop: Shop) -> None:
    # She has no second factor until the operation asks for one, and makes it on the way.
    with visitor(shop.deployment, "eve@shop.example") as eve:
        told = shop.play("openid_client.mjs", "stepUp", eve, redirect_uri=_WEB)
    assert told["answers"] == [200]
    assert told["challenge"]["max_age"] == "300"
    assert told["challenge"]["acr_values"] == told["acr"]
    assert "mfa" in told["amr"]


def test_openid_client_signs_the_person_out(shop: Shop, ada: Visitor) -> None:
    told = shop.play("openid_client.mjs", "logout", ada, redirect_uri=_WEB)
    assert told["answers"] == [200]
    seconds = seconds_until_refused(shop.deployment, told["token"])
    print(f"after a logout the session's token is refused everywhere after {seconds:.2f} s")
    assert seconds < BOUND_SECONDS


def test_oauth4webapi_begins_with_the_api(shop: Shop, ada: Visitor) -> None:
    told = shop.play("oauth4webapi.mjs", "code", ada, redirect_uri=_WEB)
    assert told["answers"] == [200, 401]
    assert told["type"] == "dpop"
    assert set(told["cnf"]) == {"jkt"}


def test_oauth4webapi_finds_the_second_api(shop: Shop, ada: Visitor) -> None:
    told = shop.play("oauth4webapi.mjs", "machine", ada)
    assert told["answers"] == [200, 401]
    assert told["resource"] == shop.settings["ledger"]


def test_oauth4webapi_is_a_device(shop: Shop, ada: Visitor) -> None:
    assert shop.play("oauth4webapi.mjs", "device", ada)["answers"] == [200]
