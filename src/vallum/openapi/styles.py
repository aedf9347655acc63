"""The serialisation styles of parameters (OpenAPI 3.0.4 and 3.1.1, Style Values; RFC 6570).

Texts arrive percent-decoded. A delimiter that was escaped is read as a delimiter, and the upstream
reads the same: the gateway writes the query anew from this reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vallum.openapi.primitives import NotOfTypeError, primitive
from vallum.openapi.shapes import ANY, Shape

Decode = Callable[[str], Any]
"""One text to a value; raises NotOfTypeError."""

_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def single(style: str, *, explode: bool, name: str, shape: Shape) -> Decode:
    """The decoder of a parameter that is spelled by one text."""
    if style == "label":
        return _prefixed(".", "." if explode else ",", explode=explode, shape=shape)
    if style == "matrix":
        return _matrix(name, explode=explode, shape=shape)
    return _delimited(_DELIMITERS.get(style, ","), explode=explode, shape=shape)


def repeated(texts: Sequence[str], shape: Shape) -> list[Any]:
    """An array whose items are spelled by one text each (`form` with `explode`)."""
    items = shape.items or ANY
    return [primitive(text, items) for text in texts]


def fields(pairs: Sequence[tuple[str, str]], shape: Shape) -> dict[str, Any]:
    """An object whose properties are spelled by name and text; arrays by several texts.

    Raises:
        NotOfTypeError: a property that is no array occurs twice, or a text does not spell its
            type.
    """
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    value: dict[str, Any] = {}
    for name, found in texts.items():
        expected = shape.properties.get(name, ANY)
        if expected.kind == "array":
            value[name] = repeated(found, expected)
        elif len(found) > 1:
            raise NotOfTypeError("one value for each property")
        else:
            value[name] = primitive(found[0], expected)
    return value


def _delimited(delimiter: str, *, explode: bool, shape: Shape) -> Decode:
    def array(text: str) -> Any:
        return repeated([part.strip(" \t") for part in text.split(delimiter)], shape)

    def mapping(text: str) -> Any:
        parts = [part.strip(" \t") for part in text.split(delimiter)]
        return fields(_assigned(parts) if explode else _paired(parts), shape)

    if shape.kind == "array":
        return array
    return mapping if shape.kind == "object" else lambda text: primitive(text, shape)


def _prefixed(prefix: str, delimiter: str, *, explode: bool, shape: Shape) -> Decode:
    inner = _delimited(delimiter, explode=explode, shape=shape)

    def decode(text: str) -> Any:
        if not text.startswith(prefix):
            raise NotOfTypeError(f"text that begins with `{prefix}`")
        return inner(text[len(prefix) :])

    return decode


def _matrix(name: str, *, explode: bool, shape: Shape) -> Decode:
    if not explode or shape.kind == "primitive":
        return _prefixed(f";{name}=", ",", explode=False, shape=shape)

    def decode(text: str) -> Any:
        if not text.startswith(";"):
            raise NotOfTypeError("text that begins with `;`")
        pairs = _assigned(text[1:].split(";"))
        if shape.kind == "object":
            return fields(pairs, shape)
        if any(key != name for key, _ in pairs):
            raise NotOfTypeError(f"`{name}` for each item")
        return repeated([value for _, value in pairs], shape)

    return decode


def _assigned(parts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in parts]
    if not all(mark for _, mark, _ in pairs):
        raise NotOfTypeError("`name=value` for each property")
    return [(name, value) for name, _, value in pairs]


def _paired(parts: Sequence[str]) -> list[tuple[str, str]]:
    if len(parts) % 2:
        raise NotOfTypeError("a value for each name")
    return list(zip(parts[::2], parts[1::2], strict=True))
