"""CTAP2 canonical CBOR, checked before anybody reads it (B-240).

WebAuthn L3 §6.5 and CTAP 2.1 §8 allow one spelling for each value. Readers are more lenient: they
take duplicate keys, long forms of short numbers and bytes after the end, each in a way of its own.
"""

from __future__ import annotations

from typing import Final

_MOST_DEPTH: Final = 8
"""CTAP 2.1 §8 allows 4; attestation statements of platforms are deeper, and not used here."""
_MOST_BYTES: Final = 16 * 1024
"""A credential's id and key have less than 2 KB, the certificates of an attestation a few more."""
_INTEGERS: Final = (0, 1)
_BYTES: Final = 2
_TEXT: Final = 3
_ARRAY: Final = 4
_MAP: Final = 5
_SIMPLE: Final = 7
_FALSE_TRUE: Final = (20, 21)
_WIDTHS: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_LEAST: Final = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}


class MalformedCBOR(Exception):  # noqa: N818  (named for what it says about the bytes)
    """Bytes that are no canonical CBOR."""


def require_canonical(data: bytes) -> None:
    """Refuse everything but one canonical item and nothing after it.

    Raises:
        MalformedCBOR: it is none.
    """
    if canonical_end(data, 0) != len(data):
        raise MalformedCBOR("bytes after the end")


def canonical_end(data: bytes, start: int) -> int:
    """Where the canonical item ends that begins at `start`.

    Raises:
        MalformedCBOR: there is none.
    """
    if len(data) > _MOST_BYTES:
        raise MalformedCBOR("too long")
    return _item(data, start, _MOST_DEPTH)


def _item(data: bytes, start: int, depth: int) -> int:
    if not depth:
        raise MalformedCBOR("too deep")
    major, argument, place = _head(data, start)
    if major in _INTEGERS:
        return place
    if major in (_BYTES, _TEXT):
        end = place + argument
        if end > len(data):
            raise MalformedCBOR("cut off")
        if major == _TEXT:
            try:
                data[place:end].decode("utf-8")
            except UnicodeDecodeError:
                raise MalformedCBOR("text that is no UTF-8") from None
        return end
    if major == _ARRAY:
        # Each item has a byte at least: a count that is a lie ends with the data.
        for _ in range(argument):
            place = _item(data, place, depth - 1)
        return place
    if major == _MAP:
        return _members(data, place, argument, depth - 1)
    if major == _SIMPLE and argument in _FALSE_TRUE and place == start + 1:
        return place
    raise MalformedCBOR("a tag, a float, null or an unknown value")


def _members(data: bytes, place: int, count: int, depth: int) -> int:
    last: tuple[int, int, bytes] | None = None
    for _ in range(count):
        end = _item(data, place, depth)
        key = data[place:end]
        # CTAP 2.1 §8: by major type, then the shorter first, then by bytes. Equal keys are no
        # order either.
        rank = (key[0] >> 5, len(key), key)
        if last is not None and rank <= last:
            raise MalformedCBOR("keys out of order or twice")
        last = rank
        place = _item(data, end, depth)
    return place


def _head(data: bytes, start: int) -> tuple[int, int, int]:
    """Major type, argument, and where the content begins."""
    if start >= len(data):
        raise MalformedCBOR("cut off")
    major, short = data[start] >> 5, data[start] & 0x1F
    if short < 24:
        return major, short, start + 1
    width = _WIDTHS.get(short)
    if width is None:
        raise MalformedCBOR("an indefinite length")
    end = start + 1 + width
    if end > len(data):
        raise MalformedCBOR("cut off")
    argument = int.from_bytes(data[start + 1 : end], "big")
    if argument < _LEAST[short]:
        raise MalformedCBOR("a number in a longer form than it needs")
    return major, argument, end
