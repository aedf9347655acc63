"""GraphQL: what an operation of the contract is asked for in a document, judged like paths are.

The document is read under limits before anything validates it; the operation that will run is
mapped to fields, and fields to the same scopes, roles and limits as operations of a REST API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple, Protocol

import orjson

from vallum.authz.roles import RoleTable
from vallum.core.ports import Clock, LimitStore
from vallum.core.problems import Denied, Violation
from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnswerBody, AnswerHead, Attachment, Ruling, withheld
from vallum.engine.phases import Phase
from vallum.filters.graphql_documents import DocumentCache
from vallum.filters.graphql_fields import FieldAccess, FieldLimits
from vallum.filters.graphql_settings import GraphQL
from vallum.filters.limit import Limit
from vallum.graphql.answers import clean_answer
from vallum.graphql.document import Operation as Wanted
from vallum.graphql.model import RefusedGraphQL
from vallum.graphql.requests import MEMBERS, GraphQLRequest, read_request, read_requests
from vallum.graphql.variables import check_variables
from vallum.openapi.model import UNREAD, Operation
from vallum.openapi.problems import ContractViolation
from vallum.wire.json import DEFAULT_LIMITS, MalformedJSON, parse_json, read_grammar
from vallum.wire.json_exact import JSONLimits
from vallum.wire.json_rewrite import has_one_reading, read_verbatim, write_json
from vallum.wire.media_type import parse_media_type
from vallum.wire.spelled import is_read_as

_JSON: Final = "application/json"
_TAKEN: Final = frozenset({_JSON, "application/graphql-response+json"})
_MEMBERS: Final = frozenset(name.lower() for name in MEMBERS)
_ANSWER_LIMITS: Final = JSONLimits(depth=64)


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def graphql(self) -> GraphQL | None: ...
    @property
    def limits(self) -> Sequence[Limit]: ...


class _Judged(NamedTuple):
    """A request with the operation that it asks for."""

    request: GraphQLRequest
    wanted: Wanted
    texts: Sequence[str]
    cost: int


class GraphQLFilter:
    """Attaches the control where the policy says that an operation takes GraphQL."""

    name: ClassVar[str] = "graphql"
    phase: ClassVar[Phase] = Phase.READ

    def __init__(
        self, store: LimitStore, clock: Clock, table: RoleTable, *, api: str, challenge: bytes
    ) -> None:
        """
        Args:
            store: where the buckets of limits are kept.
            clock: wall-clock Unix seconds.
            table: the policy's roles.
            api: name of the API.
            challenge: field lines that say how callers prove who they are.
        """
        self._store = store
        self._clock = clock
        self._table = table
        self._api = api
        self._challenge = challenge

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile the control; None where the operation takes no GraphQL.

        Raises:
            ValueError: the operation cannot take it, or a rule cannot hold.
        """
        graphql = settings.graphql
        if graphql is None:
            return None
        _check_operation(operation, graphql)
        access = FieldAccess(graphql, self._table, self._challenge)
        limits = FieldLimits(
            operation, graphql, settings.limits, self._store, self._clock, self._api
        )
        control = _Control(graphql, access, limits)
        is_get = operation.method == "GET"
        return Attachment(
            summary=f"depth {graphql.depth}, cost {graphql.cost}",
            check=control.check_query if is_get else control.check_body,
            explain=lambda exchange: "within the limits, and the caller may have every field",
            body_screen=_AnswerScreen(),
            # A part of a JSON text, or one that is coded, cannot be judged.
            withholds=frozenset({b"accept-encoding", b"range", b"if-range"}),
            needs_body=not is_get,
        )


def _check_operation(operation: Operation, settings: GraphQL) -> None:
    if operation.method == "GET":
        if not settings.get:
            raise ValueError("GraphQL by GET needs `get: true` under `graphql`")
        if "query" not in {each.name for each in operation.parameters if each.location == "query"}:
            raise ValueError("GraphQL by GET needs a query parameter `query` in the contract")
    elif operation.method != "POST" or _JSON not in operation.bodies:
        raise ValueError(
            "GraphQL needs a POST with a body of `application/json` in the contract; "
            "write `graphql:` for that operation alone"
        )


class _Control:
    """The check of one operation."""

    __slots__ = ("_access", "_documents", "_limits", "_settings")

    def __init__(self, settings: GraphQL, access: FieldAccess, limits: FieldLimits) -> None:
        self._settings = settings
        self._access = access
        self._limits = limits
        self._documents = DocumentCache(settings)

    def check_body(self, exchange: Exchange) -> None:
        """Judge a request by POST. Raises Denied."""
        _check_media_type(exchange)
        # Some servers believe the URL before the body (B-302).
        if any(is_read_as(name, _MEMBERS) for name, _ in exchange.request.target.query):
            raise _refused(RefusedGraphQL("member"), "query")
        settings = self._settings
        try:
            requests, is_batch = read_requests(
                _json(exchange), settings.persisted, most=settings.batch
            )
            judged = [self._judge(each, exchange) for each in requests]
            if is_batch and any(each.wanted.kind == "mutation" for each in judged):
                raise RefusedGraphQL("mutation-in-batch", "")
            self._check_whole(judged, exchange)
        except RefusedGraphQL as error:
            raise _refused(error, "body") from None
        if any(each.by_hash for each in requests):
            # What was judged goes on, not what the upstream believes the hash to stand for.
            bodies = [each.body() for each in requests]
            exchange.body = orjson.dumps(bodies if is_batch else bodies[0])
        exchange.value = _free_text(judged)

    def check_query(self, exchange: Exchange) -> None:
        """Judge a request by GET, which can only read. Raises Denied."""
        try:
            request = read_request(_members(exchange), self._settings.persisted)
            if request.by_hash:
                raise RefusedGraphQL("persisted", "/extensions")
            judged = [self._judge(request, exchange)]
            if judged[0].wanted.kind == "mutation":
                # B-301: a page of any site can make a browser send a GET.
                raise Denied(
                    "method-not-allowed", "graphql.mutation-by-get", fields=b"allow: POST\r\n"
                )
            self._check_whole(judged, exchange)
        except RefusedGraphQL as error:
            raise _refused(error, "query") from None
        exchange.value = _free_text(judged)

    def _judge(self, request: GraphQLRequest, exchange: Exchange) -> _Judged:
        settings = self._settings
        if settings.persisted_only and not request.is_persisted:
            raise Denied("forbidden", "graphql.not-persisted")
        document = self._documents.read(request.text)
        wanted = document.select(request.operation_name)
        _note(wanted, exchange)
        values = check_variables(wanted, request.variables, settings.schema, most=settings.tokens)
        return _Judged(request, wanted, document.texts, wanted.cost.of(values))

    def _check_whole(self, judged: Sequence[_Judged], exchange: Exchange) -> None:
        settings = self._settings
        if sum(len(each.wanted.roots) for each in judged) > settings.root_fields:
            raise RefusedGraphQL("root-fields")
        if sum(each.cost for each in judged) > settings.cost:
            raise RefusedGraphQL("cost")
        for each in judged:
            self._access.check(each.wanted, exchange)
        self._limits.take([each.wanted for each in judged], exchange)


def _check_media_type(exchange: Exchange) -> None:
    value = exchange.request.fields.get(b"content-type")
    try:
        essence = parse_media_type(value or b"").essence
    except ValueError:
        essence = ""
    if essence not in _TAKEN:
        # B-301: a form or plain text is what a page of another site may send unasked.
        raise Denied("unsupported-media-type", "graphql.media-type")


def _json(exchange: Exchange) -> object:
    """The body, read by the contract's control or here where that one does not enforce it."""
    if exchange.value is not UNREAD:
        return exchange.value
    try:
        return parse_json(exchange.body, DEFAULT_LIMITS)
    except MalformedJSON as error:
        violation = Violation("body", error.pointer, f"json-{error.code}", "must be JSON")
        raise ContractViolation([violation]) from None


def _members(exchange: Exchange) -> dict[str, Any]:
    """The members of a request in a URL, where structures are JSON texts."""
    found: dict[str, Any] = {}
    for name, text in exchange.request.target.query:
        if name in found or name not in MEMBERS:
            raise RefusedGraphQL("member")
        found[name] = text
        if name in ("variables", "extensions"):
            try:
                found[name] = parse_json(text.encode("utf-8"), DEFAULT_LIMITS)
            except MalformedJSON:
                raise RefusedGraphQL("type", f"/{name}") from None
    return found


def _note(wanted: Wanted, exchange: Exchange) -> None:
    """Tell the record what is asked for, in names of the schema."""
    for root in wanted.roots:
        note = f"graphql:{root}"
        if note not in exchange.notes:
            exchange.notes.append(note)


def _free_text(judged: Sequence[_Judged]) -> object:
    """What inspection looks into: the grammar has pinned down everything else in a document."""
    found: list[Mapping[str, object]] = [
        {"query": list(each.texts), "variables": each.request.variables} for each in judged
    ]
    return found[0] if len(found) == 1 else found


def _refused(error: RefusedGraphQL, location: str) -> Denied:
    if error.code == "introspection":
        return Denied("forbidden", "graphql.introspection")
    violation = Violation(location, error.pointer, f"graphql-{error.code}", error.detail)
    return ContractViolation([violation])


class _AnswerScreen:
    """Lets data and errors out, and nothing else that a GraphQL service tells."""

    __slots__ = ()

    def judge(self, head: AnswerHead) -> Ruling:
        """Every answer with a body is read."""
        if head.media_type is None or not head.media_type.is_json:
            return Ruling(withhold="graphql.answer-type")
        return Ruling(reads=True, must_read=True)

    def screen(self, exchange: Exchange, body: AnswerBody) -> None:
        """Clean the errors.

        Raises:
            Denied: it is no GraphQL answer.
        """
        content = body.content
        try:
            value = read_grammar(content, _ANSWER_LIMITS)
        except MalformedJSON:
            raise withheld("graphql.answer-json") from None
        exact = read_verbatim(content, value)
        left = clean_answer(exact)
        if left is None:
            raise withheld("graphql.answer-shape")
        if left is exact and has_one_reading(value, content):
            return
        exchange.notes.append("graphql.answer-cleaned")
        body.content = write_json(left)
        body.value = orjson.loads(body.content)
