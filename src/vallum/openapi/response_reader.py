"""Responses objects of a document (OpenAPI 3.1 §4.8.16) to what judges answers."""

from __future__ import annotations

import re
from typing import Any

from vallum.openapi.answers import AnswerContract, AnswerSchema, Content
from vallum.openapi.dialect import Dialect
from vallum.openapi.document import BadReferenceError, Document, Node
from vallum.openapi.problems import Problems
from vallum.openapi.records import record_schema, stream_format
from vallum.openapi.rights import Rights, RightsReader
from vallum.openapi.schemas import SchemaBook
from vallum.openapi.shapes import shape_of
from vallum.wire.media_type import MediaType, parse_range

_STATUS = re.compile(r"[1-5][0-9][0-9]")
_CLASS = re.compile(r"[1-5][xX][xX]")


class _Advice(Problems):
    """Problems of answers: they are told, and do not keep the gateway from starting."""

    def __init__(self, problems: Problems) -> None:
        super().__init__()
        self._all = problems

    def error(self, pointer: str, message: str, hint: str = "") -> None:
        self._all.warn(pointer, f"answers are not judged by this: {message}", hint)

    def warn(self, pointer: str, message: str, hint: str = "") -> None:
        self._all.warn(pointer, message, hint)


class ResponseReader:
    """Reads the responses of operations; one that many refer to is read once.

    Its schemas are looked at from the side of answers, apart from those of requests.
    """

    def __init__(
        self, document: Document, dialect: Dialect, rights: RightsReader, problems: Problems
    ) -> None:
        self._document = document
        self._rights = rights
        self._problems = _Advice(problems)
        self._book = SchemaBook(document, dialect, self._problems, "writeOnly")
        self._contents: dict[Any, Content] = {}
        self._schemas: dict[tuple[int, int, int], AnswerSchema] = {}

    def read(self, operation: Node) -> AnswerContract:
        """The answers that an operation declares."""
        responses = operation.get("responses")
        by_status: dict[int, Content] = {}
        by_class: dict[int, Content] = {}
        default: Content | None = None
        for name, node in _members(responses):
            content = self._content(node)
            if name == "default":
                default = content
            elif _STATUS.fullmatch(name):
                by_status[int(name)] = content
            elif _CLASS.fullmatch(name):
                by_class[int(name[0])] = content
            elif not name.startswith("x-"):
                self._problems.error(node.pointer, f"`{name}` is no status", "write `200` or `2XX`")
        return AnswerContract(by_status=by_status, by_class=by_class, default=default)

    def _content(self, node: Node) -> Content:
        try:
            node = self._document.follow(node)
        except BadReferenceError as error:
            self._problems.error(node.pointer, str(error), error.hint)
            return {}
        known = self._contents.get(node.address)
        if known is None:
            known = self._contents[node.address] = self._read_content(node)
        return known

    def _read_content(self, node: Node) -> Content:
        content = node.get("content")
        found: dict[str, AnswerSchema | None] = {}
        for name, media in content.members() if content is not None else ():
            try:
                essence = parse_range(name)
            except ValueError:
                self._problems.error(media.pointer, f"`{name}` is not a media type or range")
                continue
            found[essence] = self._schema(media, essence)
        return found

    def _schema(self, media: Node, essence: str) -> AnswerSchema | None:
        node = media.get("schema")
        if node is None:
            return None
        rights = self._rights.read(node)
        form = stream_format(essence)
        record = None if form is None else record_schema(node, form, self._book.reader)
        if rights is None and record is None and not _may_be_json(essence):
            return None
        of_record = None if record is None else self._compiled(record, None)
        return self._compiled(node, rights, of_record)

    def _compiled(
        self, node: Node, rights: Rights | None, record: AnswerSchema | None = None
    ) -> AnswerSchema:
        validator = self._book.validator(node, is_closed=True)
        key = (id(validator), id(rights), id(record))
        known = self._schemas.get(key)
        if known is None:
            types = shape_of(node, self._book.reader, levels=0).types
            known = self._schemas[key] = AnswerSchema(validator, rights, types, record)
        return known


def _members(responses: Node | None) -> list[tuple[str, Node]]:
    """The responses by status; YAML reads a status without quotes as a number."""
    if responses is None or not isinstance(responses.value, dict):
        return []
    return [(str(key), responses.child(key)) for key in responses.value]


def _may_be_json(essence: str) -> bool:
    return "*" in essence or MediaType(essence).is_json
