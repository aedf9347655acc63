"""RFC 6238, Appendix B, and RFC 4226, Appendix D: what every authenticator application computes."""

from __future__ import annotations

import base64

import pytest

from vallum.identity.people.totp import (
    code_at,
    key_uri,
    matching_step,
    seed_in_words,
    step_at,
)

SEED = b"12345678901234567890"

RFC_6238 = [
    (59, 0x1, "94287082"),
    (1111111109, 0x23523EC, "07081804"),
    (1111111111, 0x23523ED, "14050471"),
    (1234567890, 0x273EF07, "89005924"),
    (2000000000, 0x3F940AA, "69279037"),
    (20000000000, 0x27BC86AA, "65353130"),
]
RFC_4226 = [
    *("755224", "287082", "359152", "969429", "338314"),
    *("254676", "287922", "162583", "399871", "520489"),
]


@pytest.mark.parametrize(("now", "step", "code"), RFC_6238)
def test_rfc_6238_appendix_b(now: int, step: int, code: str) -> None:
    assert step_at(now) == step
    assert code_at(SEED, step, digits=8) == code
    assert code_at(SEED, step) == code[2:]
    assert matching_step(SEED, code[2:], now, after=0) == step


@pytest.mark.parametrize(("count", "code"), list(enumerate(RFC_4226)))
def test_rfc_4226_appendix_d(count: int, code: str) -> None:
    assert code_at(SEED, count) == code


def test_the_window_is_this_step_and_the_one_before() -> None:
    now = 1_800_000_015.0
    step = step_at(now)
    taken = {
        ahead: matching_step(SEED, code_at(SEED, step + ahead), now, after=0)
        for ahead in range(-3, 4)
    }
    assert taken == {-3: None, -2: None, -1: step - 1, 0: step, 1: None, 2: None, 3: None}
    assert matching_step(SEED, code_at(SEED, step), now, after=step) is None
    assert matching_step(SEED, code_at(SEED, step - 1), now, after=step - 1) is None
    assert matching_step(SEED, code_at(SEED, step - 1), now, after=step - 2) == step - 1


@pytest.mark.parametrize("typed", ["287 082", "287-082", " 287082 ", "287\u00a0082"])
def test_codes_are_read_as_people_type_them(typed: str) -> None:
    assert matching_step(SEED, typed, 59, after=0) == 1


@pytest.mark.parametrize(
    "typed", ["", "28708", "2870820", "٢٨٧٠٨٢", "28708x", "²87082", "2" * 10**6]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert matching_step(SEED, typed, 59, after=0) is None


def test_the_uri_says_what_applications_read() -> None:
    uri = key_uri(SEED, service="Ann's Shop: new", account="ann+x@example.org")
    assert uri == (
        "otpauth://totp/Ann%27s%20Shop%3A%20new:ann%2Bx%40example.org"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ann%27s%20Shop%3A%20new"
        "&algorithm=SHA1&digits=6&period=30"
    )
    assert base64.b32decode(seed_in_words(SEED).replace(" ", "")) == SEED
