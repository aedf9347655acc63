"""Content codings undone: exact streams only, under caps."""

from __future__ import annotations

import gzip
import zlib
from random import Random

import brotli
import pytest
import zstandard

from vallum.wire.codings import (
    CODINGS,
    MAX_RATIO,
    RATIO_FLOOR,
    CodingTooLarge,
    MalformedCoding,
    decode,
)

LIMIT = 1_000_000
LONG = Random(1).randbytes(60_000).hex().encode()
TEXT = b'{"name":"' + bytes(range(35, 92)) * 20 + b'"}'
ENCODE = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def code_of(coding: str, body: bytes, limit: int = LIMIT) -> str:
    """Why a body is refused."""
    with pytest.raises(MalformedCoding) as caught:
        decode(coding, body, limit)
    return caught.value.code


def test_the_codings() -> None:
    assert CODINGS.keys() == ENCODE.keys()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("content", [b"", b"a", TEXT, LONG])
def test_round_trip(coding: str, content: bytes) -> None:
    assert decode(coding, ENCODE[coding](content), LIMIT) == content


@pytest.mark.parametrize("coding", CODINGS)
def test_exactly_one_whole_stream(coding: str) -> None:
    whole = ENCODE[coding](TEXT)
    assert code_of(coding, TEXT) == "syntax"
    assert code_of(coding, b"") in ("truncated", "syntax")
    for end in range(1, len(whole)):
        assert code_of(coding, whole[:end]) in ("truncated", "syntax")
    for behind in (b"\0", b"garbage", whole, b"\x50\x2a\x4d\x18\x01\0\0\0x"):
        assert code_of(coding, whole + behind) in ("trailing", "syntax")
        long = ENCODE[coding](LONG)
        assert code_of(coding, long + behind) in ("trailing", "syntax")


@pytest.mark.parametrize("coding", CODINGS)
def test_size_and_ratio(coding: str) -> None:
    fits = ENCODE[coding](bytes(RATIO_FLOOR))
    assert len(decode(coding, fits, LIMIT)) == RATIO_FLOOR
    with pytest.raises(CodingTooLarge):
        decode(coding, fits, RATIO_FLOOR - 1)
    with pytest.raises(CodingTooLarge):
        decode(coding, ENCODE[coding](bytes(RATIO_FLOOR + MAX_RATIO * 1_000)), LIMIT)


def test_other_spellings_of_deflate_are_no_gzip() -> None:
    assert code_of("gzip", zlib.compress(TEXT)) == "syntax"
    raw = zlib.compressobj(wbits=-15)
    assert code_of("gzip", raw.compress(TEXT) + raw.flush()) == "syntax"


def test_a_wrong_checksum() -> None:
    whole = bytearray(gzip.compress(TEXT))
    whole[-6] ^= 1
    assert code_of("gzip", bytes(whole)) == "syntax"
    checked = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT))
    checked[-1] ^= 1
    assert code_of("zstd", bytes(checked)) == "syntax"


def test_zstd_windows_and_dictionaries_of_nobody() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27, strategy=1)
    stream = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    assert code_of("zstd", stream.compress(TEXT) + stream.flush()) == "syntax"
    # The largest window that a frame can ask for, about 3.75 TiB.
    assert code_of("zstd", b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00") == "syntax"
    dictionary = zstandard.ZstdCompressionDict(b"name" * 100)
    known = zstandard.ZstdCompressor(dict_data=dictionary).compress(TEXT * 3)
    decoded = known
    try:
        decoded = decode("zstd", known, LIMIT)
    except MalformedCoding:
        return
    assert decoded == TEXT * 3, "a dictionary that was not needed"


def test_a_skippable_frame_in_front_is_no_body() -> None:
    skipped = b"\x50\x2a\x4d\x18\x01\0\0\0x"
    assert code_of("zstd", skipped + ENCODE["zstd"](TEXT)) == "syntax"


def test_a_zstd_frame_that_says_another_size_than_it_has() -> None:
    """Decoders of whole bodies refuse it; those of streams do not look."""
    # It says 2,100,330 bytes and holds one empty block.
    assert code_of("zstd", bytes.fromhex("28b52ffd80196a0c2000010000")) == "syntax"
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)
    assert decode("zstd", unsized, LIMIT) == TEXT
