"""What an operation uses of the schema, and what that costs.

Only for documents that `structure` has measured and the schema's validator has accepted: the walk
expands fragments. `@skip` and `@include` change nothing: what may be asked for is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    InlineFragmentNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNode,
    get_named_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)

from vallum.graphql.model import Cost
from vallum.graphql.schema import FREE_SCALARS, Schema
from vallum.graphql.sizes import paged

_FREE: Final = Cost()


@dataclass(slots=True)
class Usage:
    """What an operation amounts to with every fragment expanded."""

    roots: list[str] = field(default_factory=list)
    """Coordinates of the root fields, once for each selection."""
    fields: Counter[str] = field(default_factory=Counter)
    """How often each field is selected, by coordinate, root fields included."""
    cost: Cost = _FREE


def measure_usage(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    schema: Schema,
    costs: Mapping[str, int],
) -> Usage:
    """Walk a valid operation.

    Args:
        operation: the operation.
        fragments: the fragments of its document, by name.
        schema: what it is valid against.
        costs: of fields that do not cost 1, by coordinate.
    """
    walk = _Walk(fragments, schema, costs, _structures(operation, schema))
    root = schema.core.get_root_type(operation.operation)
    usage = walk.usage
    usage.cost = walk.selection_set(operation.selection_set, root, is_root=True)
    return usage


class _Walk:
    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        schema: Schema,
        costs: Mapping[str, int],
        structures: frozenset[str],
    ) -> None:
        self._structures = structures
        self._fragments = fragments
        self._types = schema.core.type_map
        self._costs = costs
        self.usage = Usage()

    def selection_set(
        self,
        selection_set: SelectionSetNode | None,
        parent: GraphQLNamedType | None,
        *,
        is_root: bool = False,
    ) -> Cost:
        if selection_set is None or parent is None:
            return _FREE
        cost = _FREE
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                cost = cost.plus(self._field(selection, parent, is_root=is_root))
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
            else:
                assert isinstance(selection, InlineFragmentNode)  # noqa: S101  (there is no fourth)
                fragment = selection
            condition = fragment.type_condition
            within = parent if condition is None else self._types[condition.name.value]
            cost = cost.plus(self.selection_set(fragment.selection_set, within, is_root=is_root))
        return cost

    def _field(self, node: FieldNode, parent: GraphQLNamedType, *, is_root: bool) -> Cost:
        name = node.name.value
        if name.startswith("__"):
            # `__typename`, and the schema itself where introspection is allowed.
            inner = self._types["__Schema" if name == "__schema" else "__Type"]
            below = self.selection_set(node.selection_set, inner)
            return below.plus(Cost(1))
        coordinate = f"{parent.name}.{name}"
        self.usage.fields[coordinate] += 1
        if is_root:
            self.usage.roots.append(coordinate)
        below = _FREE
        if node.selection_set is not None and (is_object_type(parent) or is_interface_type(parent)):
            inner = get_named_type(parent.fields[name].type)
            below = paged(
                node,
                parent.fields[name].args,
                self.selection_set(node.selection_set, inner),
                self._structures.__contains__,
            )
        return below.plus(Cost(self._costs.get(coordinate, 1)))


def _structures(operation: OperationDefinitionNode, schema: Schema) -> frozenset[str]:
    """The variables whose values may be objects, by name."""
    found: set[str] = set()
    for each in operation.variable_definitions or ():
        kind: TypeNode = each.type
        while isinstance(kind, ListTypeNode | NonNullTypeNode):
            kind = kind.type
        assert isinstance(kind, NamedTypeNode)  # noqa: S101  (there is no fourth)
        name = kind.name.value
        if name in FREE_SCALARS or is_input_object_type(schema.core.type_map[name]):
            found.add(each.variable.name.value)
    return frozenset(found)
