"""The variables of a request against their types in the document (B-304)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import get_variable_values

from vallum.graphql.document import Operation
from vallum.graphql.model import RefusedGraphQL
from vallum.graphql.schema import Schema


def check_variables(
    operation: Operation, values: Mapping[str, Any], schema: Schema, *, most: int
) -> Mapping[str, object]:
    """The variables with the defaults of those that are missing.

    Args:
        operation: the one that runs.
        values: what the request says.
        schema: where the types are.
        most: values that they may hold together.

    Raises:
        RefusedGraphQL: one is not declared, or is no value of its type; or there are too many.
    """
    declared = {definition.variable.name.value for definition in operation.variables}
    if not declared.issuperset(values):
        # The name is not echoed: nobody but the caller knows what it may hold.
        raise RefusedGraphQL("unknown-variable", "/variables")
    _check_count(values, most)
    if not declared:
        return {}
    found = get_variable_values(
        schema.core, operation.variables, dict(values), max_errors=1, hide_suggestions=True
    )
    if isinstance(found, list):
        raise RefusedGraphQL("variable", "/variables")
    return found.coerced


def _check_count(values: object, most: int) -> None:
    left = most
    todo: list[object] = [values]
    for value in todo:
        if isinstance(value, dict):
            left -= len(value)
            todo += value.values()
        elif isinstance(value, list):
            left -= len(value)
            todo += value
        if left < 0:
            raise RefusedGraphQL("values", "/variables")
