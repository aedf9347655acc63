"""Multipart forms against an object schema (OpenAPI 3.1 §4.8.14.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vallum.core.problems import Violation
from vallum.openapi.bodies import refuse
from vallum.openapi.forms import Encoding
from vallum.openapi.primitives import NotOfTypeError, primitive
from vallum.openapi.problems import ContractViolation
from vallum.openapi.shapes import ANY, Shape
from vallum.openapi.validator import SchemaValidator
from vallum.wire.json import MalformedJSON, parse_json
from vallum.wire.media_type import MediaType, best_range
from vallum.wire.multipart import MalformedMultipart, Part, parse_multipart
from vallum.wire.pointer import json_pointer

_DETAILS = {
    "boundary": "must name a valid boundary",
    "frame": "must begin and end with its boundary, and have it nowhere else",
    "count": "must have fewer parts",
    "head": "must have well-formed part headers",
    "name": "must name each part, and its file, once and plainly",
}


class MultipartBody:
    """A body of `multipart/form-data`."""

    __slots__ = ("_encodings", "_schema", "_shape")

    def __init__(
        self,
        schema: SchemaValidator | None,
        shape: Shape,
        encodings: Mapping[str, Encoding],
    ) -> None:
        self._schema = schema
        self._shape = shape
        self._encodings = encodings

    def __call__(self, body: bytes, media_type: MediaType) -> None:
        """Raises ContractViolation."""
        try:
            parts = parse_multipart(body, media_type)
        except MalformedMultipart as error:
            raise refuse(f"multipart-{error.code}", _DETAILS[error.code]) from None
        value = self._value(parts)
        if self._schema is not None and not self._schema.compile()(value):
            raise ContractViolation(self._schema.violations(value, "body", ()))

    def _value(self, parts: tuple[Part, ...]) -> dict[str, Any]:
        value: dict[str, Any] = {}
        found: list[Violation] = []
        for part in parts:
            pointer = json_pointer((part.name,))
            shape = self._shape.properties.get(part.name, ANY)
            is_list = shape.kind == "array"
            if part.name in value and not is_list:
                found.append(Violation("body", pointer, "duplicate", "must be sent once"))
                continue
            allowed = self._encodings.get(part.name, Encoding()).content_types
            if allowed and best_range(part.media_type or MediaType("text/plain"), allowed) is None:
                detail = f"must be of type {' or '.join(allowed)}"
                found.append(Violation("body", pointer, "media-type", detail))
                continue
            try:
                content = _content(part, (shape.items or ANY) if is_list else shape)
            except NotOfTypeError as error:
                found.append(Violation("body", pointer, "type", f"must be {error}"))
                continue
            if is_list:
                value.setdefault(part.name, []).append(content)
            else:
                value[part.name] = content
        if found:
            raise ContractViolation(found)
        return value


def _content(part: Part, shape: Shape) -> Any:
    """The value of one part: JSON, text, or a file as one character for each byte."""
    media_type = part.media_type
    if media_type is not None and media_type.is_json:
        is_json = shape.kind != "primitive" or part.filename is None
    else:
        # OpenAPI 3.1 §4.8.15.1: an object's default content type is application/json.
        is_json = shape.kind != "primitive" and media_type is None
    if is_json:
        try:
            return parse_json(part.content)
        except MalformedJSON:
            raise NotOfTypeError("JSON") from None
    is_text = media_type is None or media_type.essence == "text/plain"
    if part.filename is not None or not is_text:
        if shape.types and "string" not in shape.types:
            raise NotOfTypeError("of its declared type, not a file")
        return part.content.decode("latin-1")
    try:
        return primitive(part.content.decode("utf-8"), shape)
    except UnicodeDecodeError:
        raise NotOfTypeError("UTF-8") from None
