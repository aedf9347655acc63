"""How large an image becomes, from its head alone (B-124)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final

_Size = tuple[int, int]
_MOST_SEGMENTS: Final = 1_000
# JPEG: start of frame, but not DHT, JPG and DAC, which stand in the same range.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def pixels_of(kind: str, content: bytes) -> int | None:
    """The pixels of an image, or None where its head does not tell."""
    try:
        width, height = _READERS[kind](content)
    except (struct.error, IndexError, ValueError):
        return None
    return width * height if width and height else None


def _png(content: bytes) -> _Size:
    if content[8:16] != b"\0\0\0\x0dIHDR":
        raise ValueError("no IHDR")
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _gif(content: bytes) -> _Size:
    # SECURITY: `GIF89a=/*` is a script to whoever is told so; no image has such a size.
    if content[6:8] in (b"=/", b"/*", b"='", b'="', b"=1"):
        raise ValueError("a script")
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _jpeg(content: bytes) -> _Size:
    position = 2
    for _ in range(_MOST_SEGMENTS):
        marker, kind = content[position], content[position + 1]
        if marker != 0xFF:
            break
        if kind == 0xFF:  # Fill.
            position += 1
            continue
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", content, position + 5)
            return width, height
        if kind == 0xDA:
            break
        if kind == 0x01 or 0xD0 <= kind <= 0xD9:  # Without a length.
            position += 2
            continue
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    raise ValueError("no frame")


def _webp(content: bytes) -> _Size:
    kind = content[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        height = int.from_bytes(content[27:30], "little") + 1
        return width, height
    if kind == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no frame")


_READERS: Final[Mapping[str, Callable[[bytes], _Size]]] = {
    "png": _png,
    "gif": _gif,
    "jpeg": _jpeg,
    "webp": _webp,
}

IMAGES: Final = frozenset(_READERS)
"""The kinds whose size can be read."""
