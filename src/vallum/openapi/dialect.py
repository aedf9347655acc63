"""Schemas of older dialects in the words of JSON Schema 2020-12, one schema object at a time.

OpenAPI 3.0 has a dialect of its own near draft 5; OpenAPI 3.1 is 2020-12 unless
`jsonSchemaDialect` or `$schema` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

Schema = dict[str, Any]


class Dialect(Enum):
    """The dialects that are understood."""

    OPENAPI_30 = "OpenAPI 3.0"
    DRAFT_4 = "draft 4"
    DRAFT_7 = "drafts 6 and 7"
    DRAFT_2019 = "draft 2019-09"
    DRAFT_2020 = "draft 2020-12"


_BY_URI = {
    "json-schema.org/draft-04/schema": Dialect.DRAFT_4,
    "json-schema.org/draft-05/schema": Dialect.DRAFT_4,
    "json-schema.org/draft-06/schema": Dialect.DRAFT_7,
    "json-schema.org/draft-07/schema": Dialect.DRAFT_7,
    "json-schema.org/draft/2019-09/schema": Dialect.DRAFT_2019,
    "json-schema.org/draft/2020-12/schema": Dialect.DRAFT_2020,
    "spec.openapis.org/oas/3.1/dialect/base": Dialect.DRAFT_2020,
    "spec.openapis.org/oas/3.1/dialect/2024-10-25": Dialect.DRAFT_2020,
    "spec.openapis.org/oas/3.1/dialect/2024-11-10": Dialect.DRAFT_2020,
}


def dialect_of(uri: str) -> Dialect | None:
    """The dialect that a `$schema` or `jsonSchemaDialect` names, or None when it is unknown."""
    return _BY_URI.get(uri.removeprefix("https://").removeprefix("http://").rstrip("#"))


def modernise(schema: Schema, dialect: Dialect) -> Schema:
    """The schema object in 2020-12 words; its subschemas are left as they are.

    A keyword of the wrong type is left for the caller to report. The result is only to be read:
    it is the schema itself where there is nothing to change.
    """
    if dialect is Dialect.DRAFT_2020:
        return schema
    modern = dict(schema)
    if "$ref" in modern and dialect is not Dialect.DRAFT_2019:
        # OpenAPI 3.0 Reference Object: siblings are ignored; so say drafts 4 to 7.
        return {"$ref": modern["$ref"]}
    if dialect in (Dialect.OPENAPI_30, Dialect.DRAFT_4):
        _bounds(modern)
    if dialect is Dialect.OPENAPI_30:
        return _nullable(modern)
    _tuples(modern)
    _dependencies(modern)
    return modern


def _bounds(schema: Schema) -> None:
    for exclusive, inclusive in (
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and inclusive in schema:
                schema[exclusive] = schema.pop(inclusive)


def _nullable(schema: Schema) -> Schema:
    if schema.pop("nullable", False) is not True:
        return schema
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("type"), str):
        if not ({"allOf", "anyOf", "oneOf"} & schema.keys()):
            schema["type"] = [schema["type"], "null"]
            return schema
    elif not ({"allOf", "anyOf", "oneOf", "not"} & schema.keys()):
        # OpenAPI 3.0.4 §4.7.24.1: without a type, null is allowed anyway.
        return schema
    # Not by the letter, but what authors mean by `nullable` beside `allOf`.
    return {"anyOf": [{"type": "null"}, schema]}


def _tuples(schema: Schema) -> None:
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        if "additionalItems" in schema:
            schema["items"] = schema["additionalItems"]
    schema.pop("additionalItems", None)


def _dependencies(schema: Schema) -> None:
    dependencies = schema.pop("dependencies", None)
    if not isinstance(dependencies, Mapping):
        return
    required = {key: value for key, value in dependencies.items() if isinstance(value, list)}
    schemas = {key: value for key, value in dependencies.items() if key not in required}
    schema["dependentRequired"] = {**required, **schema.get("dependentRequired", {})}
    schema["dependentSchemas"] = {**schemas, **schema.get("dependentSchemas", {})}
