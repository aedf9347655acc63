"""The key of operations that take GraphQL."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vallum.config.diagnostics import suggest
from vallum.config.document import read_text
from vallum.config.keys_identity import NAME, SCOPE
from vallum.config.keys_limit import LIMIT
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Flag,
    Integer,
    Key,
    Made,
    Many,
    Section,
    Table,
    Text,
    Values,
)
from vallum.config.kinds_files import ExistingFile
from vallum.config.source import Node, SourceError
from vallum.config.values import Bad
from vallum.filters.graphql_settings import FieldRule, GraphQL

if TYPE_CHECKING:
    from vallum.graphql.schema import Schema

MAX_SCHEMA_BYTES: Final = 16 * 1024 * 1024
MAX_PERSISTED_BYTES: Final = 16 * 1024 * 1024
_COORDINATE: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\.(?:\*|[_A-Za-z][_0-9A-Za-z]*)")
_WHO: Final = ("scopes", "roles", "deny_roles")


def _coordinate(text: str) -> str:
    if _COORDINATE.fullmatch(text) is None:
        raise Bad("bad-name", f"`{text}` names no field", "write `Query.books` or `Mutation.*`")
    return text


_FIELD_KEYS = {
    "public": Key(Flag(), "whether anybody may select it, where the operation is public"),
    "scopes": Key(Many(SCOPE), "scopes that the caller needs, all of them"),
    "roles": Key(Many(NAME), "roles of which the caller needs one"),
    "deny_roles": Key(Many(NAME), "roles whose holders are refused"),
    "limit": Key(LIMIT, "limits of the field's own, counted each time it is selected"),
    "cost": Key(Integer(1, 1_000_000), "what selecting it costs; default 1"),
}

_GRAPHQL_KEYS = {
    "schema": Key(
        ExistingFile("a path"), "the schema, in the schema definition language", is_needed=True
    ),
    "introspection": Key(Flag(), "whether clients may ask for the schema"),
    "depth": Key(Integer(1, 30), "fields within fields; default 10"),
    "cost": Key(Integer(1, 1_000_000), "what one request may cost; default 1000"),
    "tokens": Key(Integer(1, 20_000), "tokens of a document, values of variables; default 2000"),
    "aliases": Key(Integer(0, 1_000), "aliases in a document; default 15"),
    "root_fields": Key(Integer(1, 1_000), "root fields of one request; default 15"),
    "directives": Key(Integer(0, 1_000), "directives in a document; default 10"),
    "batch": Key(Integer(1, 5), "operations in one request; default 1: no batches"),
    "nodes": Key(
        Choice(("deny", "allow")), "root fields that fetch objects of any type; default deny"
    ),
    "get": Key(Flag(), "whether queries may come by GET"),
    "persisted": Key(
        ExistingFile("a path"), "JSON file of the documents that may be named by their SHA-256"
    ),
    "persisted_only": Key(Flag(), "whether no other documents are taken"),
    "fields": Key(
        Table(
            Text("a field such as `Query.books`, or `Mutation.*`", _coordinate),
            Section("a field", _FIELD_KEYS),
            "field",
        ),
        "who may select which fields, how often and at what cost",
    ),
}


def _graphql(found: Values, context: Context) -> Any:
    if "schema" not in found:
        return INVALID
    settings: dict[str, Any] = dict(found)
    path: Path = settings.pop("schema")
    text = _read(path, MAX_SCHEMA_BYTES, context)
    schema = _compiled(text, path, context) if text is not None else None
    if schema is None or text is None:
        return INVALID
    settings["fields"] = _fields(found.get("fields"), schema, context)
    files, digest = [path], hashlib.sha256(text.encode("utf-8"))
    if "persisted" in settings:
        persisted: Path = settings["persisted"]
        listed = _read(persisted, MAX_PERSISTED_BYTES, context)
        documents = _documents(listed, persisted, context) if listed is not None else None
        if documents is None or listed is None:
            return INVALID
        settings["persisted"] = documents
        files.append(persisted)
        digest.update(listed.encode("utf-8"))
    graphql = GraphQL(schema=schema, files=tuple(files), digest=digest.digest(), **settings)
    if graphql.persisted_only and not graphql.persisted:
        context.report.add(
            "bad-value",
            "`persisted_only` without documents would refuse everything",
            found.places["persisted_only"],
            "name them: `persisted: documents.json`",
        )
        return INVALID
    return graphql if _all_fit(graphql, found, context) else INVALID


GRAPHQL = Made(Section("`graphql`", _GRAPHQL_KEYS), _graphql)


def _read(path: Path, limit: int, context: Context) -> str | None:
    try:
        return read_text(path, limit)
    except SourceError as err:
        context.report.add_source_error(err, path)
        return None


def _compiled(text: str, path: Path, context: Context) -> Schema | None:
    # Loaded here: the library takes a fifth of a second, and few policies need it.
    from vallum.graphql.schema import SchemaErrors, compile_schema

    try:
        return compile_schema(text)
    except SchemaErrors as err:
        for problem in err.problems:
            place = (problem.line, problem.column)
            context.report.add_at("graphql-schema", problem.message, path, place)
        return None


def _fields(said: Values | None, schema: Schema, context: Context) -> Mapping[str, FieldRule]:
    """The rules by field; what is said of all fields of a type holds where one says nothing."""
    rules: dict[str, FieldRule] = {}
    if said is None:
        return rules
    for coordinate, given in said.items():
        place: Node = said.places[coordinate]
        if not schema.has(coordinate):
            hint = suggest(coordinate, schema.coordinates(), what="field")
            context.report.add(
                "graphql-field", f"the schema has no field `{coordinate}`", place, hint
            )
            continue
        type_name, _, field = coordinate.partition(".")
        wide: Mapping[str, Any] = said.get(f"{type_name}.*", {}) if field != "*" else {}
        merged: dict[str, Any] = {**wide, **given}
        if given.get("public"):
            merged = {
                key: value for key, value in merged.items() if key not in _WHO or key in given
            }
        if merged.get("public") and any(merged.get(key) for key in _WHO):
            context.report.add(
                "public-conflict",
                f"`{coordinate}` is public and asks for scopes or roles",
                place,
                "remove one of them",
            )
            continue
        rules[coordinate] = FieldRule(
            public=merged.get("public", False),
            scopes=frozenset(merged.get("scopes", ())),
            roles=frozenset(merged.get("roles", ())),
            deny_roles=frozenset(merged.get("deny_roles", ())),
            limits=merged.get("limit", ()),
            cost=merged.get("cost", 1),
        )
    return rules


def _documents(text: str, path: Path, context: Context) -> dict[str, str] | None:
    """The documents of a file: a JSON object of SHA-256 to document."""

    def refuse(message: str, hint: str) -> None:
        context.report.add_at("graphql-document", message, path, (1, 1), hint)

    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        refuse("the file is no JSON", 'write `{"HASH": "query …"}`')
        return None
    documents = said if isinstance(said, dict) else None
    if documents is None or not all(isinstance(each, str) for each in documents.values()):
        refuse("the file holds no object of documents by hash", 'write `{"HASH": "query …"}`')
        return None
    for name, document in documents.items():
        digest = hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()
        if name != digest:
            refuse(f"`{name[:80]}` is not the SHA-256 of its document", f"write `{digest}`")
            return None
    return documents


def _all_fit(graphql: GraphQL, found: Values, context: Context) -> bool:
    """Whether every allowed document could run: nobody learns of it from a client otherwise."""
    from vallum.filters.graphql_documents import DocumentCache
    from vallum.graphql.model import RefusedGraphQL

    documents = DocumentCache(graphql)
    for digest, text in graphql.persisted.items():
        try:
            documents.read(text)
        except RefusedGraphQL as err:
            context.report.add(
                "graphql-document",
                f"the document `{digest[:12]}…` {err.detail}",
                found.places["persisted"],
                "mend the document, or raise the limit",
            )
            return False
    return True
