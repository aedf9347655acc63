"""What a policy asks of signed requests, and key files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.minting import jwks, make_key, public_jwk
from tests.support.policies import POLICY, changed, write_policy

from vallum.config.diagnostics import Diagnostic
from vallum.config.load import inspect_policy, load_policy_with_contracts
from vallum.config.model import Policy

CREATE = "{limit: 10/minute per principal burst 3, body: 16KiB}"
GOOD = "keys: keys.json, tag: shop"
ED25519, SHARED = public_jwk(make_key("EdDSA")), public_jwk(make_key("HS256"))


def inspect(
    folder: Path, signature: str, document: bytes = jwks(ED25519)
) -> tuple[Policy | None, list[Diagnostic]]:
    """What is found in a policy with this `signature`."""
    (folder / "keys.json").write_bytes(document)
    line = f"{CREATE[:-1]}, signature: {signature}}}"
    return inspect_policy(write_policy(folder, changed(POLICY, CREATE, line)))


def test_the_defaults(tmp_path: Path) -> None:
    policy, found = inspect(tmp_path, f"{{{GOOD}}}")
    assert found == []
    assert policy is not None
    controls = policy.apis["bookshop"].controls
    signature = controls["createBook"].signature
    assert signature is not None
    assert list(signature.keys) == ["k1"]
    assert (signature.tag, signature.max_age) == ("shop", 60.0)
    assert signature.components == ("@method", "@target-uri")
    assert controls["listBooks"].signature is None


def test_off(tmp_path: Path) -> None:
    policy, found = inspect(tmp_path, "off")
    assert found == []
    assert policy is not None
    assert policy.apis["bookshop"].controls["createBook"].signature is None


def test_other_components_and_ages(tmp_path: Path) -> None:
    policy, _ = inspect(
        tmp_path, f"{{{GOOD}, components: ['@authority', '@path', '@query', date], max_age: 5m}}"
    )
    assert policy is not None
    signature = policy.apis["bookshop"].controls["createBook"].signature
    assert signature is not None
    assert signature.components == ("@authority", "@path", "@query", "date")
    assert signature.max_age == 300.0


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        ("on", "bad-value"),
        ("{tag: shop}", "missing-key"),
        ("{keys: keys.json}", "missing-key"),
        ("{keys: nowhere.json, tag: shop}", "missing-file"),
        ("{keys: keys.json, tag: ''}", "wrong-type"),
        ("{keys: keys.json, tag: 'a shop'}", "bad-name"),
        (f"{{{GOOD}, components: []}}", "wrong-type"),
        (f"{{{GOOD}, components: ['@status']}}", "bad-name"),
        (f"{{{GOOD}, components: ['@query-param']}}", "bad-name"),
        (f"{{{GOOD}, components: [Date]}}", "bad-name"),
        (f"{{{GOOD}, components: ['@method;req']}}", "bad-name"),
        (f"{{{GOOD}, max_age: 6m}}", "out-of-range"),
        (f"{{{GOOD}, max_age: 0s}}", "out-of-range"),
        (f"{{{GOOD}, algorithms: [ed25519]}}", "unknown-key"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, signature: str, code: str) -> None:
    policy, found = inspect(tmp_path, signature)
    assert policy is None
    assert code in {each.code for each in found}, [str(each) for each in found]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        jwks(),
        jwks({**ED25519, "alg": "RS256"}),
        jwks({name: value for name, value in ED25519.items() if name != "alg"}),
        jwks({name: value for name, value in ED25519.items() if name != "kid"}),
        jwks(ED25519, ED25519),
        jwks(ED25519, SHARED),
        jwks(ED25519, {**public_jwk(make_key("PS512", "k2")), "n": "AQAB"}),
        jwks({"kty": "oct", "kid": "short", "alg": "HS256", "k": "c2hvcnQ"}),
        jwks({"kty": "oct", "kid": "weak", "alg": "HS256", "k": "A" * 43}),
        jwks({**ED25519, "d": "AAAA"}),
        jwks(public_jwk(make_key("RS256"))),
    ],
)
def test_keys_that_cannot_be_used(tmp_path: Path, document: bytes) -> None:
    policy, found = inspect(tmp_path, f"{{{GOOD}}}", document)
    assert policy is None
    (diagnostic,) = (each for each in found if each.code == "bad-keys")
    assert diagnostic.hint
    secrets = (
        [each.get("k") for each in json.loads(document or b"{}")["keys"]]
        if (document.startswith(b"{"))
        else []
    )
    assert not any(secret and secret in str(diagnostic) for secret in secrets)


def test_shared_secrets_are_unwise(tmp_path: Path) -> None:
    policy, found = inspect(tmp_path, f"{{{GOOD}}}", jwks(SHARED))
    assert policy is not None
    assert [each.code for each in found] == ["hmac-algorithm"]


def test_a_signature_keeps_strangers_out_of_a_public_operation(tmp_path: Path) -> None:
    for signature, codes in (
        (f"{{{GOOD}}}", {"public-over-contract"}),
        ("off", {"public-over-contract", "public-write"}),
    ):
        policy, found = inspect(tmp_path, f"{signature}, public: true")
        assert policy is not None
        assert {each.code for each in found} >= codes
        assert ("public-write" in codes) == ("public-write" in {each.code for each in found})


def test_another_key_is_another_policy(tmp_path: Path) -> None:
    revisions = set()
    for kid in ("k1", "k2"):
        inspect(tmp_path, f"{{{GOOD}}}", jwks(public_jwk(make_key("EdDSA", kid))))
        loaded = load_policy_with_contracts(tmp_path / "vallum.yaml")
        assert tmp_path / "keys.json" in loaded.files
        revisions.add(loaded.revision)
    assert len(revisions) == 2
