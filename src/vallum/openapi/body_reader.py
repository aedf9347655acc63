"""Request body objects of a document (OpenAPI 3.1 §4.8.13) to what judges bodies."""

from __future__ import annotations

from typing import Any

from vallum.openapi.bodies import FramedBody, JSONBody, OpaqueBody, RangeBody, TextBody, kind_of
from vallum.openapi.document import BadReferenceError, Document, Node
from vallum.openapi.forms import Encoding, FormBody
from vallum.openapi.model import BodyValidator
from vallum.openapi.parts import MultipartBody
from vallum.openapi.problems import Problems
from vallum.openapi.schemas import SchemaBook
from vallum.openapi.shapes import ANY, Shape, shape_of
from vallum.openapi.validator import SchemaValidator
from vallum.openapi.xml import XMLBody, XMLShapes
from vallum.wire.media_type import MediaType, parse_range


class BodyReader:
    """Reads request body objects; one that many operations refer to is read once."""

    def __init__(self, document: Document, book: SchemaBook, problems: Problems) -> None:
        self._document = document
        self._book = book
        self._problems = problems
        self._xml = XMLShapes(book.reader)
        self._known: dict[tuple[Any, bool], tuple[dict[str, BodyValidator], bool]] = {}

    def read(self, operation: Node, *, is_closed: bool) -> tuple[dict[str, BodyValidator], bool]:
        """The validators of an operation by media type, and whether a body is required."""
        node = operation.get("requestBody")
        if node is None:
            return {}, False
        try:
            node = self._document.follow(node)
        except BadReferenceError as error:
            self._problems.error(node.pointer, str(error), error.hint)
            return {}, False
        key = (node.address, is_closed)
        if key not in self._known:
            self._known[key] = self._read_object(node, is_closed=is_closed)
        return self._known[key]

    def _read_object(self, node: Node, *, is_closed: bool) -> tuple[dict[str, BodyValidator], bool]:
        content = node.get("content")
        if content is None or not isinstance(content.value, dict):
            self._problems.error(node.pointer, "a request body needs `content` by media type")
            return {}, False
        bodies: dict[str, BodyValidator] = {}
        for name, media in content.members():
            try:
                essence = parse_range(name)
            except ValueError:
                self._problems.error(media.pointer, f"`{name}` is not a media type or range")
                continue
            bodies[essence] = self._validator(essence, media, is_closed=is_closed)
        return bodies, node.value.get("required") is True

    def _validator(self, essence: str, media: Node, *, is_closed: bool) -> BodyValidator:
        node = media.get("schema")
        schema = self._book.validator(node, is_closed=is_closed) if node is not None else None
        if "*" not in essence or essence.endswith("+xml"):
            kind = kind_of(MediaType(essence))
            if kind == "json" and schema is None:
                self._problems.warn(media.pointer, "the body has no schema: any JSON is taken")
            return self._of_kind(kind, media, schema) or OpaqueBody()
        # IV-6: no XML, which is taken where the contract names it alone.
        kinds = ("json", "form", "multipart", "framed", "text")
        by_kind = {kind: self._of_kind(kind, media, schema) for kind in kinds}
        types = self._shape(media).types
        return RangeBody(
            {kind: validator for kind, validator in by_kind.items() if validator is not None},
            takes_opaque=not types or "string" in types,
        )

    def _of_kind(
        self, kind: str, media: Node, schema: SchemaValidator | None
    ) -> BodyValidator | None:
        match kind:
            case "json":
                return JSONBody(schema)
            case "form":
                shape = self._shape(media)
                return FormBody(schema, shape, self._encodings(media, shape))
            case "multipart":
                shape = self._shape(media)
                return MultipartBody(schema, shape, self._encodings(media, shape))
            case "framed":
                return FramedBody()
            case "xml":
                return XMLBody(schema, self._xml.root(media.get("schema")))
            case "text":
                return TextBody(schema, self._shape(media))
        return None

    def _shape(self, media: Node) -> Shape:
        node = media.get("schema")
        return shape_of(node, self._book.reader) if node is not None else ANY

    def _encodings(self, media: Node, shape: Shape) -> dict[str, Encoding]:
        declared = media.get("encoding")
        encodings: dict[str, Encoding] = {}
        for name, node in declared.members() if declared else ():
            if not isinstance(node.value, dict):
                self._problems.error(node.pointer, "an encoding must be an object")
                continue
            if shape.properties and name not in shape.properties:
                self._problems.warn(node.pointer, f"the schema has no property `{name}`")
            style = node.value.get("style", "")
            encodings[name] = Encoding(
                style=style if isinstance(style, str) else "",
                explode=node.value.get("explode", style in ("", "form")) is True,
                content_types=self._content_types(node),
            )
        return encodings

    def _content_types(self, node: Node) -> tuple[str, ...]:
        declared = node.value.get("contentType")
        if declared is None:
            return ()
        try:
            return tuple(parse_range(name) for name in str(declared).split(","))
        except ValueError:
            self._problems.error(node.pointer, "`contentType` is not a list of media types")
            return ()
