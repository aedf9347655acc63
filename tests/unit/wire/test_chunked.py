"""The chunked coding, case by case; properties of it are in tests/properties."""

from __future__ import annotations

import pytest

from vallum.core.problems import Denied
from vallum.wire.chunked import MAX_EXTENSION, ChunkedDecoder


def _decode(coded: bytes) -> ChunkedDecoder:
    decoder = ChunkedDecoder()
    decoder.feed(coded)
    return decoder


@pytest.mark.parametrize(
    ("coded", "data"),
    [
        (b"0\r\n\r\n", b""),
        (b"00000000\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"a\r\n0123456789\r\n1\r\n\n\r\n0\r\n\r\n", b"0123456789\n"),
        (b"00000001\r\nx\r\n0\r\n\r\n", b"x"),
        (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
        (b"1;a\r\nx\r\n0;b=c\r\n\r\n", b"x"),
        (b"1; a\r\nx\r\n0; b = c ; d\r\n\r\n", b"x"),
        (b'1;a="b;\\"\xe4";c=d\r\nx\r\n0\r\n\r\n', b"x"),
        (b"1; a\t=\tb ; c\r\nx\r\n0;\tc\r\n\r\n", b"x"),
        (b"1\r\nx\r\n0\r\nX-Sum: 1\r\nEtag: a\r\n\r\n", b"x"),
    ],
)
def test_a_body_is_decoded(coded: bytes, data: bytes) -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(coded + b"GET /") == data
    assert decoder.done
    assert decoder.rest == b"GET /"


@pytest.mark.parametrize(
    "size",
    [
        b"", b" ", b"0x5", b"+5", b"-0", b"-5", b"0_2", b" 5", b"5 ", b"\t5", b"5\t", b"g", b"5h",
        b"5\x00", b"FFFFFFFFF", b"000000005", b"FFFFFFFFFFFFFFFFF", "５".encode(), b"5,", b"5.0",
        b"5 ;a", b"5\t;a", b"5;", b"5;a ", b"5;a b", b"5;;a", b"5;=b", b"5;a=", b'5;a="b',
        b"5;a\tb", b"5;a\rb", b"5;a\nb", b"5;a\x00b", b"5;a\x7f", b'5;a="\x01"', b'5;"a"',
    ],
)  # fmt: skip
def test_b013_b015_b017_any_other_size_line_is_refused(size: bytes) -> None:
    with pytest.raises(Denied) as caught:
        _decode(size + b"\r\nhello\r\n0\r\n\r\n")
    assert (caught.value.status, caught.value.close) == (400, True)


@pytest.mark.parametrize("end", [b"XX", b"\n", b"\n\n", b"\r\r", b"\rX", b"", b" \r\n"])
def test_b014_chunk_data_ends_with_crlf_alone(end: bytes) -> None:
    with pytest.raises(Denied):
        _decode(b"5\r\nhello" + end + b"0\r\n\r\n")


@pytest.mark.parametrize(
    "coded", [b"5\nhello\r\n", b"5\r\nhello\r\n0\n\n", b"0\r\n\n", b"5\r5\r\n"]
)
def test_b015_a_bare_cr_or_lf_ends_no_line(coded: bytes) -> None:
    with pytest.raises(Denied):
        _decode(coded)


@pytest.mark.parametrize(
    "trailer",
    [
        b"Authorization: x", b"HOST: x", b"Content-Length: 1", b"Transfer-Encoding: chunked",
        b"Content-Type: a/b", b"Content-Encoding: gzip", b"Cookie: a", b"Set-Cookie: a=b",
        b"Connection: x", b"Expect: 100-continue", b"Trailer: x", b"TE: x", b"Upgrade: x",
        b"X-User-Id: 1", b"X_User_Id: 1", b" folded: x", b"no colon", b": x", b"A : x", b"A: \0",
        b"A: b\rc", b"A: b\nc",
    ],
)  # fmt: skip
def test_b018_a_forbidden_or_broken_trailer_is_refused(trailer: bytes) -> None:
    with pytest.raises(Denied) as caught:
        _decode(b"0\r\n" + trailer + b"\r\n\r\n")
    assert caught.value.close


def test_b016_an_extension_that_never_ends_is_refused_before_it_ends() -> None:
    decoder = ChunkedDecoder()
    decoder.feed(b"1;" + b"e" * MAX_EXTENSION)
    with pytest.raises(Denied) as caught:
        decoder.feed(b"e" * MAX_EXTENSION)
    assert caught.value.reason == "http.chunk-overhead"


def test_nothing_is_taken_as_body_before_it_is_there() -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"5\r\nhe") == b"he"
    assert decoder.feed(b"") == b""
    assert decoder.feed(b"llo") == b"llo"
    assert not decoder.done
    assert decoder.feed(b"\r\n0\r\n") == b""
    assert not decoder.done
    assert decoder.feed(b"\r\n") == b""
    assert decoder.done
