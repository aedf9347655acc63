"""A GraphQL schema, compiled from its definition language once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLSchema,
    build_ast_schema,
    is_interface_type,
    is_object_type,
    is_specified_scalar_type,
    is_union_type,
    parse,
    validate_schema,
)
from graphql.validation.validate import validate_sdl

from vallum.graphql.defaults import oversized_defaults

MOST_SDL_TOKENS: Final = 500_000
FREE_SCALARS: Final = frozenset({"JSON", "JSONObject", "_Any"})
"""Scalars whose values may be whole structures; the values of all others are plain."""
_UPLOAD: Final = "Upload"


class SchemaProblem(NamedTuple):
    """One thing that is wrong with a schema. Lines and columns count from 1."""

    line: int
    column: int
    message: str


class SchemaErrors(Exception):  # noqa: N818  (plural on purpose: all problems at once)
    """The schema cannot be used."""

    def __init__(self, problems: Sequence[SchemaProblem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Schema:
    """A schema that documents are judged by."""

    __slots__ = ("core",)

    def __init__(self, core: GraphQLSchema) -> None:
        self.core = core

    def has(self, coordinate: str) -> bool:
        """Whether there is such a field: `Book.title`, or `Book.*` for all fields of a type."""
        type_name, _, field = coordinate.partition(".")
        fields = self._fields(type_name)
        return field in fields or (field == "*" and bool(fields))

    def coordinates(self) -> list[str]:
        """Every field as `Type.field`."""
        return [f"{name}.{field}" for name in self.core.type_map for field in self._fields(name)]

    def kin(self, coordinate: str) -> tuple[str, ...]:
        """The same field of the objects that may stand behind this type, and of their interfaces.

        SECURITY: whoever selects a field through an interface gets that of an object (B-303).
        """
        type_name, _, field = coordinate.partition(".")
        found = self.core.type_map.get(type_name)
        objects: list[GraphQLNamedType] = []
        if found is not None and is_object_type(found):
            objects = [found]
        elif found is not None and is_interface_type(found):
            objects = list(self.core.get_implementations(found).objects)
        names = {each.name for each in objects}
        for each in objects:
            if is_object_type(each):
                names.update(interface.name for interface in each.interfaces)
        names.discard(type_name)
        return tuple(f"{name}.{field}" for name in sorted(names) if field in self._fields(name))

    @property
    def query(self) -> str:
        """Name of the type of queries."""
        root = self.core.query_type
        return root.name if root is not None else ""

    def roots(self) -> frozenset[str]:
        """Names of the types of operations."""
        core = self.core
        roots = (core.query_type, core.mutation_type, core.subscription_type)
        return frozenset(root.name for root in roots if root is not None)

    def _fields(self, type_name: str) -> dict[str, Any]:
        found = self.core.type_map.get(type_name)
        if found is None or type_name.startswith("__") or is_union_type(found):
            return {}
        return found.fields if is_object_type(found) or is_interface_type(found) else {}


def compile_schema(sdl: str) -> Schema:
    """The schema that a text in the schema definition language defines.

    Raises:
        SchemaErrors: it defines none that can be used.
    """
    try:
        document = parse(sdl, max_tokens=MOST_SDL_TOKENS)
    except (GraphQLError, RecursionError) as error:
        raise SchemaErrors([_problem(error)]) from None
    found = validate_sdl(document)
    if found:
        raise SchemaErrors([_problem(error) for error in found])
    try:
        core = build_ast_schema(document, assume_valid_sdl=True)
        found = validate_schema(core)
        oversized = "" if found else oversized_defaults(core)
    except (GraphQLError, RecursionError, TypeError) as error:
        raise SchemaErrors([_problem(error)]) from None
    if found:
        raise SchemaErrors([_problem(error) for error in found])
    if oversized:
        message = f"the defaults of {oversized} stand for too many values, or nest too deep"
        raise SchemaErrors([SchemaProblem(1, 1, message)])
    for each in core.type_map.values():
        if isinstance(each, GraphQLScalarType) and not is_specified_scalar_type(each):
            _tighten(each)
    return Schema(core)


def _tighten(scalar: GraphQLScalarType) -> None:
    """Give a scalar of the schema's own a reader: the library's takes anything.

    SECURITY: an object where a date is expected is how queries of a database are changed (B-304).
    """
    if scalar.name in FREE_SCALARS:
        return
    scalar.coerce_input_value = _no_upload if scalar.name == _UPLOAD else _plain_value


def _plain_value(value: Any) -> Any:
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise GraphQLError("a plain value is expected")


def _no_upload(value: Any) -> Any:
    # A file comes in a part of a form; JSON has no way to hold one.
    raise GraphQLError("a file cannot be sent in JSON")


def _problem(error: Exception) -> SchemaProblem:
    if isinstance(error, RecursionError):
        return SchemaProblem(1, 1, "the schema nests too deep")
    if not isinstance(error, GraphQLError):
        return SchemaProblem(1, 1, str(error))
    place = error.locations[0] if error.locations else None
    return SchemaProblem(
        place.line if place else 1, place.column if place else 1, error.message.partition("\n")[0]
    )
