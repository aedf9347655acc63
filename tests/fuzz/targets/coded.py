"""Content codings: caps hold, and the libraries' own whole-buffer decoders find the same."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import zstandard
from tests.fuzz import seeds
from tests.fuzz.target import Target, require

from vallum.wire.codings import (
    MAX_RATIO,
    RATIO_FLOOR,
    CodingTooLarge,
    MalformedCoding,
    decode,
)

_LIMIT = 200_000
_CONTENTS = (b"", *seeds.JSON, b"ab" * 500, bytes(range(256)) * 3, b"x" * 70_000, b"y" * 300_000)


def _whole_gzip(body: bytes) -> bytes:
    return zlib.decompress(body, 31)


def _whole_zstd(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(
        body, max_output_size=2 * _LIMIT, allow_extra_data=False
    )


_WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _whole_gzip,
    "br": brotli.decompress,
    "zstd": _whole_zstd,
}
_ERRORS = (zlib.error, brotli.error, zstandard.ZstdError)


def _runner(coding: str) -> Callable[[bytes], None]:
    def run(body: bytes) -> None:
        try:
            content = decode(coding, body, _LIMIT)
        except CodingTooLarge:
            return
        except MalformedCoding as error:
            # zstd: other frames, windows and dictionaries are refused although they are right.
            if coding != "zstd" and error.code == "syntax":
                require(not _is_whole(coding, body), "a good body was refused", body)
            return
        require(len(content) <= _LIMIT, "over the limit", len(content))
        most = max(RATIO_FLOOR, MAX_RATIO * len(body))
        require(len(content) <= most, "over the ratio", len(content), len(body))
        require(_WHOLE[coding](body) == content, "another content", body)

    return run


def _is_whole(coding: str, body: bytes) -> bool:
    try:
        _WHOLE[coding](body)
    except _ERRORS:
        return False
    return True


def make_gzip() -> Target:
    """`gzip`."""
    streams = [gzip.compress(content, mtime=0) for content in _CONTENTS]
    named = b"\x1f\x8b\x08\x1c\0\0\0\0\0\3\2\0abname\0note\0" + streams[1][10:]
    return _target("gzip", (*streams, named, streams[1] * 2))


def make_br() -> Target:
    """`br`."""
    return _target("br", tuple(brotli.compress(content) for content in _CONTENTS))


def make_zstd() -> Target:
    """`zstd`."""
    plain, checked = zstandard.ZstdCompressor(), zstandard.ZstdCompressor(write_checksum=True)
    streams = [each.compress(content) for each in (plain, checked) for content in _CONTENTS]
    unsized = zstandard.ZstdCompressor(write_content_size=False)
    skippable = b"\x50\x2a\x4d\x18\x02\0\0\0ab"
    more = [unsized.compress(content) for content in _CONTENTS]
    return _target("zstd", (*streams, *more, skippable + streams[1], streams[1] + skippable))


def _target(coding: str, streams: tuple[bytes, ...]) -> Target:
    short = tuple(stream for stream in streams if len(stream) <= 4096)
    return Target(name=coding, run=_runner(coding), seeds=short, tokens=short[:6])
