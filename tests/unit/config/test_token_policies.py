"""What a policy asks of tokens: bindings, issuers that are asked, how users signed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from tests.support.policies import POLICY, changed, write_policy

from vallum.app import StartRefused, compile_runtime, open_services
from vallum.config.load import inspect_policy, load_policy_with_contracts
from vallum.config.model import Introspection, Policy
from vallum.filters.authenticate import Authenticate
from vallum.limits.memory import MemoryLimitStore

CORP = "corp: {issuer: https://login.corp.example, audience: bookshop}"
ASKED = "introspection: {url: https://login.corp.example/ask, client_id: gate, %s}"
SECRET = "client_secret_file: secret"
UPSTREAM = "upstream: http://127.0.0.1:8000"
CREATE = "{limit: 10/minute per principal burst 3, body: 16KiB}"


def load(folder: Path, old: str, new: str) -> Policy:
    """A policy in which nothing is found."""
    (folder / "secret").write_text("s3cret\n")
    policy, found = inspect_policy(write_policy(folder, changed(POLICY, old, new)))
    assert [str(each) for each in found] == []
    assert policy is not None
    return policy


def codes(folder: Path, old: str, new: str) -> set[str]:
    """What is found in a policy."""
    (folder / "secret").write_text("s3cret\n")
    return {
        each.code for each in inspect_policy(write_policy(folder, changed(POLICY, old, new)))[1]
    }


def test_an_issuer_that_is_asked(tmp_path: Path) -> None:
    issuer = CORP[:-1] + ", binding: dpop, " + ASKED % (SECRET + ", cache: 2s") + "}"
    corp = load(tmp_path, CORP, issuer).issuers["corp"]
    assert corp.binding == "dpop"
    assert corp.introspection == Introspection(
        url="https://login.corp.example/ask",
        client_id="gate",
        client_secret=tmp_path / "secret",
        cache=2.0,
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (ASKED % "client_secret_file: nowhere", "missing-file"),
        (ASKED % "cache: 1s", "missing-key"),
        (ASKED % (SECRET + ", cache: 6s"), "out-of-range"),
        ((ASKED % SECRET).replace("https", "http"), "insecure-jwks"),
        ((ASKED % SECRET).replace("/ask", "/ask?x=1"), "bad-url"),
        ("introspection: https://login.corp.example/ask", "wrong-type"),
        ("binding: cookie", "bad-value"),
    ],
)
def test_issuers_that_cannot_be_asked(tmp_path: Path, more: str, code: str) -> None:
    assert code in codes(tmp_path, CORP, f"{CORP[:-1]}, {more}}}")


def test_rules_of_an_operation(tmp_path: Path) -> None:
    rules = "binding: any, dpop_nonce: true, acr: gold, max_auth_age: 5m, mfa: true"
    policy = load(tmp_path, CREATE, f"{{authenticate: corp, body: 16KiB, {rules}}}")
    controls = policy.apis["bookshop"].controls["createBook"]
    assert (controls.binding, controls.dpop_nonce, controls.mfa) == ("any", True, True)
    assert (controls.acr, controls.max_auth_age) == (("gold",), 300.0)
    other = policy.apis["bookshop"].controls["listBooks"]
    assert (other.binding, other.dpop_nonce, other.mfa) == ("none", False, False)


def test_rules_under_defaults_leave_public_operations_alone(tmp_path: Path) -> None:
    policy = load(tmp_path, "  body: 256KiB", "  body: 256KiB\n  mfa: true")
    assert not policy.apis["bookshop"].controls["health"].mfa
    assert policy.apis["bookshop"].controls["listBooks"].mfa


@pytest.mark.parametrize("rule", ["mfa: true", "acr: gold", "max_auth_age: 1m"])
def test_a_public_operation_cannot_ask_how_users_signed_in(tmp_path: Path, rule: str) -> None:
    assert "public-conflict" in codes(tmp_path, CREATE, f"{{public: true, {rule}}}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://API.example/", "https://api.example"),
        ("https://api.example:443", "https://api.example"),
        ("http://api.example:8080", "http://api.example:8080"),
        ('"https://[::1]:8443"', "https://[::1]:8443"),
    ],
)
def test_the_public_name(tmp_path: Path, text: str, expected: str) -> None:
    policy = load(tmp_path, UPSTREAM, f"{UPSTREAM}\n    public_url: {text}")
    assert policy.apis["bookshop"].public_url == expected


@pytest.mark.parametrize(
    "text", ["api.example", "https://api.example/v1", "https://a@b.example", "ftp://x.example"]
)
def test_what_is_no_public_name(tmp_path: Path, text: str) -> None:
    assert codes(tmp_path, UPSTREAM, f"{UPSTREAM}\n    public_url: {text}") == {"bad-url"}


def test_two_issuers_cannot_both_be_asked(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("Zx8-Kq2_Vw9mPn4tRb7y\n")
    both = "\n  ".join(
        f"{name}: {{issuer: https://{name}.example, audience: bookshop, {ASKED % SECRET}}}"
        for name in ("corp", "two")
    )
    path = write_policy(tmp_path, changed(POLICY, CORP, both))
    loaded = load_policy_with_contracts(path)
    services = open_services(loaded.policy, MemoryLimitStore())
    with pytest.raises(StartRefused, match="`corp` and `two` would both be asked"):
        compile_runtime(loaded, services)


@pytest.mark.parametrize("secret", ["changeme", "Client_Secret1", "your-256-bit-secret", "xyzzy"])
def test_b244_no_issuer_is_asked_with_a_secret_that_everybody_knows(
    tmp_path: Path, secret: str
) -> None:
    (tmp_path / "secret").write_text(f"{secret}\n")
    corp = f"corp: {{issuer: https://corp.example, audience: bookshop, {ASKED % SECRET}}}"
    loaded = load_policy_with_contracts(write_policy(tmp_path, changed(POLICY, CORP, corp)))
    with pytest.raises(StartRefused, match="client secret of the issuer `corp`") as refusal:
        compile_runtime(loaded, open_services(loaded.policy, MemoryLimitStore()))
    assert secret not in str(refusal.value)


def test_the_api_describes_itself_where_it_takes_tokens(tmp_path: Path) -> None:
    loaded = load_policy_with_contracts(write_policy(tmp_path, POLICY))
    runtime = compile_runtime(loaded, open_services(loaded.policy, MemoryLimitStore()))
    router = runtime.hosts["localhost:8443"]
    path = (".well-known", "oauth-protected-resource", "v1")
    route = router.methods_at(path)["GET"]
    assert route.operation.id == "protectedResourceMetadata"
    assert Authenticate.name not in {control.name for control in route.controls}
    assert {"authorization", "dpop", "cookie"} <= {name.decode() for name in route.withheld}


def test_b151_private_keys_in_a_file_of_public_ones_are_refused(tmp_path: Path) -> None:
    def errors(keys: list[dict[str, Any]]) -> list[tuple[str, str]]:
        (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))
        text = changed(POLICY, CORP, f"{CORP[:-1]}, jwks: keys.json}}")
        _, found = inspect_policy(write_policy(tmp_path, text))
        return [(each.code, each.message) for each in found if each.severity == "error"]

    private = ECKey.generate_key("P-256", {"kid": "a", "use": "sig", "alg": "ES256"})
    public = private.as_dict(private=False)
    assert errors([public]) == []
    ((code, message),) = errors([public | {"kid": "b"}, private.as_dict(private=True)])
    assert code == "bad-keys"
    assert "`a`" in message
    # One that is for something else is in the wrong hands as well.
    other = private.as_dict(private=True) | {"use": "enc", "kid": "c\x1b"}
    ((code, message),) = errors([public, other])
    assert (code, "\x1b" in message) == ("bad-keys", False)
