"""GraphQL: our count of tokens against graphql-core's, and every free text of a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import FieldNode, GraphQLError, Lexer, Node, Source, TokenKind, parse
from tests.fuzz import seeds, tokens
from tests.fuzz.chain import Settings, Witness
from tests.fuzz.target import Target, require
from tests.support.exchanges import ManualClock, make_exchange
from tests.support.graphql_shop import SDL
from tests.support.routes import make_operation

from vallum.authz.roles import RoleTable
from vallum.core.problems import Denied
from vallum.engine.filter import Check
from vallum.filters.graphql import GraphQLFilter
from vallum.filters.graphql_settings import GraphQL
from vallum.filters.inspect import InspectBody
from vallum.filters.validate import ValidateBody
from vallum.graphql.document import read_document
from vallum.graphql.model import Limits, RefusedGraphQL
from vallum.graphql.schema import Schema, compile_schema
from vallum.limits.memory import MemoryLimitStore
from vallum.openapi.bodies import JSONBody
from vallum.wire.graphql import MalformedGraphQL, TokenLimits, scan_document

_STRINGS = (TokenKind.STRING, TokenKind.BLOCK_STRING)
_LIMITS = TokenLimits()
_DOCUMENTS = (
    b"{ book(id: 1) { title } }",
    (
        b'query Q($id: ID!, $n: Int = 3) { a: book(id: $id) { ...F } books(first: $n, title: "x") '
        b"{ id } } fragment F on Book { title author { name } }"
    ),
    b'mutation M { addBook(book: {title: """block\n  "text" """, tags: ["a"]}) { id } } # end',
    b'{ search(text: "\\u0041\\n") { ... on Book { title } ... on User @skip(if: false) { id } } }',
    b"query K($f: JSON) { on(filter: $f) __typename }",
)


def _lexed(text: str) -> list[tuple[TokenKind, str]] | None:
    """The tokens as graphql-core has them, comments too; None: it refuses them."""
    lexer = Lexer(Source(text))
    token = lexer.token
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            pass
    except GraphQLError:
        return None
    found: list[tuple[TokenKind, str]] = []
    while token.next is not None and token.next.kind is not TokenKind.EOF:
        token = token.next
        found.append((token.kind, token.value or ""))
    return found


def _tokens(data: bytes) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    try:
        ours = scan_document(text, _LIMITS)
    except MalformedGraphQL as error:
        if error.code == "syntax":
            require(_lexed(text) is None, "good tokens were refused", text)
        return
    theirs = _lexed(text)
    if theirs is None:
        return
    comments = [value.strip() for kind, value in theirs if kind is TokenKind.COMMENT]
    count = len(theirs) - len(comments)
    require(ours.total == count, "another number of tokens", ours.total, count, text)
    require(list(ours.comments) == [each for each in comments if each], "comments", ours, text)
    directives = sum(kind is TokenKind.AT for kind, _ in theirs)
    require(directives <= _LIMITS.directives, "too many directives", text)
    require(_aliases(text) <= _LIMITS.aliases, "too many aliases", text)


def _aliases(text: str) -> int:
    try:
        document = parse(text)
    except GraphQLError:
        return 0
    return sum(isinstance(each, FieldNode) and each.alias is not None for each in _nodes(document))


def _nodes(root: Node) -> Iterator[Node]:
    todo = [root]
    for node in todo:
        yield node
        for key in node.keys:
            child = getattr(node, key, None)
            children = child if isinstance(child, list | tuple) else [child]
            todo += [each for each in children if isinstance(each, Node)]


@cache
def _shop() -> Schema:
    return compile_schema(SDL)


def _free_texts(document: str) -> list[str]:
    """What a client may write freely in a document."""
    lexed = _lexed(document)
    require(lexed is not None, "tokens that nobody reads were taken", document)
    strings = [value for kind, value in lexed or () if kind in _STRINGS]
    comments = [value.strip() for kind, value in lexed or () if kind is TokenKind.COMMENT]
    return [*strings, *filter(None, comments)]


def _document(data: bytes) -> None:
    try:
        text = data.decode("utf-8")
        document = read_document(text, _shop(), Limits())
    except (UnicodeDecodeError, RefusedGraphQL):
        return
    missed = set(_free_texts(text)) - set(document.texts)
    require(not missed, "texts that are not inspected", missed, text)


@cache
def _checks() -> tuple[Witness, tuple[Check, ...]]:
    operation = make_operation("POST", "/graphql", bodies={"application/json": JSONBody(None)})
    witness = Witness()
    settings: Any = Settings(unknown="refuse")
    settings.graphql = GraphQL(schema=_shop(), batch=3)
    settings.limits = ()
    store, clock = MemoryLimitStore(), ManualClock()
    attached = (
        ValidateBody().attach(operation, settings),
        GraphQLFilter(store, clock, RoleTable({}), api="shop", challenge=b"").attach(
            operation, settings
        ),
        InspectBody(witness, lambda: 0.0).attach(operation, settings),
    )
    return witness, tuple(each.check for each in attached if each and each.check is not None)


def _request(data: bytes) -> None:
    """A request's body: what the upstream reads as text was inspected."""
    witness, checks = _checks()
    witness.texts = []
    exchange = make_exchange((b"content-type", b"application/json"), method="POST")
    exchange.body = data
    try:
        for check in checks:
            check(exchange)
    except Denied:
        return
    value = json.loads(exchange.body.decode("utf-8"))
    for each in value if isinstance(value, list) else [value]:
        wanted = {*_free_texts(each["query"]), *_strings(each.get("variables"))}
        missed = wanted - set(witness.texts)
        require(not missed, "texts that are not inspected", missed, data)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for child in value.values():
            yield from _strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child)


def make_tokens() -> Target:
    """Tokens against graphql-core."""
    given = (*seeds.GRAPHQL, *_DOCUMENTS)
    return Target(name="graphql-tokens", run=_tokens, seeds=given, tokens=tokens.GRAPHQL)


def make_document() -> Target:
    """Documents against a schema."""
    _shop()
    names = (b"book", b"books", b"search", b"on", b"title", b"id", b"name", b"Book", b"User", b"F")
    words = (*tokens.GRAPHQL, *names)
    return Target(name="graphql-document", run=_document, seeds=_DOCUMENTS, tokens=words)


def make_request() -> Target:
    """Requests through the controls."""
    _checks()
    values: dict[str, Any] = {"id": "1", "n": 2, "f": {"a": ["b", {"c": "d"}]}}
    given = [
        json.dumps({"query": document.decode(), "variables": {}}).encode()
        for document in _DOCUMENTS
    ]
    query = _DOCUMENTS[4].decode()
    given.append(json.dumps({"query": query, "variables": {"f": values}}).encode())
    given.append(json.dumps([{"query": query}, {"query": "{users{name}}"}]).encode())
    words = (*tokens.GRAPHQL, *tokens.JSON, b'"query":', b'"variables":', b'"operationName":')
    return Target(name="chain-graphql", run=_request, seeds=tuple(given), tokens=words)
