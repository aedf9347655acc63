"""`vallum users|clients|sessions|grants` as an operator runs them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vallum.cli.main import main
from vallum.identity.storage.tables import SCHEMA_VERSION

POLICY = """
version: 1
identity:
  issuer: https://localhost:8443
  resources:
    shop: {identifier: https://api.shop.example, scopes: {orders:read: See your orders}}
apis:
  shop:
    openapi: openapi.yaml
    upstream: http://127.0.0.1:8000
    authenticate: own
    limit: 60/minute per principal
"""
CONTRACT = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /orders:
    get: {operationId: listOrders, responses: {"200": {description: Orders}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "vallum.yaml").write_text(POLICY)
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*command: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, command)
    assert result.exit_code == status, result.output
    return result


def test_an_account_is_made_listed_disabled_and_exported(folder: Path) -> None:
    made = json.loads(
        _run(
            "users", "create", "Ada@Shop.Example", "--name", "Ada", "--role", "admin", "--json"
        ).stdout
    )
    assert made["email"] == "ada@shop.example"
    assert made["roles"] == ["admin"]
    assert made["link"].startswith("https://localhost:8443/")

    _run("users", "disable", made["id"])
    (listed,) = json.loads(_run("users", "list", "--json").stdout)
    assert listed["state"] == "disabled"
    _run("users", "enable", made["email"])
    given = _run("users", "roles", made["email"], "--role", "reader")
    assert "the policy has no role `reader`" in given.stderr

    export = json.loads(_run("users", "export", made["email"]).stdout)
    assert export["users"][0]["roles"] == ["reader"]
    kinds = {event["kind"] for event in export["events"]}
    assert {"user.created", "user.disabled", "user.enabled", "user.roles"} <= kinds
    assert all(event["actor"] == "operator" for event in export["events"])
    assert "password_hash" not in json.dumps(export)


def test_an_unknown_account_is_said_with_what_to_do(folder: Path) -> None:
    result = _run("users", "disable", "nobody@shop.example", status=1)
    assert "vallum users list" in result.stderr
    assert _run("sessions", "kill", "session_0", status=1).stderr
    assert _run("grants", "revoke", "grant_0", status=1).stderr


def test_a_secret_is_shown_once_and_kept_nowhere(folder: Path) -> None:
    made = json.loads(
        _run(
            "clients", "create", "Report", "--kind", "service", "--scope", "orders:read", "--json"
        ).stdout
    )
    secret = made["client_secret"]
    assert secret not in _run("clients", "list", "--json").stdout
    assert secret not in _run("clients", "export", made["id"]).stdout
    kept = b"".join(path.read_bytes() for path in (folder / "var").rglob("*") if path.is_file())
    assert secret.encode() not in kept
    rotated = _run("clients", "rotate", made["id"]).stdout
    assert secret not in rotated
    _run("clients", "disable", made["id"])
    (listed,) = json.loads(_run("clients", "list", "--json").stdout)
    assert listed["state"] == "disabled"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--kind", "web"], "needs a redirect URI"),
        (["--kind", "web", "--redirect-uri", "http://shop.example/cb"], "https"),
        (["--kind", "browser", "--redirect-uri", "javascript:alert(1)"], "cannot be used"),
        (["--kind", "service", "--scope", "admin"], "scope `admin`"),
        (["--kind", "service", "--resource", "https://x.example"], "no resource"),
        (["--kind", "service", "--auth-method", "none"], "public client"),
        (["--kind", "service", "--auth-method", "private_key_jwt"], "public keys"),
        (["--kind", "service", "--auth-method", "tls_client_auth"], "certificate"),
    ],
)
def test_an_unsafe_client_is_not_made(folder: Path, options: list[str], said: str) -> None:
    assert said in _run("clients", "create", "X", *options, status=1).stderr
    assert json.loads(_run("clients", "list", "--json").stdout) == []


def test_a_policy_without_a_provider_says_so(folder: Path) -> None:
    text = POLICY.replace("authenticate: own", "authenticate: api_key")
    start, end = text.index("identity:"), text.index("apis:")
    (folder / "vallum.yaml").write_text(text[:start] + text[end:])
    assert "no identity provider" in _run("users", "list", status=1).stderr


def test_the_database_is_for_its_owner_alone(folder: Path) -> None:
    _run("users", "list")
    for name in ("identity.db", "vallum.db.seal"):
        assert (folder / "var" / name).stat().st_mode & 0o077 == 0
    with sqlite3.connect(folder / "var/identity.db") as connection:
        found = connection.execute("SELECT version FROM identity_schema").fetchone()
    assert found == (SCHEMA_VERSION,)


def test_signing_keys_are_listed_rotated_and_revoked(folder: Path) -> None:
    (first,) = json.loads(_run("signing-keys", "list", "--json").stdout)
    second = json.loads(_run("signing-keys", "rotate", "--json").stdout)
    assert second["signs_from"] > first["signs_from"]
    listed = json.loads(_run("signing-keys", "list", "--json").stdout)
    assert [key["kid"] for key in listed] == [first["kid"], second["kid"]]
    assert listed[0]["signs_until"] == second["signs_from"]
    _run("signing-keys", "revoke", first["kid"])
    (left,) = json.loads(_run("signing-keys", "list", "--json").stdout)
    assert left["kid"] == second["kid"]
    # What the workers read has changed too.
    published = json.loads(next(folder.rglob("*.jwks")).read_text())
    assert [key["kid"] for key in published["keys"]] == [second["kid"]]
    assert "signing-keys list" in _run("signing-keys", "revoke", "none", status=1).stderr


def test_a_registration_token_needs_the_policys_word_and_known_scopes(folder: Path) -> None:
    command = ("clients", "registration-token", "--scope", "orders:read", "--owner", "partner")
    assert "registration: true" in _run(*command, status=1).stderr
    policy = POLICY.replace("  resources:", "  registration: true\n  resources:", 1)
    (folder / "vallum.yaml").write_text(policy)
    token = json.loads(_run(*command, "--json").stdout)["initial_access_token"]
    kept = b"".join(path.read_bytes() for path in (folder / "var").rglob("*") if path.is_file())
    assert token.encode() not in kept
    unknown = ("clients", "registration-token", "--scope", "admin")
    assert "scope `admin`" in _run(*unknown, status=1).stderr
