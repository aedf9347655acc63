"""What the policy says about a GraphQL operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from vallum.filters.limit import Limit

if TYPE_CHECKING:
    # Loaded by whoever compiles a schema: policies without GraphQL do without the library.
    from vallum.graphql.schema import Schema

GENERIC_ROOTS: Final = frozenset({"node", "nodes", "_entities", "_service"})
"""Root fields that fetch objects of any type, or tell the schema (B-303)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What the policy says about a field, or about all fields of a type."""

    public: bool = False
    """Whether anybody may ask for it, on an operation that is public."""
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    deny_roles: frozenset[str] = frozenset()
    limits: tuple[Limit, ...] = ()
    """Counted for each time that the field is selected."""
    cost: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQL:
    """One operation of the contract that takes GraphQL requests."""

    schema: Schema
    introspection: bool = False
    depth: int = 10
    """Fields within fields."""
    cost: int = 1_000
    """Of all operations of a request together; a field costs 1 unless a rule says otherwise."""
    tokens: int = 2_000
    """Of a document; and values in the variables."""
    aliases: int = 15
    root_fields: int = 15
    """Of all operations of a request together."""
    directives: int = 10
    batch: int = 1
    """Operations in one request; 1: none in lists."""
    nodes: Literal["deny", "allow"] = "deny"
    """Root fields that fetch objects of any type, where no rule names them."""
    get: bool = False
    """Whether queries may come by GET."""
    persisted: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Documents that may be named by their SHA-256."""
    persisted_only: bool = False
    """Whether no other documents may be sent."""
    fields: Mapping[str, FieldRule] = field(default_factory=dict)
    """By `Type.field`, or `Type.*` for the other fields of the type."""
    files: tuple[Path, ...] = ()
    """What was read for this: a change of one calls for a reload."""
    digest: bytes = field(default=b"", repr=False)
    """Changes when one of the files does."""
