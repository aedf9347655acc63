"""Documents that have been judged already: clients send the same few again and again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from vallum.filters.graphql_fields import field_costs
from vallum.filters.graphql_settings import GraphQL
from vallum.graphql.document import Document, read_document
from vallum.graphql.model import Limits

MOST_TOKENS: Final = 50_000
"""Of all documents that one operation remembers together."""


class DocumentCache:
    """Reads documents; the good ones used last are remembered, whole and by their whole text."""

    __slots__ = ("_costs", "_known", "_limits", "_settings", "_tokens")

    def __init__(self, settings: GraphQL) -> None:
        """
        Args:
            settings: of the operation.
        """
        self._settings = settings
        self._costs = field_costs(settings)
        self._limits = Limits(
            depth=settings.depth,
            cost=settings.cost,
            tokens=settings.tokens,
            aliases=settings.aliases,
            root_fields=settings.root_fields,
            directives=settings.directives,
        )
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0

    def read(self, text: str) -> Document:
        """A document by its text.

        Raises:
            RefusedGraphQL: it is not valid, or larger than the limits.
        """
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        settings = self._settings
        document = read_document(
            text,
            settings.schema,
            self._limits,
            introspection=settings.introspection,
            costs=self._costs,
        )
        # Spaces, comments and literals are text without tokens: four bytes count as one.
        weight = document.tokens + len(text) // 4
        if weight <= MOST_TOKENS // 4:
            self._known[text] = document._replace(tokens=weight)
            self._tokens += weight
        while self._tokens > MOST_TOKENS:
            _, oldest = self._known.popitem(last=False)
            self._tokens -= oldest.tokens
        return document
