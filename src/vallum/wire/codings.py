"""Content codings (RFC 9110 §8.4) undone under caps (B-109, B-110).

What comes out is exactly what the upstream gets: one coding, one stream, complete, and nothing
behind it. Whatever two decoders could take differently is refused: several members or frames,
trailing bytes, dictionaries, deflate in either of its meanings.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final

import brotli
import zstandard

MAX_RATIO: Final = 20
"""Bytes that one coded byte may become."""
RATIO_FLOOR: Final = 64 * 1024
"""Bytes below which the ratio is of no interest: short repetitive texts are no bombs."""
_PIECE: Final = 64 * 1024
# RFC 9659 §3: an encoder of this coding must not use a larger window.
_ZSTD_WINDOW: Final = 8 * 1024 * 1024
_UNSIZED: Final = -1
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


class MalformedCoding(Exception):  # noqa: N818  (named for what it says about the body)
    """A coded body that is refused. `code`: `syntax`, `truncated` or `trailing`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CodingTooLarge(Exception):  # noqa: N818  (named for what it says about the body)
    """A body that becomes larger than it may, in all or for its coded size."""


def decode(coding: str, body: bytes, limit: int) -> bytes:
    """The content of a coded body.

    Args:
        coding: a key of `CODINGS`.
        body: the coded bytes, whole.
        limit: bytes that the content may have.

    Raises:
        MalformedCoding: it is not exactly one complete stream of this coding.
        CodingTooLarge: the content is larger than `limit`, or far larger than its coded size.
    """
    most = min(limit, max(RATIO_FLOOR, MAX_RATIO * len(body)))
    return CODINGS[coding](body, most)


def _gzip(body: bytes, most: int) -> bytes:
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = decoder.decompress(body, most + 1)
    except zlib.error:
        raise MalformedCoding("syntax") from None
    if len(content) > most:
        raise CodingTooLarge
    _require_end(is_done=decoder.eof, rest=decoder.unused_data)
    return content


def _brotli(body: bytes, most: int) -> bytes:
    decoder = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    data = body
    try:
        while True:
            piece = decoder.process(data, output_buffer_limit=_PIECE)
            data = b""
            size += len(piece)
            if size > most:
                raise CodingTooLarge
            pieces.append(piece)
            if decoder.is_finished() or not piece:
                break
    except brotli.error:
        # Bytes behind the end of the stream are an error to this decoder too.
        raise MalformedCoding("syntax") from None
    _require_end(is_done=decoder.is_finished(), rest=b"")
    return b"".join(pieces)


def _zstd(body: bytes, most: int) -> bytes:
    # RFC 8878 §3.1.2: a skippable frame may stand first; few decoders of this coding take one.
    if body[:4] != _ZSTD_MAGIC:
        raise MalformedCoding("syntax")
    decoders = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    try:
        # The reader stops at `most` and does not say why it stopped; so the size is bounded first.
        if len(decoders.stream_reader(body).read(most + 1)) > most:
            raise CodingTooLarge
        decoder = decoders.decompressobj()
        content = decoder.decompress(body)
        declared = zstandard.frame_content_size(body)
    except zstandard.ZstdError:
        raise MalformedCoding("syntax") from None
    _require_end(is_done=decoder.eof, rest=decoder.unused_data)
    # RFC 8878 §3.1.1.1.4: decoders of streams do not look whether the frame says its size rightly.
    if declared not in (_UNSIZED, len(content)):
        raise MalformedCoding("syntax")
    return content


def _require_end(*, is_done: bool, rest: bytes) -> None:
    if not is_done:
        raise MalformedCoding("truncated")
    if rest:
        raise MalformedCoding("trailing")


CODINGS: Final[Mapping[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _gzip,
    "br": _brotli,
    "zstd": _zstd,
}
"""The codings that can be undone, by their registered names."""
