"""Proofs of possession, check by check."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from tests.support.minting import NOW, b64, make_key, sign
from tests.support.proving import Prover

from vallum.core.secret import Secret
from vallum.tokens.dpop import ALGORITHMS, MAX_PROOF, InvalidProof, Proof, normal_uri, verify_proof
from vallum.tokens.nonces import LIFETIME, Nonces

URI = "https://api.example/orders/1"
TOKEN = b"an-access-token"


def verify(proof: bytes, **changes: Any) -> Proof:
    """What the room says about a proof for `GET /orders/1`."""
    expected = {"method": "GET", "uri": URI, "now": NOW, "access_token": TOKEN, **changes}
    return verify_proof(proof, **expected)


def reason(proof: bytes, **changes: Any) -> str:
    """Why a proof is refused."""
    with pytest.raises(InvalidProof) as refusal:
        verify(proof, **changes)
    return refusal.value.reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_proof_of_each_algorithm(algorithm: str) -> None:
    prover = Prover(algorithm)
    proof = verify(prover.proof(TOKEN))
    assert proof.jkt == prover.jkt
    assert proof.issued_at == NOW
    assert proof.expires_at == NOW + 60
    assert proof.nonce_made_at is None
    assert len(proof.replay_id) == 16


def test_the_replay_id_is_of_key_uri_and_jti() -> None:
    prover, other = Prover(), Prover("EdDSA")
    same = verify(prover.proof(TOKEN, jti="1")).replay_id
    assert verify(prover.proof(TOKEN, jti="1", iat=NOW - 9)).replay_id == same
    assert verify(prover.proof(TOKEN, jti="2")).replay_id != same
    assert verify(other.proof(TOKEN, jti="1")).replay_id != same
    elsewhere = prover.proof(TOKEN, jti="1", htu="https://api.example/orders/2")
    assert verify(elsewhere, uri="https://api.example/orders/2").replay_id != same


def test_no_token_no_hash_of_it() -> None:
    proof = Prover().proof(htm="POST", htu="https://login.example/oauth/token")
    uri = "https://login.example/oauth/token"
    assert verify(proof, method="POST", uri=uri, access_token=None).jkt == Prover().jkt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "dpop.malformed"),
        (b"a.b", "dpop.malformed"),
        (b"a.b.c.d", "dpop.malformed"),
        (b"e30.e30.", "dpop.malformed"),
        (b"a" * MAX_PROOF + b".b.c", "dpop.malformed"),
        (b"e30.e30.AAAA", "dpop.type"),
        (b"W10.e30.AAAA", "dpop.header"),
        (b"e31.e30.AAAA", "dpop.header"),
        (b"a" * 4000 + b".e30.AAAA", "dpop.header"),
    ],
)
def test_what_is_no_proof(text: bytes, expected: str) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize(
    "payload", [b"[]", b"{", b'{"jti":"a","jti":"b"}', b'"text"', b"[" * 5000, b"\xff"]
)
def test_claims_that_are_no_object(payload: bytes) -> None:
    prover = Prover()
    assert reason(sign(prover.header(), payload, prover.key, "ES256")) == "dpop.claims"


def test_a_header_that_says_something_twice() -> None:
    prover = Prover()
    header = json.dumps(prover.header())[:-1] + ', "alg": "ES256"}'
    assert reason(prover.proof(TOKEN, header=header.encode())) == "dpop.header"


@pytest.mark.parametrize("name", ["crit", "b64", "jku", "x5u", "x5c"])
def test_header_parameters_that_have_no_place(name: str) -> None:
    prover = Prover()
    assert reason(prover.proof(TOKEN, header=prover.header(**{name: []}))) == "dpop.header"


def test_the_signature_is_of_all_of_it() -> None:
    prover = Prover()
    header, claims, signature = prover.proof(TOKEN).split(b".")
    other = prover.proof(TOKEN).split(b".")[1]
    assert reason(b".".join((header, other, signature))) == "dpop.signature"
    assert reason(b".".join((header, claims, signature[:-2]))) == "dpop.signature"
    stranger = Prover("ES256", key=make_key("ES256", "stranger"))
    forged = sign(prover.header(), prover.claims(TOKEN), stranger.key, "ES256")
    assert reason(forged) == "dpop.signature"


def test_rsa_keys_of_a_size_that_costs_time() -> None:
    prover = Prover("PS256")
    jwk = {**prover.jwk, "n": b64(b"\xff" * 640).decode()}
    header = prover.header(jwk=jwk)
    assert reason(prover.proof(TOKEN, header=header)) == "dpop.key"
    large = Prover("PS256", key=RSAKey.generate_key(4096))
    assert verify(large.proof(TOKEN)).jkt == large.jkt


@pytest.mark.parametrize("jti", [..., None, "", 7, "x" * 129, ["a"]])
def test_a_jti_is_a_text_of_some_length(jti: object) -> None:
    assert reason(Prover().proof(TOKEN, jti=jti)) == "dpop.jti"
    assert verify(Prover().proof(TOKEN, jti="x" * 128)).jkt == Prover().jkt


@pytest.mark.parametrize(
    ("iat", "expected"),
    [
        (..., "dpop.claims"),
        (None, "dpop.claims"),
        (True, "dpop.claims"),
        ("1800000000", "dpop.claims"),
        (NOW - 61, "dpop.expired"),
        (NOW + 61, "dpop.not-yet"),
        (-1, "dpop.expired"),
        (1e300, "dpop.not-yet"),
    ],
)
def test_a_proof_is_of_now(iat: object, expected: str) -> None:
    assert reason(Prover().proof(TOKEN, iat=iat)) == expected


def test_nonces_where_they_are_asked_for() -> None:
    nonces, strangers = Nonces(Secret(b"n" * 32)), Nonces(Secret(b"s" * 32))
    prover = Prover()
    asked: dict[str, Any] = {"nonces": nonces, "nonce_needed": True}
    good = prover.proof(TOKEN, nonce=nonces.issue(NOW))
    assert verify(good, **asked).nonce_made_at == NOW
    assert verify(good, nonces=nonces).nonce_made_at == NOW
    assert verify(good).nonce_made_at is None
    stale = prover.proof(TOKEN, nonce=nonces.issue(NOW - LIFETIME))
    for bad in (
        prover.proof(TOKEN, nonce=strangers.issue(NOW)),
        prover.proof(TOKEN, nonce=7),
        prover.proof(TOKEN, nonce=""),
        stale,
    ):
        assert reason(bad, **asked) == "dpop.nonce"
        assert reason(bad, nonces=nonces) == "dpop.nonce"
    assert reason(prover.proof(TOKEN), **asked) == "dpop.nonce"
    assert verify(prover.proof(TOKEN), nonces=nonces).nonce_made_at is None


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("HTTPS://API.Example:443/orders/1?q=1#top", URI),
        ("https://api.example/%6Frders/1", URI),
        ("https://api.example", "https://api.example/"),
        ("https://api.example?x", "https://api.example/"),
        ("http://api.example:80/a", "http://api.example/a"),
        ("http://api.example:443/a", "http://api.example:443/a"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        ("https://api.example/caf%c3%a9", "https://api.example/caf%C3%A9"),
    ],
)
def test_uris_in_their_normal_form(uri: str, normal: str) -> None:
    assert normal_uri(uri) == normal
    assert normal_uri(normal) == normal


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/orders/1",
        "ftp://api.example/",
        "https:///orders",
        "https://user@api.example/orders/1",
        "https://api.example./orders/1",
        "https://api.example.:443/orders/1",
        "https://api.example/a/../orders/1",
        "https://api.example/a%2fb",
        "https://api.example/%zz",
        "https://api.example/a b",
        "https://api.éxample/",
        "https://api.example:x/",
        "https://api.example/a\n",
    ],
)
def test_uris_that_no_request_has(uri: str) -> None:
    with pytest.raises(InvalidProof, match=r"dpop\.uri"):
        normal_uri(uri)
