"""What the defaults of a schema amount to where a request leaves a value out.

`{}` stands for an object with all its defaults, which may be objects with defaults of their own:
schemas of a few lines can make it stand for millions of values, in every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    get_named_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)

MOST_VALUES: Final = 1_000
MOST_LEVELS: Final = 50

_Declared = Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]


class _Size(NamedTuple):
    values: int = 1
    levels: int = 1


class _Sizes:
    def __init__(self) -> None:
        self._known: dict[int, _Size] = {}

    def default(self, declared: GraphQLArgument | GraphQLInputField) -> _Size:
        """Of what stands for a value that is left out. The validator has found no circles."""
        if declared.default is None or declared.default.literal is None:
            return _Size(0, 0)
        known = self._known.get(id(declared))
        if known is None:
            known = self._known[id(declared)] = self._of(declared.default.literal, declared.type)
        return known

    def _of(self, value: ValueNode, kind: GraphQLInputType) -> _Size:
        parts: list[_Size] = []
        if isinstance(value, ListValueNode):
            parts = [self._of(each, kind) for each in value.values]
        elif isinstance(value, ObjectValueNode):
            named = get_named_type(kind)
            if not is_input_object_type(named):
                return _Size()
            given = {each.name.value: each.value for each in value.fields}
            parts = [
                self._of(given[name], field.type) if name in given else self.default(field)
                for name, field in named.fields.items()
            ]
        return _Size(
            1 + sum(each.values for each in parts),
            1 + max((each.levels for each in parts), default=0),
        )


def oversized_defaults(core: GraphQLSchema) -> str:
    """The type, or field, whose defaults stand for too many values; empty where there is none."""
    sizes = _Sizes()
    for name, each in core.type_map.items():
        places: dict[str, _Declared] = {}
        if is_input_object_type(each):
            places = {name: each.fields}
        elif is_object_type(each) or is_interface_type(each):
            places = {f"{name}.{field}": one.args for field, one in each.fields.items()}
        for place, declared in places.items():
            found = [sizes.default(one) for one in declared.values()]
            if sum(one.values for one in found) > MOST_VALUES:
                return place
            if any(one.levels > MOST_LEVELS for one in found):
                return place
    return ""
