"""How much a validator would compare to tell whether fields can be merged (GraphQL §5.3.2).

Fields of one response name at one level are compared in pairs, and so are the fragments that one
level spreads. Counting them is linear, so what asks for too many is refused before any rule runs.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from vallum.graphql.model import RefusedGraphQL
from vallum.graphql.structure import Parts

MOST_COMPARISONS: Final = 1_000
"""Pairs of one document. The validator finds more of them, below the fields of a pair, and is held
to the same number."""


def check_comparisons(parts: Parts) -> None:
    """Count the pairs of a document.

    Raises:
        RefusedGraphQL: there are too many.
    """
    left = MOST_COMPARISONS
    definitions = (*parts.operations.values(), *parts.fragments.values())
    levels = [definition.selection_set for definition in definitions]
    for level in levels:
        left -= _pairs(level, levels)
        if left < 0:
            raise RefusedGraphQL("invalid", detail="must not repeat fields and fragments so often")


def _pairs(level: SelectionSetNode, levels: list[SelectionSetNode]) -> int:
    """The pairs of one level, with its inline fragments; those below it are added to `levels`."""
    fields: Counter[str] = Counter()
    spreads: set[str] = set()
    todo = [level]
    for each in todo:
        for selection in each.selections:
            if isinstance(selection, FieldNode):
                fields[(selection.alias or selection.name).value] += 1
                if selection.selection_set is not None:
                    levels.append(selection.selection_set)
            elif isinstance(selection, InlineFragmentNode):
                todo.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                spreads.add(selection.name.value)
    return sum(count * (count - 1) // 2 for count in (*fields.values(), len(spreads)))
