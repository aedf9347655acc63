"""GW-11: GraphQL behind the gateway has the same identity, limits and validation as REST."""

from __future__ import annotations

import pytest
from tests.support.graphql_shop import KNOWN, KNOWN_HASH, Shop, get, post


def test_queries_of_every_shape_are_answered_by_the_service(graphql_shop: Shop) -> None:
    query = """
      query Books($n: Int = 2, $title: String) {
        books(first: $n, title: $title) { ...Shown reviews(first: 3) { text by { name } } }
      }
      fragment Shown on Book { id heading: title author { name @include(if: true) } }
    """
    reply = graphql_shop.ask(query, variables={"title": "O'Brien & sons"}, operationName="Books")

    assert reply.status == 200
    assert reply.json() == {
        "data": {"books": [{"id": "1", "heading": "Emma", "author": None, "reviews": []}]}
    }


_USERS = "{ users { name } }"
_LOGIN = 'mutation { login(name: "ann", password: "x") }'
_ADD = 'mutation { addBook(book: {title: "Emma"}) { id } }'
_COST = "{ books { supplierCost } }"
_COST_BEHIND = "{ priced { supplierCost } }"
_COST_UNDER_ALIAS = "{ book(id: 1) { ... on Priced @skip(if: true) { x: supplierCost } } }"


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        # The statuses for: nobody, a member, a member with `users:read`, an administrator.
        ("{ books { id } }", (200, 200, 200, 200)),
        (_USERS, (401, 403, 200, 200)),
        ('{ search(text: "a") { ... on Book { author { books { id } } } } }', (200,) * 4),
        (_LOGIN, (200, 200, 200, 200)),
        (_ADD, (401, 403, 403, 200)),
        (_COST, (401, 403, 403, 200)),
        (_COST_BEHIND, (401, 403, 403, 200)),
        (_COST_UNDER_ALIAS, (401, 403, 403, 200)),
    ],
)
def test_the_matrix_of_callers_and_fields(
    graphql_shop: Shop, query: str, statuses: tuple[int, ...]
) -> None:
    keys = ("", graphql_shop.member, graphql_shop.reader, graphql_shop.admin)

    found = tuple(graphql_shop.ask(query, key=key).status for key in keys)

    assert found == statuses


def test_nobody_is_told_how_to_prove_who_they_are(graphql_shop: Shop) -> None:
    reply = graphql_shop.ask(_USERS)

    assert reply.status == 401
    assert "vallum" in reply.get("www-authenticate")


def test_an_operation_that_is_not_public_asks_first(graphql_shop: Shop) -> None:
    assert graphql_shop.ask("{ books { id } }", path="/members").status == 401
    member = graphql_shop.member
    assert graphql_shop.ask("{ books { id } }", path="/members", key=member).status == 200
    assert graphql_shop.ask(_COST, path="/members", key=member).status == 403
    assert graphql_shop.ask(_COST, path="/members", key=graphql_shop.reader).status == 200


def test_the_record_names_what_was_asked_for(graphql_shop: Shop) -> None:
    graphql_shop.gateway.new_records()
    graphql_shop.ask("{ books { id } more: books { id } on }")
    graphql_shop.ask(_ADD)

    records = graphql_shop.gateway.new_records()

    wanted = [
        [note for note in record["notes"] if note.startswith("graphql:")] for record in records
    ]
    assert wanted == [["graphql:Query.books", "graphql:Query.on"], ["graphql:Mutation.addBook"]]
    assert [record["reason"] for record in records] == ["", "graphql.anonymous"]


def test_a_query_by_get(graphql_shop: Shop) -> None:
    reply = graphql_shop.send(
        get("query A($id: ID!) { book(id: $id) { title } }", variables='{"id": "1"}')
    )

    assert reply.json() == {"data": {"book": {"title": "Emma"}}}


def test_each_root_field_counts_for_the_limit(graphql_shop: Shop) -> None:
    key = graphql_shop.admin
    reply = graphql_shop.ask("{ a: on b: on c: on }", path="/limited", key=key)
    assert reply.get("ratelimit").startswith('"key";r=17;')
    reply = graphql_shop.ask(
        "{ " + " ".join(f"a{n}: on" for n in range(15)) + " }", path="/limited", key=key
    )
    assert reply.get("ratelimit").startswith('"key";r=2;')
    reply = graphql_shop.ask("{ a: on b: on c: on }", path="/limited", key=key)

    assert reply.status == 429
    assert reply.get("retry-after")


def test_a_batch_is_answered_where_it_is_allowed(graphql_shop: Shop) -> None:
    asked = [{"query": "{ on }"}, {"query": "query B { books { title } }"}]

    reply = graphql_shop.send(post(asked, path="/batched"))

    assert reply.json() == [{"data": {"on": True}}, {"data": {"books": [{"title": "Emma"}]}}]


def test_a_persisted_document_goes_on_in_full(graphql_shop: Shop) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": KNOWN_HASH}}
    mark = graphql_shop.upstream.mark()

    replies = [
        graphql_shop.ask(None, path=path, variables={"id": "1"}, extensions=extensions)
        for path in ("/graphql", "/persisted")
    ]
    replies.append(graphql_shop.ask(KNOWN, path="/persisted", variables={"id": "1"}))

    assert [reply.json() for reply in replies] == [{"data": {"book": {"title": "Emma"}}}] * 3
    for received in graphql_shop.upstream.requests_since(mark):
        assert b"Known" in received.body
        assert b"persistedQuery" not in received.body
    assert graphql_shop.ask("{ on }", path="/persisted").status == 403


def test_introspection_where_it_is_allowed(graphql_shop: Shop) -> None:
    reply = graphql_shop.ask("{ __schema { queryType { name } } }", path="/batched")

    assert reply.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
