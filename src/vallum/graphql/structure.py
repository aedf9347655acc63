"""The shape of a document under limits, before a schema or a validator looks at it (B-299).

Fragments multiply: a document of two thousand tokens can spell millions of fields. Each fragment
is measured once, after those that it spreads, so that nothing is expanded before it is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from vallum.graphql.model import Limits, RefusedGraphQL

MOST_SELECTIONS: Final = 5_000
"""Fields, spreads and inline fragments after expansion: the walk of an operation is as long."""
MOST_SPREADS: Final = 20
"""Fragments within fragments."""
_INTROSPECTION: Final = frozenset({"__schema", "__type"})


class Parts(NamedTuple):
    """The definitions of a document."""

    operations: dict[str, OperationDefinitionNode]
    """By name; the empty name is that of the one without a name."""
    fragments: dict[str, FragmentDefinitionNode]


class _Shape(NamedTuple):
    """The size of a selection set with every fragment expanded."""

    fields: int = 0
    selections: int = 0
    top: int = 0
    """Fields at its own level."""
    depth: int = 0
    spreads: int = 0
    """Fragments within each other."""


_Shapes = dict[str, _Shape]


def take_apart(document: DocumentNode) -> Parts:
    """The operations and fragments of a document.

    Raises:
        RefusedGraphQL: it holds something else, or a name twice (B-302).
    """
    parts = Parts({}, {})
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            name = definition.name.value if definition.name is not None else ""
            if name in parts.operations:
                raise RefusedGraphQL("duplicate-name")
            parts.operations[name] = definition
        elif isinstance(definition, FragmentDefinitionNode):
            if definition.name.value in parts.fragments:
                raise RefusedGraphQL("duplicate-name")
            parts.fragments[definition.name.value] = definition
        else:
            raise RefusedGraphQL("not-executable")
    return parts


def check_structure(parts: Parts, limits: Limits, *, introspection: bool) -> None:
    """Measure every operation of a document.

    Raises:
        RefusedGraphQL: it is larger than the limits, or asks for the schema where it may not.
    """
    if not introspection:
        for definition in (*parts.operations.values(), *parts.fragments.values()):
            _refuse_introspection(definition.selection_set)
    shapes: _Shapes = {}
    for name in _in_order(parts.fragments):
        shape = _measure(parts.fragments[name].selection_set, shapes)
        _check(shape, limits)
        shapes[name] = shape._replace(spreads=shape.spreads + 1)
    for operation in parts.operations.values():
        shape = _measure(operation.selection_set, shapes)
        _check(shape, limits)
        if shape.top > limits.root_fields:
            raise RefusedGraphQL("root-fields")


def _check(shape: _Shape, limits: Limits) -> None:
    if shape.depth > limits.depth:
        raise RefusedGraphQL("depth")
    if shape.fields > limits.cost:
        raise RefusedGraphQL("cost")
    if shape.selections > MOST_SELECTIONS or shape.spreads > MOST_SPREADS:
        raise RefusedGraphQL("fragments")


def _measure(selection_set: SelectionSetNode | None, shapes: Mapping[str, _Shape]) -> _Shape:
    """What a selection set amounts to. The scanner has bounded how deep this recurses."""
    if selection_set is None:
        return _Shape()
    fields = selections = top = depth = spreads = 0
    for selection in selection_set.selections:
        selections += 1
        if isinstance(selection, FieldNode):
            inner = _measure(selection.selection_set, shapes)
            fields += 1
            top += 1
            depth = max(depth, inner.depth + 1)
        else:
            if isinstance(selection, FragmentSpreadNode):
                # A fragment that is nowhere defined has no shape; validation refuses it.
                inner = shapes.get(selection.name.value, _Shape())
            else:
                assert isinstance(selection, InlineFragmentNode)  # noqa: S101  (there is no fourth)
                inner = _measure(selection.selection_set, shapes)
            top += inner.top
            depth = max(depth, inner.depth)
        fields += inner.fields
        selections += inner.selections
        spreads = max(spreads, inner.spreads)
    return _Shape(fields, selections, top, depth, spreads)


def _in_order(fragments: Mapping[str, FragmentDefinitionNode]) -> list[str]:
    """The fragments so that each comes after those that it spreads.

    Raises:
        RefusedGraphQL: one contains itself.
    """
    spread_by: dict[str, list[str]] = {name: [] for name in fragments}
    waits_for: dict[str, int] = {}
    for name, fragment in fragments.items():
        spreads = {each for each in _spreads(fragment.selection_set) if each in fragments}
        waits_for[name] = len(spreads)
        for each in spreads:
            spread_by[each].append(name)
    ready = [name for name, count in waits_for.items() if not count]
    for name in ready:
        for waiting in spread_by[name]:
            waits_for[waiting] -= 1
            if not waits_for[waiting]:
                ready.append(waiting)
    if len(ready) < len(fragments):
        raise RefusedGraphQL("fragment-cycle")
    return ready


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    for node in _selections(selection_set):
        if isinstance(node, FragmentSpreadNode):
            yield node.name.value


def _refuse_introspection(selection_set: SelectionSetNode) -> None:
    for node in _selections(selection_set):
        # B-300: the name of the field decides, whatever alias it has and wherever it stands.
        if isinstance(node, FieldNode) and node.name.value in _INTROSPECTION:
            raise RefusedGraphQL("introspection")


def _selections(
    selection_set: SelectionSetNode,
) -> Iterator[FieldNode | FragmentSpreadNode | InlineFragmentNode]:
    """Everything selected, as written."""
    todo = [selection_set]
    for each in todo:
        for selection in each.selections:
            assert isinstance(  # noqa: S101  (narrows the type)
                selection, FieldNode | FragmentSpreadNode | InlineFragmentNode
            )
            yield selection
            inner = None if isinstance(selection, FragmentSpreadNode) else selection.selection_set
            if inner is not None:
                todo.append(inner)
