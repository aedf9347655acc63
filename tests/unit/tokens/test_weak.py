"""Keys that look right and protect nothing."""

from __future__ import annotations

import random

import pytest

from vallum.tokens.jwk import WEAK_SECRETS
from vallum.tokens.weak import WeakSecrets, has_roca_fingerprint, is_guessable


@pytest.mark.parametrize(
    "secret",
    [
        b"",
        b"a",
        bytes(64),
        b"ab" * 32,
        b"0123456789" * 4,
        b"correct horse " * 3,
        bytes(range(64)),
        bytes(range(200, 100, -2)),
        bytes((n * 37) % 256 for n in range(32)),
    ],
)
def test_patterns_are_seen(secret: bytes) -> None:
    assert is_guessable(secret)
    assert secret in WEAK_SECRETS


def test_random_secrets_have_none() -> None:
    source = random.Random(1)
    for size in (32, 48, 64):
        for _ in range(300):
            assert not is_guessable(source.randbytes(size))
            assert not is_guessable(source.randbytes(size).hex().encode())


def test_a_dictionary() -> None:
    known = b"a long secret that a tutorial has printed"
    assert known not in WEAK_SECRETS
    weak = WeakSecrets([b"secret\n", known + b"\r\n"])
    assert b"secret" in weak
    assert known in weak
    assert known + b"!" not in weak
    assert "secret" not in weak


def test_roca() -> None:
    """Primes of the flawed form are seen, others are not."""
    primes = [n for n in range(2, 168) if all(n % d for d in range(2, n))]
    product = 1
    for prime in primes:
        product *= prime
    source = random.Random(2)
    flawed = [
        source.getrandbits(700) * product + pow(65537, source.getrandbits(64), product)
        for _ in range(4)
    ]
    assert has_roca_fingerprint(flawed[0] * flawed[1])
    assert has_roca_fingerprint(flawed[2] * flawed[3])
    for _ in range(200):
        assert not has_roca_fingerprint(source.getrandbits(2048) | 1)
