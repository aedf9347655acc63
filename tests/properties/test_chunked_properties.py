"""The chunked decoder against llhttp and h11, and however the input is cut (B-013 … B-018)."""

from __future__ import annotations

import itertools
import re
from collections import deque

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.readers import read_with_h11, read_with_llhttp

from vallum.core.problems import Denied
from vallum.wire.chunked import MAX_EXTENSION, MAX_OVERHEAD, ChunkedDecoder

_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_READERS = (read_with_llhttp, read_with_h11)
_MAY_HAVE_BWS = re.compile(rb"[0-9A-Fa-f];[^\r\n]*[\t ]")
_SETTINGS = settings(max_examples=150, deadline=None)

Outcome = tuple[str, bytes, bytes]
"""`done`, `waits` or `refused`; the data before that; what followed the body."""


def _decode(pieces: list[bytes]) -> Outcome:
    decoder = ChunkedDecoder()
    data = b""
    for number, piece in enumerate(pieces):
        try:
            data += decoder.feed(piece)
        except Denied:
            return "refused", data, b""
        if decoder.done:
            return "done", data, decoder.rest + b"".join(pieces[number + 1 :])
    return "waits", data, b""


_TOKENS = st.text("abcXYZ019-_!#~", min_size=1, max_size=5).map(str.encode)
_QUOTED = st.binary(max_size=6).map(
    lambda value: b'"' + value.translate(None, bytes(range(0x20)) + b'"\\\x7f') + b'"'
)
_EXTENSIONS = st.lists(
    st.one_of(
        _TOKENS.map(lambda name: b";" + name),
        st.tuples(_TOKENS, _TOKENS | _QUOTED).map(lambda pair: b";" + b"=".join(pair)),
    ),
    max_size=3,
).map(b"".join)
_TRAILERS = st.lists(
    st.sampled_from([b"X-Sum: 1\r\n", b"Etag:\r\n", b"X-Note:\ta \xe4 b \r\n"]), max_size=3
).map(b"".join)


@st.composite
def _coded_bodies(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A valid chunked body and its data."""
    coded, data = b"", b""
    for chunk in draw(st.lists(st.binary(min_size=1, max_size=20), max_size=5)):
        size = draw(st.sampled_from([b"%x", b"%X", b"%04x", b"%08X"])) % len(chunk)
        coded += size + draw(_EXTENSIONS) + b"\r\n" + chunk + b"\r\n"
        data += chunk
    last = draw(st.sampled_from([b"0", b"000"])) + draw(_EXTENSIONS) + b"\r\n"
    return coded + last + draw(_TRAILERS) + b"\r\n", data


_WOUNDS = st.sampled_from(
    [
        b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b";", b'"', b"\\", b"=", b",", b":", b"0", b"0x",
        b"+", b"-", b"_", b"a", b"F" * 9, b"\x80", b"\xff", b"\x7f", b"\x0b", "５".encode(),
        b"X: y\r\n", b"Content-Length: 1\r\n",
    ]
)  # fmt: skip


@st.composite
def _wounded_bodies(draw: st.DrawFn) -> bytes:
    """A chunked body with up to four bytes or tokens put in, taken out or replaced."""
    coded, _ = draw(_coded_bodies())
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(coded)))
        taken = draw(st.integers(0, 1))
        coded = coded[:place] + draw(_WOUNDS | st.just(b"")) + coded[place + taken :]
    return coded


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


_CUTS = st.lists(st.integers(0, 10_000), max_size=8)


@_SETTINGS
@given(body=_coded_bodies(), places=_CUTS, after=st.binary(max_size=10))
def test_a_valid_body_is_decoded_whatever_the_cuts(
    body: tuple[bytes, bytes], places: list[int], after: bytes
) -> None:
    coded, data = body
    assert _decode(_cut(coded + after, places)) == ("done", data, after)


@_SETTINGS
@given(body=_coded_bodies())
def test_a_body_that_is_not_complete_is_waited_for(body: tuple[bytes, bytes]) -> None:
    coded, data = body
    for end in range(len(coded)):
        verdict, part, _ = _decode([coded[:end]])
        assert verdict == "waits"
        assert data.startswith(part)


@_SETTINGS
@given(coded=_wounded_bodies(), places=_CUTS)
@example(coded=b"5\r\nhello\n\r\n0\r\n\r\n", places=[1])
@example(coded=b"5 ;a=b\r\nhello\r\n0\r\n\r\n", places=[])
def test_the_verdict_is_the_same_whatever_the_cuts(coded: bytes, places: list[int]) -> None:
    whole = _decode([coded])
    for pieces in (_cut(coded, places), [coded[i : i + 1] for i in range(len(coded))]):
        cut = _decode(pieces)
        assert cut[0] == whole[0]
        if whole[0] != "refused":
            assert cut == whole


@_SETTINGS
@given(coded=_wounded_bodies())
@example(coded=b"5 ;a=b\r\nhello\r\n0\r\n\r\n")
@example(coded=b"5;a =b\r\nhello\r\n0\r\n\r\n")
@example(coded=b"5;\r\nhello\r\n0\r\n\r\n")
@example(coded=b'5;"a"\r\nhello\r\n0\r\n\r\n')
def test_what_is_decoded_others_decode_alike(coded: bytes) -> None:
    verdict, data, rest = _decode([coded])
    message = _HEAD + coded.removesuffix(rest)
    if verdict == "done":
        # llhttp refuses the whitespace that RFC 9112 §7.1.1 allows in an extension.
        readers = (read_with_h11,) if _MAY_HAVE_BWS.search(coded) else _READERS
        for read in readers:
            reading = read(message)
            assert reading is not None
            assert reading.body == data
            assert read(message[:-1]) is None, "the other would end the body earlier"
    elif verdict == "waits":
        # Nobody takes a part of the message for the whole of it.
        assert _llhttp_does_not_end(message)


def _llhttp_does_not_end(message: bytes) -> bool:
    try:
        return read_with_llhttp(message) is None
    except ValueError:
        return True


@_SETTINGS
@given(size=st.integers(2, 4 * MAX_EXTENSION))
def test_the_extension_of_a_chunk_is_bounded(size: int) -> None:
    coded = b"1;" + b"e" * (size - 1) + b"\r\nx\r\n0\r\n\r\n"
    expected = "done" if size <= MAX_EXTENSION else "refused"
    assert _decode([coded])[0] == expected
    assert _decode([coded[i : i + 1] for i in range(len(coded))])[0] == expected


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"", b"1;" + b"e" * (MAX_EXTENSION - 1) + b"\r\nx\r\n"),
        (b"", b"1;e\r\nx\r\n"),
        (b"0\r\n", b"X-A: 1\r\n"),
        (b"1;" + b"e" * (MAX_EXTENSION - 1) + b"\r\nx\r\n0\r\n", b"X-B:\r\n"),
    ],
)
def test_extensions_and_trailers_of_a_message_are_bounded_together(
    start: bytes, part: bytes
) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(start)
    parts = itertools.repeat(part, MAX_OVERHEAD)
    with pytest.raises(Denied) as caught:
        deque(map(decoder.feed, parts), maxlen=0)
    assert caught.value.reason == "http.chunk-overhead"
    assert caught.value.close


@_SETTINGS
@given(start=st.sampled_from([b"", b"1;", b"0\r\n", b"0\r\nX: "]), piece=st.integers(1, 5000))
def test_an_endless_line_is_not_kept(start: bytes, piece: int) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(start)
    pieces = itertools.repeat(b"a" * piece, MAX_OVERHEAD // piece + 2)
    with pytest.raises(Denied) as caught:
        deque(map(decoder.feed, pieces), maxlen=0)
    assert caught.value.reason == "http.chunk-overhead"
