"""The little of DER that names need: how each value of a distinguished name is encoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_SEQUENCE: Final = 0x30
_SET: Final = 0x31


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the elements in `data`, one after another.

    Raises:
        ValueError: it is no DER with one-byte tags and definite lengths.
    """
    at = 0
    while at < len(data):
        tag, length, at = _head(data, at)
        if at + length > len(data):
            raise ValueError("an element is cut off")
        yield tag, data[at : at + length]
        at += length


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise ValueError("no element begins here")
    tag, first = data[at], data[at + 1]
    if first < 0x80:
        return tag, first, at + 2
    count = first & 0x7F
    if not 1 <= count <= 3 or at + 2 + count > len(data):
        raise ValueError("the length cannot be read")
    return tag, int.from_bytes(data[at + 2 : at + 2 + count], "big"), at + 2 + count


def name_encodings(name: bytes) -> frozenset[int]:
    """The tags of all values in a distinguished name (RFC 5280 §4.1.2.4).

    Raises:
        ValueError: it is none.
    """
    found: set[int] = set()
    for tag, sets in elements(name):
        _require(tag, _SEQUENCE)
        for set_tag, attributes in elements(sets):
            _require(set_tag, _SET)
            for attribute_tag, attribute in elements(attributes):
                _require(attribute_tag, _SEQUENCE)
                parts = list(elements(attribute))
                if len(parts) != 2:
                    raise ValueError("an attribute is a type and a value")
                found.add(parts[1][0])
    return frozenset(found)


def _require(tag: int, expected: int) -> None:
    if tag != expected:
        raise ValueError("this is no distinguished name")
