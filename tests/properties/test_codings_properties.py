"""Content codings on arbitrary bytes: no crash, caps hold, and one meaning only."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum.wire.codings import CODINGS, CodingTooLarge, MalformedCoding, decode

ENCODE = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
LIMIT = 200_000
_SETTINGS = settings(max_examples=100, deadline=None)


def outcome(coding: str, body: bytes) -> bytes | str:
    """The content, or why there is none."""
    try:
        content = decode(coding, body, LIMIT)
    except MalformedCoding as error:
        return error.code
    except CodingTooLarge:
        return "too large"
    assert len(content) <= LIMIT
    return content


@pytest.mark.parametrize("coding", CODINGS)
@given(data=st.data())
@_SETTINGS
def test_broken_streams_never_mean_something_else(coding: str, data: st.DataObject) -> None:
    """A stream with a byte changed, cut or put in is refused, or means what it says and ends."""
    content = data.draw(st.binary(max_size=200) | st.just(b"ab" * 500))
    body = bytearray(ENCODE[coding](content))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 2))
        body[place : place + cut] = data.draw(st.binary(max_size=3))
    found = outcome(coding, bytes(body))
    if isinstance(found, bytes):
        # What was accepted is accepted whole: nothing can follow, nothing can be missing.
        assert outcome(coding, bytes(body) + b"\0") in ("trailing", "syntax", "too large")
        assert isinstance(outcome(coding, bytes(body)[:-1]), str)


@pytest.mark.parametrize("coding", CODINGS)
@given(body=st.binary(max_size=400))
@_SETTINGS
def test_arbitrary_bytes(coding: str, body: bytes) -> None:
    outcome(coding, body)
    if coding == "zstd":
        outcome(coding, b"\x28\xb5\x2f\xfd" + body)
    elif coding == "gzip":
        outcome(coding, b"\x1f\x8b\x08\x00\0\0\0\0\0\3" + body)


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=2_000))
@_SETTINGS
def test_round_trip(coding: str, content: bytes) -> None:
    assert outcome(coding, ENCODE[coding](content)) == content
