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

from vallum.graphql.model import SIZES, Cost, Scaled, amount

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
    return _Reader(holds_sizes).members(given, declared, below)


class _Reader:
    def __init__(self, holds_sizes: Callable[[str], bool]) -> None:
        self._holds_sizes = holds_sizes

    def members(
        self, given: Iterable[tuple[str, ValueNode]], declared: _Declared, below: Cost
    ) -> Cost:
        missing: dict[str, GraphQLArgument | GraphQLInputField] = {**declared}
        for name, value in given:
            below = self._value(value, name in SIZES, missing.pop(name, None), below)
        for name, each in missing.items():
            if each.default is not None and each.default.literal is not None:
                below = self._value(each.default.literal, name in SIZES, each, below)
        return below

    def _value(
        self,
        value: ValueNode,
        is_size: bool,
        declared: GraphQLArgument | GraphQLInputField | None,
        below: Cost,
    ) -> Cost:
        match value:
            case VariableNode():
                return self._variable(value.name.value, is_size, declared, below)
            case IntValueNode() | FloatValueNode() | StringValueNode() if is_size:
                return below.times(amount(value.value))
            case ListValueNode():
                for each in value.values:
                    below = self._value(each, is_size, declared, below)
            case ObjectValueNode():
                kind = get_named_type(declared.type) if declared is not None else None
                given = [(each.name.value, each.value) for each in value.fields]
                return self.members(given, _fields(kind), below)
        return below

    def _variable(
        self,
        name: str,
        is_size: bool,
        declared: GraphQLArgument | GraphQLInputField | None,
        below: Cost,
    ) -> Cost:
        absent = 1
        if declared is not None and declared.default is not None and declared.default.literal:
            absent = self._value(declared.default.literal, is_size, declared, Cost(1)).fixed
        if not is_size and absent == 1 and not self._holds_sizes(name):
            return below
        return Cost(0, (Scaled(name, below, is_size, absent),))


def _fields(kind: GraphQLNamedType | None) -> _Declared:
    return kind.fields if kind is not None and is_input_object_type(kind) else _NONE
