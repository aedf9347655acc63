"""Structured field values (RFC 9651): the dictionaries of signatures and digests, and no more.

Integers, strings, tokens, byte sequences, booleans, inner lists and parameters. Stricter than the
RFC: a key that stands twice is refused, where the RFC lets the last one win, because another
reader may take the first.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final, NamedTuple

MAX_LENGTH: Final = 8 * 1024
"""Characters of one field."""

MAX_MEMBERS: Final = 32
"""Members of a dictionary."""

MAX_ITEMS: Final = 64
"""Items of an inner list."""

MAX_PARAMETERS: Final = 16
"""Parameters of one item or inner list."""

_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_STRING: Final = re.compile(r'"(?>(?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
_SPACES: Final = re.compile(r" *")
_COMMA: Final = re.compile(r"[ \t]*,[ \t]*")
_ESCAPED: Final = re.compile(r'\\(["\\])')


class MalformedField(ValueError):  # noqa: N818  (a verdict on a field)
    """A value that is no such dictionary, or not of the kinds that are read here."""


class Token(str):
    """A bare word, which is another thing than the same text in quotes."""

    __slots__ = ()


BareItem = bool | int | str | bytes
"""A `Token` is a `str`; ask for it first."""

Parameters = Mapping[str, BareItem]


class Item(NamedTuple):
    """One value with its parameters, in order."""

    value: BareItem
    parameters: Parameters


class InnerList(NamedTuple):
    """Items in parentheses."""

    items: tuple[Item, ...]
    parameters: Parameters


def parse_dictionary(text: bytes) -> dict[str, Item | InnerList]:
    """Read a dictionary (RFC 9651 §4.2.2).

    Args:
        text: the field's value; of several lines, joined by commas in their order.

    Raises:
        MalformedField: it is none, or too large.
    """
    if len(text) > MAX_LENGTH:
        raise MalformedField
    try:
        scanner = _Scanner(text.decode("ascii"))
    except UnicodeDecodeError:
        raise MalformedField from None
    return scanner.dictionary()


class _Scanner:
    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        self._text = text.strip(" ")
        self._at = 0

    def dictionary(self) -> dict[str, Item | InnerList]:
        found: dict[str, Item | InnerList] = {}
        while self._at < len(self._text):
            if found:
                self._take(_COMMA)
            key = self._take(_KEY)
            if key in found or len(found) == MAX_MEMBERS:
                raise MalformedField
            found[key] = self._member()
        return found

    def _member(self) -> Item | InnerList:
        if not self._skip("="):
            return Item(value=True, parameters=self._parameters())
        if not self._skip("("):
            return self._item()
        items: list[Item] = []
        while True:
            spaces = self._take(_SPACES)
            if self._skip(")"):
                return InnerList(tuple(items), self._parameters())
            if (items and not spaces) or len(items) == MAX_ITEMS:
                raise MalformedField
            items.append(self._item())

    def _item(self) -> Item:
        return Item(self._bare_item(), self._parameters())

    def _parameters(self) -> Parameters:
        found: dict[str, BareItem] = {}
        while self._skip(";"):
            self._take(_SPACES)
            key = self._take(_KEY)
            if key in found or len(found) == MAX_PARAMETERS:
                raise MalformedField
            found[key] = self._bare_item() if self._skip("=") else True
        return found

    def _bare_item(self) -> BareItem:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            text = self._take(_STRING)[1:-1]
            return _ESCAPED.sub(r"\1", text) if "\\" in text else text
        if first == ":":
            return _decoded(self._take(_BYTES)[1:-1])
        if first == "?":
            self._at += 1
            return self._skip("1") or not self._need("0")
        if first == "-" or first.isdigit():
            return int(self._take(_INTEGER))
        return Token(self._take(_TOKEN))

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise MalformedField
        self._at = match.end()
        return match[0]

    def _skip(self, character: str) -> bool:
        is_next = self._text.startswith(character, self._at)
        self._at += is_next
        return is_next

    def _need(self, character: str) -> bool:
        if not self._skip(character):
            raise MalformedField
        return True


def _decoded(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise MalformedField from None
    # Stricter than RFC 9651 §4.2.7: one sequence of bytes has one form.
    if b64encode(value).decode("ascii") != text:
        raise MalformedField
    return value


def serialise_list(inner: InnerList) -> str:
    """The one form of an inner list (RFC 9651 §4.1.1.1)."""
    items = " ".join(serialise_item(item) for item in inner.items)
    return f"({items}){_serialised_parameters(inner.parameters)}"


def serialise_item(item: Item) -> str:
    """The one form of an item (RFC 9651 §4.1.3)."""
    return _serialised(item.value) + _serialised_parameters(item.parameters)


def _serialised_parameters(parameters: Parameters) -> str:
    return "".join(
        f";{key}" if value is True else f";{key}={_serialised(value)}"
        for key, value in parameters.items()
    )


def _serialised(value: BareItem) -> str:
    if type(value) is str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bool):
        return f"?{value:d}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f":{b64encode(value).decode('ascii')}:"
    return value  # A token.
