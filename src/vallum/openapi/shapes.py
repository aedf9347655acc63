"""What a parameter's schema says about the text that spells its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vallum.openapi.document import Node
from vallum.openapi.facts import SchemaReader

_LEVELS = 2
"""How deep a text can spell: an object's property may be an array of primitives."""
_NUMBERS = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class Shape:
    """The types a value may have, and those of its parts."""

    types: frozenset[str] = frozenset()
    """Empty: anything; text stays text."""
    int64: bool = False
    items: Shape | None = None
    properties: Mapping[str, Shape] = field(default_factory=dict)
    takes_any_property: bool = False
    """Whether undeclared property names are possible."""

    @property
    def kind(self) -> str:
        """`array`, `object` or `primitive`: which serialisation the text has."""
        if "array" in self.types:
            return "array"
        return "object" if "object" in self.types else "primitive"

    @property
    def is_numeric(self) -> bool:
        """Whether every value is a number: ids that can be counted through."""
        return bool(self.types) and self.types <= _NUMBERS


ANY = Shape()


def shape_of(node: Node, reader: SchemaReader, levels: int = _LEVELS) -> Shape:
    """The shape of the schema at `node`, through references and composition."""
    return _Reading(reader).shape(node, levels)


class _Reading:
    """One reading of a schema; what is a part of it in several ways is read once."""

    def __init__(self, reader: SchemaReader) -> None:
        self._reader = reader
        self._known: dict[tuple[Any, int], Shape] = {}

    def shape(self, node: Node, levels: int) -> Shape:
        key = (node.address, levels)
        known = self._known.get(key)
        if known is None:
            # Kept before it is known: nothing can be said of a schema that is a part of itself.
            self._known[key] = ANY
            known = self._known[key] = self._composed(node, levels)
        return known

    def _composed(self, node: Node, levels: int) -> Shape:
        schema = self._reader.modern(node)
        own = self._own(schema, levels)
        target = self._reader.target(schema) if "$ref" in schema.value else None
        if target is not None:
            own = _merge(own, self.shape(target, levels), every=True)
        for keyword in ("allOf", "anyOf", "oneOf"):
            parts = schema.get(keyword)
            branches = [self.shape(part, levels) for part in (parts.items() if parts else ())]
            if not branches:
                continue
            joined = branches[0]
            for branch in branches[1:]:
                joined = _merge(joined, branch, every=keyword == "allOf")
            own = _merge(own, joined, every=True)
        return own

    def _own(self, schema: Node, levels: int) -> Shape:
        value: dict[str, Any] = schema.value
        items = schema.get("items") if levels else None
        properties = schema.get("properties") if levels else None
        return Shape(
            types=_types(value),
            int64=value.get("format") == "int64",
            items=self.shape(items, levels - 1) if items else None,
            properties={
                name: self.shape(child, levels - 1)
                for name, child in (properties.members() if properties else ())
            },
            takes_any_property=bool(value.get("additionalProperties"))
            or "patternProperties" in value,
        )


def _types(value: dict[str, Any]) -> frozenset[str]:
    declared = value.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(name for name in declared if isinstance(name, str))
    if "properties" in value or "additionalProperties" in value:
        return frozenset({"object"})
    if "items" in value:
        return frozenset({"array"})
    literals = value["enum"] if isinstance(value.get("enum"), list) else []
    if "const" in value:
        literals = [value["const"]]
    return frozenset(_type_of(literal) for literal in literals)


def _type_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
    return "string"


def _merge(one: Shape, other: Shape, *, every: bool) -> Shape:
    """Both shapes at once (`every`), or either of them."""
    if every:
        types = one.types & other.types if one.types and other.types else one.types | other.types
    else:
        types = one.types | other.types
    return Shape(
        types=types,
        int64=one.int64 or other.int64,
        items=one.items or other.items,
        properties={**other.properties, **one.properties},
        takes_any_property=one.takes_any_property or other.takes_any_property,
    )
