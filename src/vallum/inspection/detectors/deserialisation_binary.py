"""Serialised objects in binary forms, as they are, in hexadecimal or in base64."""

from __future__ import annotations

import binascii
import pickletools
import re
import zlib
from typing import Final, NamedTuple

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{6,}(?:={0,2}|%3[dD]){1,2}")
_HEX = re.compile(
    r"(?<![0-9a-fA-F])(?:0x|\\x)?((?:aced0005|0408[0-9a-f]{2}|80[0-9a-f]{2}|"
    r"0001000000ff)[0-9a-f]{4,})",
    re.I,
)
_STANDARD = str.maketrans("-_", "+/")
_SIGNED = re.compile(r"--[0-9a-f]{32,}$")
_MOST_RUNS: Final = 6
_LONGEST: Final = 4096
_OBJECT: Final = 8

_JAVA: Final = b"\xac\xed\x00\x05"
_DOTNET: Final = b"\x00\x01\x00\x00\x00\xff\xff\xff\xff"
# A page of ASP.NET keeps its state in a form of its own, which may hold one of those.
_VIEW_STATE = re.compile(rb"\xff\x01\x32[\x00-\xff]{1,5}?" + re.escape(_DOTNET))
_RUBY = re.compile(rb"\x04\x08[o\[{cmIuUeCSi:\"f]")
_RUBY_OBJECT = re.compile(rb"\x04\x08[oUuecS]|[\x00-\x20\[]o:[\x06-\x40][A-Z]")
_PHP = re.compile(rb"(?:^|[;{|])[OC]:\+?\d{1,5}:\"[\w\\]{1,100}\":\d{1,5}:")
_PICKLE = re.compile(
    rb"\x80[\x02-\x05][\x95(\]}c)\x8cXKNGUq]|c[A-Za-z_][\w.]{1,40}\n[\w.]{1,40}\n|\(dp0\n|\(lp0\n"
)
_MAKING: Final = frozenset(
    {"GLOBAL", "STACK_GLOBAL", "REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"}
)
# Bytes of a text that was read as ISO 8859-1, or what a lenient UTF-8 reader left of them.
_RAW_JAVA = re.compile("(?:\xac\xed|\ufffd{1,2})\x00\x05")
_RAW_PICKLE = re.compile("[\x80\ufffd][\x02-\x05][\x95\ufffd(\\]}c)\x8cXKNGUq]")
_RAW_RUBY = re.compile("^\x04\x08[o\\[{cmIuUeCS]")


class Binary(NamedTuple):
    """A serialised object."""

    language: str
    score: int
    start: int


def find(text: str, *, in_cookie: bool) -> Binary | None:
    """The first serialised object in a binary form in `text`, or the only one that matters.

    Args:
        text: what may hold one.
        in_cookie: whether a session signed by the server is expected, with objects of its own.
    """
    best = _raw(text)
    for index, match in enumerate(_BASE64.finditer(text)):
        if index == _MOST_RUNS:
            break
        best = _better(best, _known(_decoded(match[0]), match.start()))
    hexadecimal = _HEX.search(text)
    if hexadecimal:
        digits = hexadecimal[1][: len(hexadecimal[1]) // 2 * 2]
        best = _better(best, _known(bytes.fromhex(digits), hexadecimal.start()))
    if best and best.language == "ruby" and _SIGNED.search(text):
        # Anybody can append what looks like a signature; elsewhere only plain values are signed.
        return None if in_cookie or best.score < _OBJECT else best
    return best


def _better(first: Binary | None, second: Binary | None) -> Binary | None:
    if first is None or (second is not None and second.score > first.score):
        return second
    return first


def _raw(text: str) -> Binary | None:
    match = _RAW_JAVA.search(text)
    if match:
        return Binary("java", 9, match.start())
    match = _RAW_RUBY.search(text)
    if match:
        return Binary("ruby", 8, 0)
    match = _RAW_PICKLE.search(text)
    if match or _PICKLE.match(text.encode("latin-1", "replace")):
        return _pickle(text.encode("latin-1", "replace"), match.start() if match else 0)
    return None


def _decoded(run: str) -> bytes:
    digits = run.rstrip("=")[:_LONGEST].translate(_STANDARD)
    digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def _known(data: bytes, start: int) -> Binary | None:
    if data.startswith(b"\x1f\x8b\x08"):
        data = _unpacked(data)
    # At another offset in a longer run the header is shifted, but Java's is long enough to find.
    if data.startswith(_JAVA):
        return Binary("java", 9, start)
    if data.startswith(_DOTNET) or _VIEW_STATE.match(data):
        return Binary("dotnet", 9, start)
    if _RUBY.match(data):
        return Binary("ruby", _OBJECT if _RUBY_OBJECT.search(data) else 5, start)
    if _PHP.search(data[:_LONGEST]):
        return Binary("php", 8, start)
    return _pickle(data, start) if _PICKLE.match(data) else None


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, 256)
    except zlib.error:
        return b""


def _pickle(data: bytes, start: int) -> Binary | None:
    """Walk the instructions, running none: a reader would run what they name."""
    making = False
    count = 0
    try:
        for operation, _, _ in pickletools.genops(data[:_LONGEST]):
            count += 1
            making = making or operation.name in _MAKING
            if count == 256:
                break
    except (ValueError, UnicodeDecodeError, OverflowError):
        # Cut off, or no pickle: the few instructions before decide.
        if count < 4 or not making:
            return None
    if count < 3:
        return None
    return Binary("python", 9 if making else 6, start)
