"""Validators of bodies, one kind for each way in which bytes become values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from vallum.core.problems import Denied, Violation
from vallum.openapi.model import UNREAD, BodyValidator
from vallum.openapi.primitives import NotOfTypeError, primitive
from vallum.openapi.problems import ContractViolation
from vallum.openapi.shapes import Shape
from vallum.openapi.validator import SchemaValidator
from vallum.wire.form import MalformedForm, parse_form
from vallum.wire.json import DEFAULT_LIMITS, MalformedJSON, parse_json
from vallum.wire.media_type import MediaType
from vallum.wire.multipart import MalformedMultipart, Part, parse_multipart, split_parts
from vallum.wire.xml import MalformedXML, parse_xml, plain

_JSON_DETAILS: Final = {
    "encoding": "must be UTF-8 without a byte order mark",
    "syntax": "must be JSON (RFC 8259)",
    "depth": "must not nest deeper",
    "width": "must not have more members or items",
    "string-length": "must not have longer strings",
    "duplicate": "must not name a member twice",
    "name": "must not use this name",
    "number": "must be within the range and precision of I-JSON",
}

# The head of a part that says that it is no text. Another type, or none, is read as text.
_SAYS_FILE: Final = re.compile(
    rb"(?:^|\r\n)content-type:[ \t]*"
    rb"(?:(?:image|audio|video|font)/|application/(?!(?:json|xml|http)\b|[!-:<-~]{0,127}\+(?:json|xml)\b))",
    re.IGNORECASE,
).search


def refuse(code: str, detail: str, pointer: str = "") -> ContractViolation:
    """The refusal of a body for one reason."""
    return ContractViolation([Violation("body", pointer, code, detail)])


class JSONBody:
    """A body of JSON text."""

    __slots__ = ("_is_valid", "_limits", "_schema")

    def __init__(self, schema: SchemaValidator | None) -> None:
        self._schema = schema
        self._limits = DEFAULT_LIMITS
        self._is_valid: Callable[[Any], bool] | None = None

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """The value; raises ContractViolation."""
        is_valid = self._is_valid or self._compile()
        try:
            value = parse_json(body, self._limits)
        except MalformedJSON as error:
            detail = _JSON_DETAILS[error.code]
            raise refuse(f"json-{error.code}", detail, error.pointer) from None
        if not is_valid(value):
            assert self._schema is not None  # noqa: S101  (without one every value is valid)
            raise ContractViolation(self._schema.violations(value, "body", ()))
        return value

    def _compile(self) -> Callable[[Any], bool]:
        if self._schema is None:
            self._is_valid = _anything
            return _anything
        self._is_valid = is_valid = self._schema.compile()
        self._limits = DEFAULT_LIMITS._replace(int64=self._schema.takes_int64)
        return is_valid


class TextBody:
    """A body of text in UTF-8."""

    __slots__ = ("_schema", "_shape")

    def __init__(self, schema: SchemaValidator | None, shape: Shape) -> None:
        self._schema = schema
        self._shape = shape

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """The text, or the value that it spells; raises ContractViolation."""
        try:
            value = primitive(body.decode("utf-8"), self._shape)
        except UnicodeDecodeError:
            raise refuse("encoding", "must be UTF-8") from None
        except NotOfTypeError as error:
            raise refuse("type", f"must be {error}") from None
        if self._schema is not None and not self._schema.compile()(value):
            raise ContractViolation(self._schema.violations(value, "body", ()))
        return value


class FramedBody:
    """A multipart body that is no form: only its frame is read."""

    __slots__ = ()

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """The parts with their heads; raises ContractViolation."""
        try:
            parts = split_parts(body, media_type)
        except MalformedMultipart as error:
            raise refuse(f"multipart-{error.code}", "must be multipart (RFC 2046)") from None
        return [_text_or_file(part) for part in parts]


class OpaqueBody:
    """A body in a form that the gateway does not read, taken because the contract declares it."""

    __slots__ = ()

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """`UNREAD`; never raises."""
        return UNREAD


class RangeBody:
    """A body whose declared type is a range such as `*/*`: read by the type it says it has."""

    __slots__ = ("_by_kind", "_takes_opaque")

    def __init__(self, by_kind: Mapping[str, BodyValidator], *, takes_opaque: bool) -> None:
        """
        Args:
            by_kind: a validator for each result of `kind_of` but `opaque` and `xml`.
            takes_opaque: whether the schema lets bytes through that are no JSON, form or text.
        """
        self._by_kind = by_kind
        self._takes_opaque = takes_opaque

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """What the validator of its type reads.

        Raises:
            ContractViolation: the body breaks the contract.
            Denied: the type cannot be what the schema says.
        """
        kind = kind_of(media_type)
        validator = self._by_kind.get(kind)
        if validator is not None:
            return validator(body, media_type)
        # SECURITY: a made-up type must not carry an object past its schema (B-094), and XML is
        # taken only where the contract names it (IV-6).
        if kind != "opaque" or not self._takes_opaque:
            raise Denied("unsupported-media-type", "body.media-type")
        return UNREAD


def kind_of(media_type: MediaType) -> str:
    """How a body is read: `json`, `form`, `multipart` (a form), `framed`, `xml`, `text` or
    `opaque`.
    """
    if media_type.is_json:
        return "json"
    if media_type.is_xml:
        return "xml"
    if media_type.essence == "application/x-www-form-urlencoded":
        return "form"
    if media_type.essence == "multipart/form-data":
        return "multipart"
    if media_type.essence.startswith("multipart/"):
        return "framed"
    return "text" if media_type.essence == "text/plain" else "opaque"


def read_undeclared(body: bytes, media_type: MediaType) -> object:
    """What inspection looks at where no contract says what a body is. Never raises.

    Args:
        body: not coded.
        media_type: its own.

    Returns:
        What a body of this type says; where it does not keep to its type, all of it as one text;
        `UNREAD` where it is no text.
    """
    try:
        match kind_of(media_type):
            case "json":
                return parse_json(body)
            case "form":
                return _gathered(parse_form(body))
            case "multipart":
                parts = parse_multipart(body, media_type)
                return _gathered((part.name, value_of_part(part)) for part in parts)
            case "framed":
                return [_text_or_file(part) for part in split_parts(body, media_type)]
            case "xml":
                return plain(parse_xml(body))
            case "opaque" if b"\x00" in body:
                return UNREAD
    except (MalformedJSON, MalformedForm, MalformedMultipart, MalformedXML):
        pass  # Somebody may read it nevertheless: all of it is inspected as it stands.
    return body.decode("utf-8", "replace")


def value_of_part(part: Part) -> object:
    """A part of a form as inspection sees it: text, or the part itself where it is a file."""
    return part if part.is_file else part.content.decode("utf-8", "replace")


def _gathered(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Every value by its name; those of a name that was repeated in a list."""
    found: dict[str, list[object]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _text_or_file(raw: bytes) -> object:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        if _SAYS_FILE(raw.partition(b"\r\n\r\n")[0]):
            return Part("", None, None, raw)
        # SECURITY: one byte that is no UTF-8 does not make a file of a text.
        return raw.decode("utf-8", "replace")


def _anything(_: Any) -> bool:
    return True
