"""How many are wanted: page sizes in the arguments of a field, however deep in their values.

Servers take them as `first: 10`, in objects such as `page: {limit: 10}`, in variables, and from
the defaults of the schema; what is selected below the field is wanted that often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from graphql import (
    FieldNode,
    FloatValueNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLNamedType,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_input_object_type,
)

from vallum.graphql.model import SIZES, Cost, Unknown, amount, together

_Declared = Mapping[str, GraphQLArgument | GraphQLInputField]
_NONE: Final[_Declared] = {}


def paged(
    node: FieldNode,
    declared: Mapping[str, GraphQLArgument],
    below: Cost,
    holds_sizes: Callable[[str], bool],
) -> Cost:
    """The cost of what is selected, as often as the arguments ask for it.

    Args:
        node: the field.
        declared: its arguments in the schema.
        below: what is selected costs so much, once.
        holds_sizes: whether the variable of this name may hold sizes within its value.
    """
    given = [(each.name.value, each.value) for each in node.arguments or ()]
    reader = _Reader(holds_sizes)
    reader.members(given, declared)
    return below.times(reader.factor, reader.unknown)


class _Reader:
    """Collects the sizes within values; they multiply each other, wherever they stand."""

    def __init__(self, holds_sizes: Callable[[str], bool]) -> None:
        self._holds_sizes = holds_sizes
        self.factor = 1
        self.unknown: list[Unknown] = []

    def members(self, given: Iterable[tuple[str, ValueNode]], declared: _Declared) -> None:
        missing: dict[str, GraphQLArgument | GraphQLInputField] = {**declared}
        for name, value in given:
            self.value(value, name in SIZES, missing.pop(name, None))
        for name, each in missing.items():
            if each.default is not None and each.default.literal is not None:
                self.value(each.default.literal, name in SIZES, each)

    def value(
        self,
        value: ValueNode,
        is_size: bool,
        declared: GraphQLArgument | GraphQLInputField | None,
    ) -> None:
        match value:
            case VariableNode():
                self._variable(value.name.value, is_size, declared)
            case IntValueNode() | FloatValueNode() | StringValueNode() if is_size:
                self.factor = together(self.factor, amount(value.value))
            case ListValueNode():
                for each in value.values:
                    self.value(each, is_size, declared)
            case ObjectValueNode():
                kind = get_named_type(declared.type) if declared is not None else None
                given = [(each.name.value, each.value) for each in value.fields]
                self.members(given, _fields(kind))

    def _variable(
        self,
        name: str,
        is_size: bool,
        declared: GraphQLArgument | GraphQLInputField | None,
    ) -> None:
        default = _Reader(self._holds_sizes)
        if declared is not None and declared.default is not None and declared.default.literal:
            default.value(declared.default.literal, is_size, declared)
        if is_size or default.factor > 1 or self._holds_sizes(name):
            self.unknown.append(Unknown(name, is_size, default.factor))


def _fields(kind: GraphQLNamedType | None) -> _Declared:
    return kind.fields if kind is not None and is_input_object_type(kind) else _NONE
