"""A gateway before a real GraphQL service: graphql-core runs what the gateway lets through."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import orjson
import pytest
from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync
from tests.support.arena import Arena, request
from tests.support.contract import PATHS, SECURED, body, document, operation, parameter
from tests.support.gateway import Gateway, PolicyText, create_key
from tests.support.raw import Reply
from tests.support.upstream import Link, Received, RecordingUpstream, answer

SDL = """\
scalar Date
scalar JSON
scalar Upload
interface Node { id: ID! }
interface Priced { supplierCost: Int }
union Hit = Book | User
type Book implements Node & Priced {
  id: ID!
  title: String!
  supplierCost: Int
  author: User
  reviews(first: Int): [Review!]!
}
type User implements Node { id: ID! name: String books: [Book!]! }
type Review { text: String by: User }
input NewBook { title: String!, tags: [String!], pages: Int }
input Page { limit: Int, after: ID }
type Query {
  books(first: Int, title: String, page: Page, where: JSON): [Book!]!
  book(id: ID!): Book
  users: [User!]!
  priced: [Priced!]!
  search(text: String!): [Hit!]!
  on(day: Date, filter: JSON, file: Upload): Boolean
  broken: String
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]
}
type Mutation {
  login(name: String!, password: String!): String
  addBook(book: NewBook!): Book
}
type Subscription { sold: Book }
"""

KNOWN = "query Known($id: ID!) { book(id: $id) { title } }"
"""The one persisted document."""
KNOWN_HASH = hashlib.sha256(KNOWN.encode()).hexdigest()

_BOOK = {"__typename": "Book", "id": "1", "title": "Emma", "supplierCost": 3, "reviews": []}
_USER = {"__typename": "User", "id": "2", "name": "Ann", "books": []}


def _fail(*_: Any) -> None:
    raise GraphQLError(
        "cannot read shelves. Did you mean 'secretShelves'?\n  File \"/srv/app.py\", line 3",
        extensions={
            "code": "INTERNAL",
            "stacktrace": ["Error: at /srv/app.py:3", "at /srv/db.py:9"],
            "exception": {"sql": "SELECT * FROM shelves"},
        },
    )


ROOT: dict[str, Any] = {
    "books": lambda *_, **__: [_BOOK],
    "book": lambda *_, **__: _BOOK,
    "users": [_USER],
    "priced": [_BOOK],
    "search": lambda *_, **__: [_BOOK, _USER],
    "on": lambda *_, **__: True,
    "broken": _fail,
    "node": lambda *_, **__: _BOOK,
    "nodes": lambda *_, **__: [_BOOK],
    "login": lambda *_, **__: "token",
    "addBook": lambda *_, **__: _BOOK,
}


class Service:
    """Answers POST and GET like the common servers; a batch too."""

    def __init__(self) -> None:
        self._schema: GraphQLSchema = build_schema(SDL)

    def __call__(self, received: Received, link: Link) -> bool:
        """A responder."""
        if received.method == "POST":
            asked = orjson.loads(received.body)
        else:
            asked = dict(parse_qsl(urlsplit(received.target.decode()).query))
            asked["variables"] = json.loads(asked.get("variables", "{}"))
        said = [self._run(each) for each in asked] if isinstance(asked, list) else self._run(asked)
        return answer("200 OK", orjson.dumps(said))(received, link)

    def _run(self, asked: dict[str, Any]) -> dict[str, Any]:
        result = graphql_sync(
            self._schema,
            asked.get("query") or "",
            ROOT,
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        return {**result.formatted, "extensions": {"tracing": {"host": "db-1.internal"}}}


_JSON_BODY = body("application/json", {"type": ["object", "array"]})
_GET_PARAMETERS = [
    parameter(name, "query", type="string")
    for name in ("query", "variables", "operationName", "extensions")
]
SHOP_PATHS: dict[str, Any] = {
    "/graphql": {
        "get": operation("graphqlGet", parameters=_GET_PARAMETERS),
        "post": operation("graphql", **_JSON_BODY),
    },
    "/members": {"post": operation("members", **_JSON_BODY)},
    "/batched": {"post": operation("batched", **_JSON_BODY)},
    "/persisted": {"post": operation("persistedOnly", **_JSON_BODY)},
    "/limited": {"post": operation("limited", **_JSON_BODY)},
    "/loose": {
        "post": operation(
            "loose",
            requestBody={
                "content": {
                    "application/json": {},
                    "text/plain": {},
                    "application/x-www-form-urlencoded": {},
                }
            },
        )
    },
}

_FIELDS = (
    "Query.users: {scopes: [users:read]}, Query.search: {limit: 1000/minute per principal},"
    " Mutation.*: {roles: [admin]}, Mutation.login: {public: true},"
    " Book.supplierCost: {roles: [admin]}"
)
SHOP_LINES = {
    **SECURED,
    "graphql": "public: true, authenticate: api_key, graphql: {schema: schema.graphql,"
    f" persisted: documents.json, fields: {{{_FIELDS}}}}}",
    "graphqlGet": "public: true, graphql: {schema: schema.graphql, get: true}",
    "members": "authenticate: api_key, graphql: {schema: schema.graphql,"
    " fields: {Query.node: {roles: [admin]}, Book.supplierCost: {deny_roles: [member]}}}",
    "batched": "public: true, graphql: {schema: schema.graphql, batch: 5, introspection: true,"
    " depth: 15}",
    "persistedOnly": "public: true, graphql: {schema: schema.graphql, persisted: documents.json,"
    " persisted_only: true}",
    "limited": "authenticate: api_key, limit: 20/day per key, graphql: {schema: schema.graphql,"
    " fields: {Mutation.login: {limit: 4/day per key}}}",
    "loose": "public: true, validate: off, graphql: {schema: schema.graphql}",
}


ROLES = "roles: {admin: {scopes: [users:read]}, member: {}, reader: {scopes: [users:read]}}"


@dataclass(slots=True)
class Shop(Arena):
    """The gateway and the service, with keys by role."""

    admin: str = ""
    member: str = ""
    reader: str = ""
    """The key of a member who may read users."""

    def ask(
        self, query: str | None, *, path: str = "/graphql", key: str = "", **members: Any
    ) -> Reply:
        """One request by POST."""
        return self.send(post({"query": query, **members}, path=path, key=key))


def post(value: Any, *lines: str, path: str = "/graphql", key: str = "") -> bytes:
    """A POST of this value as JSON."""
    fields = ["Content-Type: application/json", *([f"X-API-Key: {key}"] if key else []), *lines]
    return request("POST", path, *fields, body=orjson.dumps(value))


def get(query: str, **members: str) -> bytes:
    """A GET of a document."""
    pairs = {"query": query, **members}
    return request(
        "GET", "/graphql?" + "&".join(f"{name}={quote(text)}" for name, text in pairs.items())
    )


def write_shop_files(folder: Path) -> None:
    """The files that the policy names."""
    (folder / "schema.graphql").write_text(SDL, "utf-8")
    (folder / "documents.json").write_text(json.dumps({KNOWN_HASH: KNOWN}), "utf-8")


@pytest.fixture(scope="session")
def _graphql_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("graphql")
    scheme = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
    bearer = {"bearer": {"type": "http", "scheme": "bearer"}}
    contract = document(
        {**PATHS, **SHOP_PATHS}, components={"securitySchemes": {**scheme, **bearer}}
    )
    with RecordingUpstream() as upstream:
        service = Service()
        upstream.default = lambda received, link: (
            service if received.target.startswith(tuple(map(str.encode, SHOP_PATHS))) else answer()
        )(received, link)
        write_shop_files(folder)
        PolicyText(
            upstream=upstream.url,
            contract=contract,
            operations=SHOP_LINES,
            more=ROLES,
        ).write(folder)
        keys = {
            role: create_key(folder, role, "--role", role) for role in ("admin", "member", "reader")
        }
        with Gateway(folder) as gateway:
            yield Shop(gateway, upstream, **keys)
        assert upstream.faults == []


@pytest.fixture
def graphql_shop(_graphql_shop: Shop) -> Iterator[Shop]:
    """The gateway before the service, healthy before and after each test."""
    _graphql_shop.gateway.assert_healthy()
    yield _graphql_shop
    _graphql_shop.gateway.assert_healthy()
    assert _graphql_shop.upstream.faults == []
