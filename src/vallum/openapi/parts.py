"""Multipart forms against an object schema (OpenAPI 3.1 §4.8.14.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vallum.core.problems import Violation
from vallum.openapi.bodies import refuse
from vallum.openapi.forms import Encoding, is_undeclared_override, unknown_field
from vallum.openapi.model import Rewritten
from vallum.openapi.primitives import NotOfTypeError, primitive
from vallum.openapi.problems import ContractViolation
from vallum.openapi.shapes import ANY, Shape
from vallum.openapi.validator import SchemaValidator
from vallum.wire.json import MalformedJSON, parse_json
from vallum.wire.media_type import MediaType, best_range
from vallum.wire.multipart import MalformedMultipart, Part, parse_multipart, write_multipart
from vallum.wire.pointer import json_pointer

_CHARSETS = ("utf-8", "utf8", "us-ascii")
# Charsets of files in which bytes of ASCII are its characters.
_OF_ASCII = re.compile("iso-8859-(?:[1-9]|1[0-6])|windows-125[0-8]")
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

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """The fields by name, and the form as it is written anew; raises ContractViolation."""
        try:
            parts = parse_multipart(body, media_type)
        except MalformedMultipart as error:
            raise refuse(f"multipart-{error.code}", _DETAILS[error.code]) from None
        value, seen = self._values(parts)
        if self._schema is not None and not self._schema.compile()(value):
            raise ContractViolation(self._schema.violations(value, "body", ()))
        # SECURITY: what was read is written anew: the upstream finds no other parts (B-096).
        files = tuple(part for part in parts if part.is_upload)
        return Rewritten(seen, write_multipart(parts, media_type), files)

    def _values(self, parts: tuple[Part, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The form as its schema judges it, files as text, and as inspection sees it."""
        value: dict[str, Any] = {}
        seen: dict[str, Any] = {}
        found: list[Violation] = []
        for part in parts:
            pointer = json_pointer((part.name,))
            # RFC 7578 §4.6: it would change how all other parts are read.
            if part.name == "_charset_":
                found.append(Violation("body", pointer, "charset", "must be in UTF-8"))
                continue
            if is_undeclared_override(part.name, self._shape):
                found.append(unknown_field(part.name))
                continue
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
                content, shown = _content(part, (shape.items or ANY) if is_list else shape)
            except NotOfTypeError as error:
                found.append(Violation("body", pointer, "type", f"must be {error}"))
                continue
            if is_list:
                value.setdefault(part.name, []).append(content)
                seen.setdefault(part.name, []).append(shown)
            else:
                value[part.name] = content
                seen[part.name] = shown
        if found:
            raise ContractViolation(found)
        return value, seen


def _content(part: Part, shape: Shape) -> tuple[Any, Any]:
    """The value of one part: JSON, text, or a file; a file as one character for each byte too."""
    media_type = part.media_type
    charset = media_type.parameter("charset") if media_type is not None else None
    # SECURITY: in UTF-16 or UTF-7 a file would say something else than what is inspected.
    takes_more = part.filename is not None and _OF_ASCII.fullmatch((charset or "").lower())
    if charset is not None and charset.lower() not in _CHARSETS and not takes_more:
        raise NotOfTypeError("UTF-8")
    if media_type is not None and media_type.is_json:
        is_json = shape.kind != "primitive" or part.filename is None
    else:
        # OpenAPI 3.1 §4.8.15.1: an object's default content type is application/json.
        is_json = shape.kind != "primitive" and media_type is None
    if is_json:
        try:
            value = parse_json(part.content)
        except MalformedJSON:
            raise NotOfTypeError("JSON") from None
        return value, value
    if part.is_file:
        if shape.types and "string" not in shape.types:
            raise NotOfTypeError("of its declared type, not a file")
        return part.content.decode("latin-1"), part
    try:
        value = primitive(part.content.decode("utf-8"), shape)
    except UnicodeDecodeError:
        raise NotOfTypeError("UTF-8") from None
    return value, value
