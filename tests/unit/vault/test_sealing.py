"""Sealed values: what was sealed comes back, and nothing else does."""

from __future__ import annotations

import pytest

from vallum.core.secret import Secret
from vallum.vault.sealing import SealBroken, Sealer

SEALER = Sealer(Secret(bytes(range(32))))


def test_a_sealed_value_comes_back_at_its_place() -> None:
    sealed = SEALER.seal(b"seed", "totp.seed/1")
    assert b"seed" not in sealed
    assert SEALER.open(sealed, "totp.seed/1") == b"seed"


def test_two_seals_of_one_value_differ() -> None:
    assert SEALER.seal(b"seed", "p") != SEALER.seal(b"seed", "p")


def test_a_value_that_was_moved_is_broken() -> None:
    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal(b"seed", "totp.seed/1"), "totp.seed/2")


@pytest.mark.parametrize("index", [0, 1, 13, -1])
def test_a_changed_value_is_broken(index: int) -> None:
    sealed = bytearray(SEALER.seal(b"seed", "p"))
    sealed[index] ^= 1
    with pytest.raises(SealBroken):
        SEALER.open(bytes(sealed), "p")


@pytest.mark.parametrize("length", [0, 1, 12, 28])
def test_a_short_value_is_broken(length: int) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal(b"seed", "p")[:length], "p")


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        Sealer(Secret(b"x" * 32)).open(SEALER.seal(b"seed", "p"), "p")


def test_derived_keys_differ_by_purpose() -> None:
    assert SEALER.derive(b"a") != SEALER.derive(b"b")
    assert SEALER.derive(b"a") == Sealer(Secret(bytes(range(32)))).derive(b"a")


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(Secret(b"short"))
