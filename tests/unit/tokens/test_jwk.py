"""The admission of single keys."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.minting import b64, make_key, public_jwk

from vallum.tokens.errors import InvalidToken, RefusedKey
from vallum.tokens.jwk import _ED25519_P, _ED25519_Y8, admit

ALL = ("RS256", "ES256", "ES384", "EdDSA")


def test_an_admitted_key_is_bound_to_one_algorithm() -> None:
    key = admit(public_jwk(make_key("ES256")), algorithms=ALL)
    assert key is not None
    assert (key.kid, key.algorithm.name) == ("k1", "ES256")
    with pytest.raises(InvalidToken, match=r"jwt\.signature"):
        key.verify(b"text", bytes(64))
    assert "k1" in repr(key)
    assert "_key" not in repr(key)


def test_the_curve_or_the_issuer_can_say_which_algorithm() -> None:
    for algorithm in ("ES256", "ES384", "EdDSA", "RS256"):
        key = admit(public_jwk(make_key(algorithm), alg=...), algorithms=ALL)
        assert key is not None
        assert key.algorithm.name == algorithm


def test_nobody_says_which_algorithm() -> None:
    with pytest.raises(RefusedKey, match="alg-ambiguous"):
        admit(public_jwk(make_key("RS256"), alg=...), algorithms=("RS256", "PS256"))


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": None},
        {"use": ["sig"]},
        {"use": ..., "key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"alg": "RSA-OAEP-256"},
        {"alg": "ES512"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": ..., "kty": "AKP"},
        {"alg": ..., "crv": "secp256k1"},
        {"alg": ..., "kty": ["EC"]},
    ],
)
def test_keys_that_are_not_for_us(changes: dict[str, object]) -> None:
    assert admit(public_jwk(make_key("ES256"), **changes), algorithms=ALL) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kid": 7}, "kid"),
        ({"kid": "a/b"}, "kid"),
        ({"kid": ""}, "kid"),
        ({"kty": "RSA"}, "alg-mismatch"),
        ({"crv": "P-384"}, "alg-mismatch"),
        ({"crv": ["P-256"]}, "alg-mismatch"),
        ({"d": "AAAA"}, "private"),
        ({"d": None}, "private"),
        ({"x": ...}, "malformed"),
        ({"x": "AAAA"}, "malformed"),
        ({"x": b64(bytes(33)).decode()}, "malformed"),
        ({"x": b64(bytes(32)).decode()}, "malformed"),
        ({"x": b64(b"\xff" * 32).decode()}, "malformed"),
        ({"y": 7}, "malformed"),
    ],
)
def test_keys_for_us_that_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(RefusedKey, match=problem):
        admit(public_jwk(make_key("ES256"), **changes), algorithms=ALL)


def test_a_leading_zero_of_a_modulus_is_forgiven() -> None:
    """RFC 7518 §6.3.1.1 notes that some libraries write one."""
    jwk = public_jwk(make_key("RS256"))
    import base64

    modulus = base64.urlsafe_b64decode(jwk["n"] + "==")
    assert admit({**jwk, "n": b64(b"\x00" + modulus).decode()}, algorithms=ALL) is not None


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """The addition law of edwards25519 (RFC 8032 §5.1.4), in affine coordinates."""
    prime = _ED25519_P
    d = -121665 * pow(121666, -1, prime)
    (x1, y1), (x2, y2) = one, other
    product = d * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, prime)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, prime)
    return x % prime, y % prime


def test_the_points_of_order_eight_are_those() -> None:
    prime = _ED25519_P
    d = -121665 * pow(121666, -1, prime)
    for y in (_ED25519_Y8, prime - _ED25519_Y8):
        square = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
        x = pow(square, (prime + 3) // 8, prime)
        if x * x % prime != square:
            x = x * pow(2, (prime - 1) // 4, prime) % prime
        assert x * x % prime == square
        point = (x, y)
        for _ in range(2):
            point = _add(point, point)
            assert point != (0, 1)
        assert _add(point, point) == (0, 1)


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed448"])
def test_small_order_and_length_of_edwards_points(algorithm: str) -> None:
    good: dict[str, Any] = public_jwk(make_key(algorithm))
    assert admit(good, algorithms=(algorithm,)) is not None
    size = 57 if algorithm == "Ed448" else 32
    for bad in (bytes(size), b"\x01" + bytes(size - 1), b"\xff" * size):
        with pytest.raises(RefusedKey, match="small-order"):
            admit({**good, "x": b64(bad).decode()}, algorithms=(algorithm,))
    with pytest.raises(RefusedKey, match="malformed"):
        admit({**good, "x": b64(bytes(size - 1)).decode()}, algorithms=(algorithm,))
