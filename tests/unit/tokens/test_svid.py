"""JWT-SVIDs: tokens of workloads (B-206, B-258)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import Key
from tests.support.minting import b64, jwks, make_key, public_jwk

from vallum.tokens.claims import IssuerExpectations, KnownSubject, VerifiedClaims
from vallum.tokens.errors import InvalidKeySet, InvalidToken
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.jwt import read, verify
from vallum.tokens.svid import KEY_USES

NOW = 1_800_000_000.0
DOMAIN = "spiffe://td.example"
BILLING = f"{DOMAIN}/billing"
KEY = make_key("ES256")
HEADER: dict[str, Any] = {"alg": "ES256", "kid": "k1", "typ": "JWT"}
CLAIMS: dict[str, Any] = {"sub": BILLING, "aud": ["bookshop"], "exp": NOW + 300, "iat": NOW}
EXPECTED = IssuerExpectations(
    issuer=DOMAIN,
    audience=("bookshop",),
    algorithms=("ES256",),
    types=("at+jwt",),
    max_lifetime=3600,
    workloads={BILLING: KnownSubject("billing", frozenset({"x"}), frozenset({"reader"}))},
)


def bundle(key: Key = KEY, **changes: object) -> KeySet:
    document = jwks(public_jwk(key, use="jwt-svid", **changes))
    return parse_jwks(document, algorithms=("ES256",), uses=KEY_USES)


def changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """With some changed; `...` leaves one out."""
    merged = {**values, **changes}
    return {name: value for name, value in merged.items() if value is not ...}


def svid(header: dict[str, Any] | None = None, **claims: Any) -> bytes:
    content = json.dumps(changed(CLAIMS, claims)).encode()
    protected = changed(HEADER, header or {})
    return joserfc_jws.serialize_compact(protected, content, KEY).encode()


def accept(token: bytes) -> VerifiedClaims:
    return verify(token, issuer=EXPECTED, keys=bundle(), now=NOW)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, {}),
        ({"typ": "JOSE"}, {}),
        ({"typ": ...}, {}),
        ({}, {"aud": "bookshop"}),
        ({}, {"iat": ...}),
        ({}, {"iss": "https://spire.example", "jti": "1"}),
    ],
)
def test_good_tokens(header: dict[str, Any], claims: dict[str, Any]) -> None:
    token = svid(header, **claims)
    found = accept(token)
    assert (found.kind, found.subject, found.issuer) == ("workload", "workload:billing", DOMAIN)
    assert (found.scopes, found.roles) == (frozenset({"x"}), frozenset({"reader"}))
    assert read(token).unverified_issuer == DOMAIN


@pytest.mark.parametrize(
    ("reason", "claims"),
    [
        ("jwt.audience", {"aud": ...}),
        ("jwt.audience", {"aud": []}),
        ("jwt.audience", {"aud": "other"}),
        ("jwt.audience", {"aud": ["bookshop", "other"]}),
        ("jwt.expired", {"exp": ...}),
        ("jwt.expired", {"exp": NOW - 60}),
        ("jwt.expired", {"exp": "never"}),
        ("jwt.lifetime", {"exp": NOW + 7200}),
        ("jwt.lifetime", {"exp": NOW + 7200, "iat": ...}),
        ("jwt.not-yet", {"nbf": NOW + 60}),
        ("jwt.not-yet", {"iat": NOW + 60}),
        ("jwt.subject", {"sub": ...}),
        ("jwt.subject", {"sub": [BILLING]}),
        ("jwt.subject", {"sub": f"{DOMAIN}/other"}),
        ("jwt.subject", {"sub": DOMAIN}),
        ("jwt.subject", {"sub": "spiffe://TD.example/billing"}),
        ("jwt.subject", {"sub": f"{DOMAIN}/x/../billing"}),
        ("jwt.subject", {"sub": f"{DOMAIN}/%62illing"}),
        ("jwt.subject", {"sub": f"{BILLING}/"}),
        ("jwt.subject", {"sub": f"{BILLING}?x"}),
        ("jwt.subject", {"sub": f"{DOMAIN}/{'b' * 3072}"}),
        ("jwt.subject", {"sub": "spiffe://other.example/billing"}),
        ("jwt.subject", {"sub": "billing"}),
    ],
)
def test_b206_spiffe_parse_refuses_tokens(reason: str, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken, match=reason):
        accept(svid(**claims))


@pytest.mark.parametrize("type_", ["at+jwt", "dpop+jwt", "secevent+jwt"])
def test_b206_spiffe_parse_tokens_of_other_kinds(type_: str) -> None:
    token = svid({"typ": type_}, iss="https://issuer.example")
    with pytest.raises(InvalidToken, match=r"jwt\.type"):
        accept(token)
    assert read(token).unverified_issuer == "https://issuer.example"


def test_other_headers_make_it_no_svid() -> None:
    # JWT-SVID §2: alg, kid and typ, and no other.
    token = svid({"cty": "x"})
    assert read(token).unverified_issuer is None


def test_other_key_and_algorithm() -> None:
    other = bundle(make_key("ES256", "k1x"), kid="k1")
    with pytest.raises(InvalidToken, match=r"jwt\.signature"):
        verify(svid(), issuer=EXPECTED, keys=other, now=NOW)
    head, body, _ = svid().split(b".")
    none = b64(b'{"alg":"none"}') + b"." + body + b"."
    with pytest.raises(InvalidToken):
        accept(none)
    assert head


def test_keys_of_certificates_verify_no_token() -> None:
    document = jwks(public_jwk(KEY, use="x509-svid"))
    with pytest.raises(InvalidKeySet):
        parse_jwks(document, algorithms=("ES256",), uses=KEY_USES)
    with pytest.raises(InvalidKeySet):
        parse_jwks(jwks(public_jwk(KEY, use="jwt-svid")), algorithms=("ES256",))


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA", "Ed25519"])
def test_b206_spiffe_parse_algorithms(algorithm: str) -> None:
    with pytest.raises(ValueError, match="JWT-SVIDs are signed"):
        IssuerExpectations(
            issuer=DOMAIN,
            audience=("bookshop",),
            algorithms=(algorithm,),
            types=("at+jwt",),
            max_lifetime=60,
        )
