"""The keywords of a schema that hold plain values, and what those values may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_type(value: Any) -> bool:
    if isinstance(value, str):
        return value in TYPES
    return bool(value) and _is_names(value) and all(name in TYPES for name in value)


def _is_names_map(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_names(names) for names in value.values())


PLAIN: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": (_is_type, f"one or several of {', '.join(TYPES)}"),
    "enum": (lambda value: isinstance(value, list), "a list"),
    "const": (lambda value: True, "anything"),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above zero"),
    "maximum": (_is_number, "a number"),
    "minimum": (_is_number, "a number"),
    "exclusiveMaximum": (_is_number, "a number"),
    "exclusiveMinimum": (_is_number, "a number"),
    "maxLength": (_is_count, "a count"),
    "minLength": (_is_count, "a count"),
    "maxItems": (_is_count, "a count"),
    "minItems": (_is_count, "a count"),
    "maxContains": (_is_count, "a count"),
    "minContains": (_is_count, "a count"),
    "maxProperties": (_is_count, "a count"),
    "minProperties": (_is_count, "a count"),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    "pattern": (lambda value: isinstance(value, str), "a string"),
    "format": (lambda value: isinstance(value, str), "a string"),
    "required": (_is_names, "a list of names"),
    "dependentRequired": (_is_names_map, "names with lists of names"),
}
"""Keyword → (whether a value is valid, what it must be)."""

CHILD = ("items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")
"""One subschema for parts of the instance."""
CHILD_OPEN = ("contains", "propertyNames")
"""As `CHILD`, but a narrower subschema would change what is counted or named."""
IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
IN_PLACE = ("then", "else")
IN_PLACE_OPEN = ("not", "if")
"""A narrower subschema under these would let more instances through, or other ones."""
SUBSCHEMA_KEYWORDS = (
    *CHILD,
    *CHILD_OPEN,
    *IN_PLACE_LISTS,
    *IN_PLACE,
    *IN_PLACE_OPEN,
    "prefixItems",
    "properties",
    "patternProperties",
    "dependentSchemas",
)
COMPOSING = ("$ref", *IN_PLACE_LISTS, *IN_PLACE, "if", "dependentSchemas")
"""In-place applicators: with one of these, only `unevaluatedProperties` sees every property."""
JUDGING = frozenset((*PLAIN, *SUBSCHEMA_KEYWORDS, "$ref"))
"""Keywords that say something about an instance; all others are annotations."""
