"""Hostile cases B-109 and B-110: content codings, through real sockets."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from tests.support.arena import Arena, post_chunked, post_json, request

NAME = b'{"name":"a"}'
TOO_LARGE = "body-too-large"
UNSUPPORTED = "unsupported-media-type"
ENCODE = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def coded(coding: str, body: bytes) -> bytes:
    """A POST of coded JSON where codings are taken."""
    return post_json(body, f"Content-Encoding: {coding}", target="/coded")


@pytest.mark.parametrize("coding", ENCODE)
@pytest.mark.parametrize("chunked", [False, True])
def test_b110_ce_mismatch_good_bodies_go_on_decoded(
    content: Arena, coding: str, *, chunked: bool
) -> None:
    mark = content.upstream.mark()
    body = ENCODE[coding](NAME)
    lines = (f"Content-Encoding: {coding}", "Content-Digest: sha-256=:AAAA:")
    if chunked:
        framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        raw = post_chunked(framed, *lines, target="/coded")
    else:
        raw = post_json(body, *lines, target="/coded")
    assert content.send(raw).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert received.body == NAME
    assert received.get("content-length") == b"%d" % len(NAME)
    assert not {"content-encoding", "content-digest", "transfer-encoding"} & set(received.names())


def test_b110_ce_mismatch_a_body_that_nothing_reads_is_decoded_too(content: Arena) -> None:
    mark = content.upstream.mark()
    lines = ("Content-Type: application/octet-stream", "Content-Encoding: gzip")
    raw = request("POST", "/coded/blob", *lines, body=gzip.compress(b"\0\1\2"))
    assert content.send(raw).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert (received.body, "content-encoding" in received.names()) == (b"\0\1\2", False)


@pytest.mark.parametrize(
    "value",
    [
        "gzip, gzip",
        "identity, gzip",
        "gzip, identity",
        "gzip, gzip, br",
        "deflate",
        "compress",
        "x-gzip",
        "aes128gcm",
        "exi",
        "*",
        "",
        "gzip;q=1",
        "gzip\t,",
        "none",
        "utf-8",
    ],
)
def test_b110_ce_mismatch_unknown_codings(content: Arena, value: str) -> None:
    reply = content.refuse(
        coded(value, gzip.compress(NAME)), 415, closed=False, problem=UNSUPPORTED
    )
    assert reply.get("accept-encoding") == "gzip, br, zstd"


@pytest.mark.parametrize("target", ["/things", "/blobs/x"])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "identity, gzip"])
def test_b109_gzip_bomb_no_coding_unless_the_policy_says_so(
    content: Arena, target: str, coding: str
) -> None:
    method = "PUT" if target.startswith("/blobs") else "POST"
    media_type = "application/octet-stream" if method == "PUT" else "application/json"
    lines = (f"Content-Type: {media_type}", f"Content-Encoding: {coding}")
    raw = request(method, target, *lines, body=gzip.compress(NAME))
    content.refuse(raw, 415, problem=UNSUPPORTED, closed=False)


def test_b110_ce_mismatch_two_fields(content: Arena) -> None:
    raw = post_json(
        gzip.compress(NAME),
        "Content-Encoding: identity",
        "Content-Encoding: gzip",
        target="/coded",
    )
    content.refuse(raw, 400, problem="malformed-request")


@pytest.mark.parametrize("coding", ENCODE)
def test_b110_ce_mismatch_another_body_than_it_says(content: Arena, coding: str) -> None:
    whole = ENCODE[coding](NAME)
    twice = ENCODE[coding](whole)
    others = [ENCODE[other](NAME) for other in ENCODE if other != coding]
    bodies = [NAME, whole[:-1], whole + b"x", whole + whole, twice, b"\0", *others]
    for body in bodies:
        content.refuse(coded(coding, body), 400, closed=False, problem="contract-violation")


def test_b109_gzip_bomb_deflate_is_ambiguous(content: Arena) -> None:
    raw = zlib.compressobj(wbits=-15)
    for body in (zlib.compress(NAME), raw.compress(NAME) + raw.flush()):
        content.refuse(coded("gzip", body), 400, closed=False)
        content.refuse(coded("deflate", body), 415, closed=False)


def test_b109_gzip_bomb_what_is_inside_is_judged(content: Arena) -> None:
    for coding, encode in ENCODE.items():
        for body in (b'{"name":"a","is_admin":true}', b'{"name":"a","name":"b"}', b"[" * 99):
            content.refuse(coded(coding, encode(body)), 400, closed=False)


@pytest.mark.parametrize("coding", ENCODE)
def test_b109_gzip_bomb(content: Arena, coding: str) -> None:
    """1 GB in a body that is small: nothing of it is ever held."""
    piece = bytes(16 * 1024 * 1024)
    if coding == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(piece) for _ in range(8)) + packer.flush()
    elif coding == "br":
        maker = brotli.Compressor(quality=1)
        bomb = b"".join(maker.process(piece) for _ in range(64)) + maker.finish()
    else:
        stream = zstandard.ZstdCompressor(level=1).compressobj()
        bomb = b"".join(stream.compress(piece) for _ in range(64)) + stream.flush()
    assert len(bomb) < 256 * 1024
    content.good()
    before = content.gateway.rss_bytes()
    for _ in range(3):
        content.refuse(coded(coding, bomb), 413, closed=False, problem=TOO_LARGE)
    assert content.gateway.rss_bytes() - before < 20 * 1024 * 1024


def test_b109_gzip_bomb_nested(content: Arena) -> None:
    body = gzip.compress(gzip.compress(brotli.compress(bytes(1_000_000))))
    content.refuse(coded("gzip, gzip, br", body), 415, closed=False)
    content.refuse(coded("gzip", body), 400, closed=False)


def test_b109_gzip_bomb_zstd_window(content: Arena) -> None:
    frame = b"\x28\xb5\x2f\xfd\x00" + b"\xa8" + b"\x01\x00\x00"  # A window of 2 GiB.
    before = content.gateway.rss_bytes()
    content.refuse(coded("zstd", frame), 400, closed=False)
    assert content.gateway.rss_bytes() - before < 20 * 1024 * 1024
