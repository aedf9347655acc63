"""The control of GraphQL operations: what it attaches to, takes from limits and remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from tests.support.exchanges import ManualClock, make_exchange, make_user
from tests.support.graphql_shop import SDL
from tests.support.routes import make_operation

from vallum.authz.roles import RoleTable
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnswerBody, AnswerHead, Attachment
from vallum.filters.graphql import GraphQLFilter
from vallum.filters.graphql_documents import MOST_TOKENS, DocumentCache
from vallum.filters.graphql_fields import field_costs
from vallum.filters.graphql_settings import FieldRule, GraphQL
from vallum.filters.limit import CallerLimits, Limit
from vallum.graphql.schema import compile_schema
from vallum.limits.memory import MemoryLimitStore
from vallum.openapi.bodies import JSONBody
from vallum.openapi.model import Operation, ParameterInfo
from vallum.wire.media_type import parse_media_type

SHOP = compile_schema(SDL)
POST = make_operation("POST", "/graphql", bodies={"application/json": JSONBody(None)})
JSON = (b"content-type", b"application/json")
CHALLENGE = b"www-authenticate: x\r\n"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the control reads."""

    graphql: GraphQL | None
    limits: Sequence[Limit] = ()


class Gate:
    """The control on one operation, without a gateway."""

    def __init__(
        self,
        limits: Sequence[Limit] = (),
        *,
        operation: Operation = POST,
        challenge: bytes = CHALLENGE,
        **settings: Any,
    ) -> None:
        store, clock = MemoryLimitStore(), ManualClock()
        both = Settings(graphql=GraphQL(schema=SHOP, **settings), limits=limits)
        control = GraphQLFilter(store, clock, RoleTable({}), api="shop", challenge=challenge)
        attached = control.attach(operation, both)
        assert attached is not None
        self.attachment: Attachment = attached
        self._meter = CallerLimits(store, clock, api="shop").attach(operation, limits)

    def ask(self, query: str, caller: Principal | None = None, **members: Any) -> Exchange:
        """The exchange after the control."""
        exchange = make_exchange(JSON, method="POST", principal=caller)
        exchange.body = orjson.dumps({"query": query, **members})
        for each in (self._meter, self.attachment):
            if each is not None:
                assert each.check is not None
                each.check(exchange)
        return exchange

    def reason(self, query: str, caller: Principal | None = None) -> str:
        """Why it refuses."""
        with pytest.raises(Denied) as caught:
            self.ask(query, caller)
        return caught.value.reason


def test_it_is_off_where_nothing_is_said() -> None:
    control = GraphQLFilter(MemoryLimitStore(), ManualClock(), RoleTable({}), api="", challenge=b"")
    assert control.attach(POST, Settings(graphql=None)) is None


def test_where_it_cannot_stand() -> None:
    query = (ParameterInfo(name="query", location="query", is_numeric=False),)
    for operation, by_get in (
        (make_operation("POST", "/graphql"), False),
        (make_operation("PUT", "/graphql", bodies=POST.bodies), False),
        (make_operation("GET", "/graphql", parameters=query), False),
        (make_operation("GET", "/graphql"), True),
    ):
        with pytest.raises(ValueError, match="GraphQL"):
            Gate(operation=operation, get=by_get)
    Gate(operation=make_operation("GET", "/graphql", parameters=query), get=True)


def test_a_rule_that_nobody_can_satisfy_keeps_the_gateway_from_starting() -> None:
    with pytest.raises(ValueError, match="authenticate"):
        Gate(challenge=b"", fields={"Query.on": FieldRule(roles=frozenset({"admin"}))})


def test_rules_of_fields_hold_for_the_types_behind() -> None:
    gate = Gate(fields={"Priced.supplierCost": FieldRule(scopes=frozenset({"cost"}))})
    query = "{ books { supplierCost } }"
    assert gate.reason(query) == "graphql.anonymous"
    assert gate.reason(query, make_user()) == "access.missing-scope"
    gate.ask(query, make_user(scopes=("cost",)))


def test_a_denied_role_overrides() -> None:
    gate = Gate(fields={"Book.*": FieldRule(deny_roles=frozenset({"guest"}))})
    assert gate.reason("{ books { id } }", make_user(roles=("guest",))) == "access.denied-role"
    gate.ask("{ books { id } }", make_user(roles=("admin",)))
    gate.ask("{ on }", make_user(roles=("guest",)))


def test_generic_roots_need_a_line_of_their_own() -> None:
    query = '{ node(id: "1") { id } }'
    assert Gate().reason(query) == "graphql.generic-root"
    assert Gate(fields={"Query.*": FieldRule(cost=2)}).reason(query) == "graphql.generic-root"
    Gate(fields={"Query.node": FieldRule()}).ask(query)
    Gate(nodes="allow").ask(query)


def test_costs_of_fields() -> None:
    settings = GraphQL(
        schema=SHOP, fields={"Priced.supplierCost": FieldRule(cost=9), "User.*": FieldRule(cost=4)}
    )
    assert field_costs(settings) == {
        "Priced.supplierCost": 9, "Book.supplierCost": 9, "User.id": 4, "User.name": 4,
        "User.books": 4, "Node.id": 4,
    }  # fmt: skip


def _limit(units: int, **more: Any) -> Limit:
    return Limit(units=units, seconds=60.0, per="principal", burst=units, **more)


def test_root_fields_take_from_the_limit_of_the_operation() -> None:
    gate = Gate([_limit(5)])
    exchange = gate.ask("{ a: on b: on c: on }", make_user())
    assert exchange.reply_fields == b'RateLimit: "principal";r=2;t=36\r\n'
    assert gate.ask("{ on }", make_user()).reply_fields.startswith(b'RateLimit: "principal";r=1;')
    assert gate.reason("{ a: on b: on }", make_user()) == "limit.principal"
    gate.ask("{ a: on b: on }", make_user("bob"))


def test_fields_have_limits_of_their_own() -> None:
    gate = Gate([_limit(100)], fields={"Mutation.*": FieldRule(limits=(_limit(3),))})
    login = 'login(name: "a", password: "b")'
    exchange = gate.ask(f"mutation {{ a: {login} b: {login} }}", make_user())
    assert exchange.reply_fields == (
        b'RateLimit: "principal";r=98;t=2\r\nRateLimit: "Mutation.*-principal";r=1;t=40\r\n'
    )
    assert gate.reason(f"mutation {{ a: {login} b: {login} }}", make_user()) == "limit.principal"
    gate.ask("{ on }", make_user())


def test_inspection_gets_the_free_text_alone() -> None:
    exchange = Gate().ask(
        'query A($t: String) { books(title: $t) { id } b: books(title: "lit") { id } }',
        variables={"t": "var"},
    )
    assert exchange.value == {"query": ["lit"], "variables": {"t": "var"}}


def test_documents_are_remembered_within_bounds() -> None:
    documents = DocumentCache(GraphQL(schema=SHOP))
    first = documents.read("{ on }")
    assert documents.read("{ on }") is not None
    assert documents.read("{ on }").operations is first.operations
    for number in range(300):
        documents.read(f"query Q{number} {{ users {{ {'name ' * 30} books {{ id }} }} }}")
        assert documents._tokens <= MOST_TOKENS
    assert len(documents._known) == 301
    for number in range(300):
        documents.read(f'query Q{number} {{ books(title: "{"x" * 4_000}") {{ id }} }}')
    assert documents._tokens <= MOST_TOKENS
    assert documents.read("{ on }").operations is not first.operations


def _screened(content: bytes) -> AnswerBody:
    screen = Gate().attachment.body_screen
    assert screen is not None
    body = AnswerBody(200, parse_media_type(b"application/json"), content)
    screen.screen(make_exchange(), body)
    return body


def test_answers_that_say_no_more_go_out_byte_for_byte() -> None:
    content = b'{"data": {"n": 12345678901234567890, "f": 1.0}}'
    assert _screened(content).content is content


def test_answers_are_written_anew_without_what_they_tell() -> None:
    body = _screened(b'{"data":{"n":12345678901234567890},"extensions":{"a":1}}')
    assert body.content == b'{"data":{"n":12345678901234567890}}'
    twice = _screened(b'{"errors":[{"message":"a","stack":1}],"errors":[{"message":"b"}]}')
    assert twice.content == b'{"errors":[{"message":"b"}]}'


@pytest.mark.parametrize("content", [b"<html>", b"{", b'"text"', b'{"error":"x"}'])
def test_what_is_no_graphql_does_not_go_out(content: bytes) -> None:
    with pytest.raises(Denied) as caught:
        _screened(content)
    assert caught.value.problem.slug == "answer-withheld"


def test_answers_of_other_types_are_withheld() -> None:
    screen = Gate().attachment.body_screen
    assert screen is not None
    for media_type in (None, parse_media_type(b"text/html"), parse_media_type(b"text/plain")):
        assert screen.judge(AnswerHead(200, media_type)).withhold == "graphql.answer-type"
    taken = parse_media_type(b"application/graphql-response+json")
    assert screen.judge(AnswerHead(200, taken)).must_read
