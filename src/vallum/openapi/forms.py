"""Form bodies against an object schema (OpenAPI 3.1 §4.8.14.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from vallum.core.problems import Violation
from vallum.openapi.bodies import refuse
from vallum.openapi.primitives import NotOfTypeError, primitive
from vallum.openapi.problems import ContractViolation
from vallum.openapi.shapes import ANY, Shape
from vallum.openapi.styles import fields, repeated, single
from vallum.openapi.validator import SchemaValidator
from vallum.wire.form import MalformedForm, parse_form
from vallum.wire.json import MalformedJSON, parse_json
from vallum.wire.media_type import MediaType
from vallum.wire.pointer import json_pointer
from vallum.wire.spelled import is_method_override

_DETAILS = {
    "syntax": "must be a form with complete escapes and no empty names",
    "encoding": "must be UTF-8",
    "count": "must have fewer fields",
    "charset": "must be in the charset UTF-8",
}


class Encoding(NamedTuple):
    """How one property of a form is spelled."""

    style: str = ""
    """Empty: the default, by type."""
    explode: bool = True
    content_types: tuple[str, ...] = ()
    """Media types or ranges that a part may have; empty: any."""

    @property
    def is_json(self) -> bool:
        """Whether the property is JSON text whatever its type."""
        return bool(self.content_types) and all(
            MediaType(content_type).is_json for content_type in self.content_types
        )


def is_undeclared_override(name: str, shape: Shape) -> bool:
    """Whether a field would have another method run, and the contract does not name it (B-093)."""
    return name not in shape.properties and is_method_override(name)


def unknown_field(name: str) -> Violation:
    """The violation of an undeclared field."""
    return Violation("body", json_pointer((name,)), "unknown", "is not declared")


class FormBody:
    """A body of `application/x-www-form-urlencoded`."""

    __slots__ = ("_deep", "_encodings", "_schema", "_shape")

    def __init__(
        self,
        schema: SchemaValidator | None,
        shape: Shape,
        encodings: Mapping[str, Encoding],
    ) -> None:
        self._schema = schema
        self._shape = shape
        self._encodings = encodings
        self._deep = frozenset(
            name for name, encoding in encodings.items() if encoding.style == "deepObject"
        )

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """The fields by name; raises ContractViolation."""
        try:
            pairs = parse_form(body)
        except MalformedForm as error:
            raise refuse(f"form-{error.code}", _DETAILS[error.code]) from None
        value = self._value(pairs)
        if self._schema is not None and not self._schema.compile()(value):
            raise ContractViolation(self._schema.violations(value, "body", ()))
        return value

    def _value(self, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        texts: dict[str, list[str]] = {}
        deep: dict[str, list[tuple[str, str]]] = {}
        for name, text in pairs:
            base, bracket, inner = name.partition("[")
            if bracket and base in self._deep and inner.endswith("]") and "[" not in inner:
                deep.setdefault(base, []).append((inner[:-1], text))
            else:
                texts.setdefault(name, []).append(text)
        value: dict[str, Any] = {}
        found: list[Violation] = []
        for name in {**texts, **deep}:
            if is_undeclared_override(name, self._shape):
                found.append(unknown_field(name))
                continue
            try:
                if name in texts and name in deep:
                    raise NotOfTypeError("spelled in one way")
                if name in texts:
                    value[name] = self._property(name, texts[name])
                else:
                    value[name] = fields(deep[name], self._shape.properties.get(name, ANY))
            except NotOfTypeError as error:
                code = "duplicate" if len(texts.get(name, ())) > 1 else "type"
                pointer = json_pointer((name,))
                found.append(Violation("body", pointer, code, f"must be {error}"))
        if found:
            raise ContractViolation(found)
        return value

    def _property(self, name: str, texts: list[str]) -> Any:
        shape = self._shape.properties.get(name, ANY)
        encoding = self._encodings.get(name, Encoding())
        if shape.kind == "array" and encoding.explode and not encoding.is_json:
            return repeated(texts, shape)
        if len(texts) > 1:
            raise NotOfTypeError("sent once")
        text = texts[0]
        # OpenAPI 3.1 §4.8.15.1: an object's default content type is application/json.
        if encoding.is_json or (shape.kind == "object" and not encoding.style):
            try:
                return parse_json(text.encode("utf-8"))
            except MalformedJSON:
                raise NotOfTypeError("JSON") from None
        if shape.kind == "primitive":
            return primitive(text, shape)
        decode = single(encoding.style or "form", explode=False, name=name, shape=shape)
        return decode(text)
