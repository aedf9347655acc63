"""From the text of a document to what its operations amount to, cheapest checks first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    Node,
    OperationDefinitionNode,
    StringValueNode,
    VariableDefinitionNode,
    parse,
    validate,
)

from vallum.graphql.comparisons import check_comparisons
from vallum.graphql.model import Cost, Limits, OperationKind, RefusedGraphQL
from vallum.graphql.rules import RULES
from vallum.graphql.schema import Schema
from vallum.graphql.structure import Parts, check_structure, take_apart
from vallum.graphql.usage import measure_usage
from vallum.wire.graphql import MalformedGraphQL, TokenLimits, scan_document


class Operation(NamedTuple):
    """One operation of a valid document."""

    kind: OperationKind
    name: str
    """Empty where it has none."""
    roots: tuple[str, ...]
    """Coordinates of the root fields, once for each time that one is selected."""
    fields: Mapping[str, int]
    """How often each field is selected, by coordinate."""
    cost: Cost
    variables: tuple[VariableDefinitionNode, ...]


class Document(NamedTuple):
    """A valid document within the limits."""

    operations: Mapping[str, Operation]
    """By name."""
    texts: tuple[str, ...]
    """Its string literals and comments: what a caller may write freely."""
    tokens: int

    def select(self, name: str | None) -> Operation:
        """The operation that runs (GraphQL §6.1, GetOperation).

        Raises:
            RefusedGraphQL: the name does not say which (B-302), or it is a subscription.
        """
        if name is None and len(self.operations) == 1:
            operation = next(iter(self.operations.values()))
        else:
            found = self.operations.get(name) if name else None
            if found is None:
                raise RefusedGraphQL("operation-name", "/operationName")
            operation = found
        if operation.kind == "subscription":
            raise RefusedGraphQL("subscription")
        return operation


def read_document(
    text: str,
    schema: Schema,
    limits: Limits,
    *,
    introspection: bool = False,
    costs: Mapping[str, int] | None = None,
) -> Document:
    """Judge a document.

    Args:
        text: as it was received.
        schema: what it must be valid against.
        limits: what it may be made of and ask for.
        introspection: whether it may ask for the schema.
        costs: of fields that do not cost 1, by coordinate.

    Raises:
        RefusedGraphQL: it is no document, larger than the limits, or not valid.
    """
    try:
        tokens, comments = scan_document(
            text, TokenLimits(limits.tokens, limits.aliases, limits.directives)
        )
        document = parse(text, max_tokens=limits.tokens + 1)
    except MalformedGraphQL as error:
        raise RefusedGraphQL(error.code) from None
    except GraphQLError as error:
        raise RefusedGraphQL("syntax", detail=_where("must be a GraphQL document", error)) from None
    parts = take_apart(document)
    check_structure(parts, limits, introspection=introspection)
    check_comparisons(parts)
    found = validate(schema.core, document, RULES, max_errors=1, hide_suggestions=True)
    if found:
        # The library's own words repeat names of the request, and may suggest others (B-300).
        raise RefusedGraphQL("invalid", detail=_where("must be valid against the schema", found[0]))
    operations = {
        name: _operation(name, node, parts, schema, costs or {})
        for name, node in parts.operations.items()
    }
    literals = _literals(document) if '"' in text else ()
    return Document(operations, (*literals, *comments), tokens)


def _operation(
    name: str,
    node: OperationDefinitionNode,
    parts: Parts,
    schema: Schema,
    costs: Mapping[str, int],
) -> Operation:
    usage = measure_usage(node, parts.fragments, schema, costs)
    kind: OperationKind = node.operation.value
    return Operation(
        kind,
        name,
        tuple(usage.roots),
        usage.fields,
        usage.cost,
        tuple(node.variable_definitions or ()),
    )


def _where(expected: str, error: GraphQLError) -> str:
    if not error.locations:
        return expected
    place = error.locations[0]
    return f"{expected}; see line {place.line}, column {place.column}"


def _literals(document: DocumentNode) -> Iterator[str]:
    """Every string in a document, as its reader sees it."""
    todo: list[Node] = [document]
    for node in todo:
        if isinstance(node, StringValueNode):
            yield node.value
            continue
        for key in node.keys:
            child = getattr(node, key, None)
            if isinstance(child, Node):
                todo.append(child)
            elif isinstance(child, list | tuple):
                todo += [each for each in child if isinstance(each, Node)]
