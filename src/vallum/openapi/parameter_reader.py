"""Parameter objects of a document (OpenAPI 3.1 §4.8.12) to what judges requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, cast

from vallum.openapi.document import BadReferenceError, Document, Node
from vallum.openapi.judges import NoParameters, ParameterJudge, QueryJudge
from vallum.openapi.model import ParameterInfo, ParameterValidator
from vallum.openapi.parameters import (
    GroupParameter,
    TextParameter,
    plain_text,
    text_decoder,
)
from vallum.openapi.primitives import NotOfTypeError
from vallum.openapi.problems import Problems, did_you_mean
from vallum.openapi.schemas import SchemaBook
from vallum.openapi.shapes import ANY, Shape, shape_of
from vallum.openapi.styles import Decode, single
from vallum.openapi.texts import TextReader
from vallum.openapi.validator import SchemaValidator
from vallum.wire.json import MalformedJSON, parse_json
from vallum.wire.media_type import MediaType, parse_range

STYLES: Final = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""Styles by location; the first is the default."""

# OpenAPI 3.1 §4.8.12.1: header parameters of these names are ignored.
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})


class ReadParameter(NamedTuple):
    """A parameter as the document has it, read."""

    info: ParameterInfo
    rule: TextParameter | GroupParameter
    shape: Shape
    style: str


class ParameterReader:
    """Reads parameter objects; one that many operations refer to is read once."""

    def __init__(
        self, document: Document, book: SchemaBook, texts: TextReader, problems: Problems
    ) -> None:
        self._document = document
        self._book = book
        self._texts = texts
        self._problems = problems
        self._known: dict[tuple[Any, bool], ReadParameter | None] = {}

    def read_all(
        self, path_item: Node, operation: Node, *, is_closed: bool
    ) -> dict[tuple[str, str], ReadParameter]:
        """The parameters of an operation by location and name, its own over its path's."""
        found: dict[tuple[str, str], ReadParameter] = {}
        for owner in (path_item, operation):
            declared = owner.get("parameters")
            if declared is None:
                continue
            if not isinstance(declared.value, list):
                self._problems.error(declared.pointer, "`parameters` must be a list")
            for node in declared.items():
                read = self._read(node, is_closed=is_closed)
                if read is not None:
                    found[(read.info.location, read.info.name)] = read
        return found

    def _read(self, node: Node, *, is_closed: bool) -> ReadParameter | None:
        try:
            node = self._document.follow(node)
        except BadReferenceError as error:
            self._problems.error(node.pointer, str(error), error.hint)
            return None
        key = (node.address, is_closed)
        if key not in self._known:
            self._known[key] = self._read_object(node, is_closed=is_closed)
        return self._known[key]

    def _read_object(self, node: Node, *, is_closed: bool) -> ReadParameter | None:
        value = node.value
        if not isinstance(value, dict):
            self._problems.error(node.pointer, "a parameter must be an object")
            return None
        name, location = value.get("name"), value.get("in")
        if not isinstance(name, str) or not name or location not in STYLES:
            hint = did_you_mean(str(location), STYLES)
            message = f"a parameter needs `name` and `in` ({', '.join(STYLES)})"
            self._problems.error(node.pointer, message, hint)
            return None
        if location == "header":
            name = name.lower()
            if name in _IGNORED_HEADERS:
                return None
            if not name.isascii():
                self._problems.error(node.pointer, "a header's name must be ASCII")
                return None
        required = value.get("required") is True or location == "path"
        return self._rule(node, name, location, required=required, is_closed=is_closed)

    def _rule(
        self, node: Node, name: str, location: str, *, required: bool, is_closed: bool
    ) -> ReadParameter | None:
        content = node.get("content")
        schema_node = node.get("schema")
        style = node.value.get("style", STYLES[location][0])
        if content is not None:
            schema_node, decode = self._content(content)
            shape, explode = ANY, False
        else:
            if style not in STYLES[location]:
                message = f"`{location}` parameters have no style `{style}`"
                hint = f"use one of {', '.join(STYLES[location])}"
                self._problems.error(node.pointer, message, hint)
                return None
            shape = shape_of(schema_node, self._book.reader) if schema_node else ANY
            explode = node.value.get("explode", style == "form") is True
            decode = text_decoder(shape, _decoder(name, location, style, shape, explode=explode))
        schema: SchemaValidator | None = None
        if schema_node is not None:
            schema = self._book.validator(schema_node, is_closed=is_closed)
        elif content is None:
            self._problems.warn(node.pointer, "the parameter has no schema: any text is taken")
        rule: TextParameter | GroupParameter
        if schema is not None and _is_group(location, style, shape, explode=explode):
            rule = GroupParameter(name, is_required=required, shape=shape, schema=schema)
        else:
            rule = TextParameter(
                name,
                location,
                is_required=required,
                shape=shape,
                decode=decode,
                schema=schema,
                may_be_empty=node.value.get("allowEmptyValue") is True and location == "query",
            )
        info = ParameterInfo(
            name=name,
            location=cast(Literal["path", "query", "header", "cookie"], location),
            is_numeric=shape.is_numeric,
            content=self._texts.content(schema_node, node),
        )
        return ReadParameter(info, rule, shape, style)

    def _content(self, content: Node) -> tuple[Node | None, Decode]:
        """Schema and decoder of a parameter that is spelled in a media type."""
        members = list(content.members())
        if len(members) != 1:
            self._problems.error(content.pointer, "`content` must have exactly one media type")
            return None, _text
        name, media = members[0]
        try:
            is_json = MediaType(parse_range(name)).is_json
        except ValueError:
            is_json = False
        if is_json:
            return media.get("schema"), _json
        self._problems.warn(media.pointer, f"parameters in `{name}` are not judged")
        return None, _text


def judge_of(
    parameters: Sequence[ReadParameter], api_keys: Sequence[str], *, is_closed: bool
) -> ParameterValidator:
    """What judges the parameters of one operation.

    Args:
        parameters: all of them.
        api_keys: query parameters that carry its API keys; another room judges them.
        is_closed: whether undeclared query parameters are refused.
    """
    by_location: dict[str, list[TextParameter]] = {location: [] for location in STYLES}
    groups: dict[str, GroupParameter] = {}
    deep: dict[str, GroupParameter] = {}
    catch_all = None
    for info, rule, shape, style in parameters:
        if isinstance(rule, TextParameter):
            by_location[info.location].append(rule)
        elif style == "deepObject":
            deep[rule.name] = rule
        elif shape.kind == "array":
            groups[rule.name] = rule
        else:
            groups.update(dict.fromkeys(shape.properties, rule))
            if shape.takes_any_property or not shape.properties:
                catch_all = rule
    declared = {rule.name for rule in by_location["query"]} | groups.keys()
    singles = [plain_text(name, "query") for name in api_keys if name not in declared]
    query = QueryJudge(
        [*by_location["query"], *singles],
        groups=groups,
        deep=deep,
        catch_all=catch_all,
        is_closed=is_closed,
    )
    if query.is_empty and is_closed and not any(by_location.values()):
        return NoParameters()
    return ParameterJudge(
        path=by_location["path"],
        query=query,
        headers=by_location["header"],
        lists=frozenset(
            each.info.name
            for each in parameters
            if each.info.location == "header" and each.shape.kind == "array"
        ),
        cookies=by_location["cookie"],
    )


def _is_group(location: str, style: str, shape: Shape, *, explode: bool) -> bool:
    if location != "query" or shape.kind == "primitive":
        return False
    return style == "deepObject" or explode


def _decoder(name: str, location: str, style: str, shape: Shape, *, explode: bool) -> Decode:
    # A cookie is one text: an exploded array has no spelling in it, so commas separate.
    return single(style, explode=explode and location != "cookie", name=name, shape=shape)


def _text(text: str) -> str:
    return text


def _json(text: str) -> object:
    try:
        return parse_json(text.encode("utf-8"))
    except MalformedJSON:
        raise NotOfTypeError("JSON") from None
