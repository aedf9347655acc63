"""Nonces that nobody remembers."""

from __future__ import annotations

import pytest

from vallum.core.secret import Secret
from vallum.tokens.nonces import LIFETIME, REUSE, Nonces, UnknownNonce

NOW = 1_800_000_000.0


def make(byte: bytes = b"k") -> Nonces:
    """A server's nonces."""
    return Nonces(Secret(byte * 32))


def test_a_nonce_lives_five_minutes() -> None:
    nonces = make()
    nonce = nonces.issue(NOW)
    assert nonces.made_at(nonce, NOW) == NOW
    assert nonces.made_at(nonce, NOW + LIFETIME - 1) == NOW
    for moment in (NOW + LIFETIME, NOW - 10):
        with pytest.raises(UnknownNonce):
            nonces.made_at(nonce, moment)


def test_workers_of_one_server_know_each_others_and_no_other_servers() -> None:
    nonce = make().issue(NOW)
    assert make().made_at(nonce, NOW + 1) == NOW
    with pytest.raises(UnknownNonce):
        make(b"o").made_at(nonce, NOW + 1)


def test_a_nonce_is_handed_out_again_for_a_moment() -> None:
    nonces = make()
    first = nonces.issue(NOW)
    assert nonces.issue(NOW + REUSE - 0.5) == first
    second = nonces.issue(NOW + REUSE)
    assert second != first
    assert nonces.issue(NOW - 60) != second  # A clock that was set back.


@pytest.mark.parametrize("changed", ["", "x" * 29, "x" * 30, "x" * 31, "é" * 30, "=" * 30])
def test_what_is_no_nonce(changed: str) -> None:
    with pytest.raises(UnknownNonce):
        make().made_at(changed, NOW)


def test_every_character_counts() -> None:
    nonces = make()
    nonce = nonces.issue(NOW)
    for index, character in enumerate(nonce):
        other = "A" if character != "A" else "B"
        with pytest.raises(UnknownNonce):
            nonces.made_at(nonce[:index] + other + nonce[index + 1 :], NOW)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Nonces(Secret(b"short"))
