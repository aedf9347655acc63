"""The form of API keys."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.core.secret import Secret
from vallum.tokens.api_key import InvalidAPIKey, generate, key_hash, read_id, verify_hash


def test_form() -> None:
    new = generate(secrets.token_bytes)
    text = new.text.reveal()
    prefix, key_id, secret = text.decode().split("_")
    assert prefix == "vlm"
    assert key_id == new.id
    assert len(key_id) == 17
    assert len(secret) == 43 + 6
    assert read_id(text) == new.id
    assert text.decode() not in repr(new)


def test_all_of_the_randomness_is_in_the_key() -> None:
    for source in (bytes, lambda size: b"\xff" * size):
        text = generate(source).text.reveal().decode()
        key_id, secret = text.split("_")[1:]
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        value = 0
        for digit in secret[:43]:
            value = value * 62 + digits.index(digit)
        assert value == int.from_bytes(source(32), "big")
        value = 0
        for digit in key_id:
            value = value * 62 + digits.index(digit)
        assert value == int.from_bytes(source(12), "big")


@given(st.integers(0, 72), st.sampled_from(b"0AZaz9"))
def test_one_wrong_character_is_always_seen(position: int, character: int) -> None:
    text = generate(lambda size: bytes(range(size))).text.reveal()
    position %= len(text)
    wrong = text[:position] + bytes([character]) + text[position + 1 :]
    if wrong != text:
        with pytest.raises(InvalidAPIKey):
            read_id(wrong)


def test_hashes_need_the_pepper() -> None:
    text = generate(secrets.token_bytes).text.reveal()
    pepper = Secret(bytes(32))
    stored = key_hash(text, pepper)
    assert len(stored) == 32
    verify_hash(text, stored, pepper)
    for wrong, other in ((text + b"x", pepper), (text, Secret(b"\x01" * 32))):
        with pytest.raises(InvalidAPIKey):
            verify_hash(wrong, stored, other)
