"""Base64url with one spelling for each value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.minting import b64

from vallum.tokens.base64url import decode, decode_text


@given(st.binary(max_size=200))
def test_what_was_encoded_comes_back(value: bytes) -> None:
    assert decode(b64(value)) == value
    assert decode_text(b64(value).decode()) == value


@given(st.text(alphabet="AQgwBE-_+/= \n", max_size=9))
def test_no_value_has_two_spellings(text: str) -> None:
    try:
        value = decode_text(text)
    except ValueError:
        return
    assert b64(value) == text.encode()


@pytest.mark.parametrize(
    "text", [b"A", b"AAAAA", b"AB", b"AAB", b"QQ==", b"+A", b"/A", b"Q Q", b"QQ\n"]
)
def test_other_spellings_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="base64url"):
        decode(text)


@pytest.mark.parametrize("value", [None, 7, b"QQ", ["QQ"], "QQé", "ＱＱ"])
def test_json_values_that_are_no_base64url(value: object) -> None:
    with pytest.raises(ValueError, match="base64url"):
        decode_text(value)
