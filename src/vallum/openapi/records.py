"""What the schema of a stream says of one record in it.

OpenAPI 3.1 has no word for streams. Contracts describe a record, an array of records, or the event
of an event stream with its `data`; where it is text (`type: string`), nothing is said of records.
"""

from __future__ import annotations

from typing import Final

from vallum.openapi.answers import has_parts
from vallum.openapi.document import Node
from vallum.openapi.facts import SchemaReader
from vallum.openapi.shapes import shape_of
from vallum.wire.media_type import MediaType
from vallum.wire.records import Format, format_of

_EVENT: Final = frozenset({"id", "event", "data", "retry", "comment"})
"""The fields of an event (HTML §9.2.6)."""
_MAX_STEPS: Final = 12
"""From a stream's schema to its record's."""


def stream_format(essence: str) -> Format | None:
    """How a type or range of a contract is cut into records; None where it is no stream."""
    return None if "*" in essence else format_of(MediaType(essence))


def record_schema(node: Node, form: Format, reader: SchemaReader) -> Node | None:
    """The schema of a record; None where the stream's schema does not describe JSON."""
    for _ in range(_MAX_STEPS):
        schema = reader.modern(node)
        target = reader.target(schema) if "$ref" in schema.value else None
        inner = target or _inner(schema, form)
        if inner is None:
            # Alternatives that are events have data of their own each: nothing holds for all.
            if form == "events" and any(map(_is_event, _alternatives(schema, reader))):
                return None
            return node if has_parts(shape_of(node, reader, levels=0).types) else None
        node = inner
    return None


def _inner(schema: Node, form: Format) -> Node | None:
    """One step: to the items of an array, to the data of an event, into a text that is JSON."""
    if form == "events" and _is_event(schema):
        data = schema.child("properties").child("data")
        return data.get("contentSchema") or data
    return schema.get("items")


def _is_event(schema: Node) -> bool:
    properties = schema.get("properties")
    names = {name for name, _ in properties.members()} if properties is not None else frozenset()
    return "data" in names and names <= _EVENT


def _alternatives(schema: Node, reader: SchemaReader) -> list[Node]:
    parts = [schema.get(keyword) for keyword in ("oneOf", "anyOf")]
    found = [reader.modern(each) for part in parts if part is not None for each in part.items()]
    targets = [reader.target(each) if "$ref" in each.value else each for each in found]
    return [reader.modern(each) for each in targets if each is not None]
