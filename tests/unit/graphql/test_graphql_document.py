"""Documents: their structure under limits, what operations use, cost and take as variables."""

from __future__ import annotations

import pytest
from tests.support.graphql_shop import SDL

from vallum.graphql.document import Document, read_document
from vallum.graphql.model import REFUSALS, Cost, Limits, RefusedGraphQL
from vallum.graphql.schema import compile_schema
from vallum.graphql.structure import MOST_SELECTIONS, MOST_SPREADS
from vallum.graphql.variables import check_variables

SHOP = compile_schema(SDL)


def read(text: str, limits: Limits | None = None, **costs: int) -> Document:
    named = {name.replace("_", "."): cost for name, cost in costs.items()}
    return read_document(text, SHOP, limits or Limits(), costs=named)


def refusal(text: str, **limits: int) -> str:
    with pytest.raises(RefusedGraphQL) as caught:
        read(text, Limits()._replace(**limits))
    assert caught.value.code in REFUSALS
    return caught.value.code


def test_limits_hold_exactly() -> None:
    text = "{ users { books { id } } on }"
    read(text, Limits(depth=3, cost=4, tokens=10, aliases=0, root_fields=2, directives=0))
    assert refusal(text, depth=2) == "depth"
    assert refusal(text, cost=3) == "cost"
    assert refusal(text, tokens=9) == "tokens"
    assert refusal(text, root_fields=1) == "root-fields"


def test_fragments_count_as_often_as_they_are_spread() -> None:
    text = "{ users { ...F ...F } } fragment F on User { id name }"
    operation = read(text).select(None)
    assert operation.fields == {"Query.users": 1, "User.id": 2, "User.name": 2}
    assert operation.cost == Cost(5)
    assert refusal(text, cost=4) == "cost"


def test_fragments_within_fragments_end() -> None:
    def chain(length: int) -> str:
        links = (f"fragment F{n} on User {{ ...F{n + 1} }} " for n in range(length - 1))
        return f"{{ users {{ ...F0 }} }} {''.join(links)} fragment F{length - 1} on User {{ id }}"

    read(chain(MOST_SPREADS))
    assert refusal(chain(MOST_SPREADS + 1)) == "fragments"


def test_spreads_without_many_fields_end() -> None:
    inline = "... on User { " * 40 + "id" + " }" * 40
    text = f"{{ users {{ {'...F ' * 130} }} }} fragment F on User {{ {inline} }}"
    assert MOST_SELECTIONS < 130 * 41
    assert refusal(text) == "fragments"


@pytest.mark.parametrize(
    ("piece", "fits"),
    [
        # 45 fields of one response name are 990 pairs, wherever they come from.
        ("id ", 45),
        ("x: id ", 45),
        ("... { id } ", 45),
        ("... on User { ... { x: id } } ", 45),
        # Names are counted together: 32 of each are 992 pairs.
        ("id ... { name } ", 32),
    ],
)
def test_pairs_are_counted_before_they_are_compared(piece: str, fits: int) -> None:
    limits = Limits(aliases=100)
    read(f"{{ users {{ {piece * fits} }} }}", limits)
    with pytest.raises(RefusedGraphQL) as caught:
        read(f"{{ users {{ {piece * (fits + 1)} }} }}", limits)
    assert (caught.value.code, "so often" in caught.value.detail) == ("invalid", True)


def test_pairs_of_fragments_are_counted_too() -> None:
    def spread(count: int) -> str:
        names = [f"F{number}" for number in range(count)]
        defined = "".join(f" fragment {name} on User {{ id }}" for name in names)
        return f"{{ users {{ {' '.join(f'...{name}' for name in names)} }} }}{defined}"

    read(spread(20))
    with pytest.raises(RefusedGraphQL) as caught:
        read(spread(46))
    assert "so often" in caught.value.detail


def test_cycles_are_found_however_long() -> None:
    links = " ".join(f"fragment F{n} on User {{ ...F{(n + 1) % 200} }}" for n in range(200))
    assert refusal(f"{{ users {{ ...F0 }} }} {links}") == "fragment-cycle"


def test_what_fragments_hold_is_counted_at_the_root_too() -> None:
    text = "{ ...F ... on Query { on } } fragment F on Query { on ... { on } }"
    assert read(text).select(None).roots == ("Query.on",) * 3
    assert refusal(text, root_fields=2) == "root-fields"


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ books { id } }", 2),
        ("{ books(first: 10) { id title } }", 21),
        ("{ books(first: -10) { id } }", 11),
        ("{ books(first: 0) { id } }", 2),
        ("{ books(first: 10) { reviews(first: 5) { text } } }", 1 + 10 * (1 + 5)),
        ('{ search(text: "a") { __typename ... on Book { id } } }', 3),
    ],
)
def test_cost(text: str, cost: int) -> None:
    assert read(text).select(None).cost.of({}) == cost


def test_cost_by_variables_and_rules() -> None:
    text = "query A($n: Int) { books(first: $n) { reviews(first: $n) { text } } }"
    cost = read(text, Book_reviews=3).select(None).cost
    assert [cost.of({"n": n}) for n in (None, 1, 10, -10)] == [5, 5, 131, 131]
    assert cost.of({}) == 5


PAGED = compile_schema(
    """
    scalar JSON
    scalar Long
    input Page { limit: Int = 20, sort: String, inner: Page }
    type Item { name: String, parts(first: Int = 10): [Item], price: Int }
    type Query {
      items(page: Page, many: [Page], where: JSON, perPage: Long): [Item]
      paged(page: Page! = {sort: "a"}): [Item]
    }
    """
)


def paged_cost(text: str, **variables: object) -> int:
    """What a request costs."""
    operation = read_document(text, PAGED, Limits()).select(None)
    return operation.cost.of(check_variables(operation, variables, PAGED, most=100))


def test_many_sizes_of_many_fields() -> None:
    # Each size copied all that is selected below it: 20 million parts of a cost.
    parts = " ".join(f"p{n}: parts {{ name }}" for n in range(400))
    sizes = f"items(where: {{first: [{'$n 2 ' * 10_000}]}}) {{ ...P }}"
    text = f"query A($n: JSON) {{ {sizes} }} fragment P on Item {{ {parts} }}"
    limits = Limits(cost=1_000, tokens=40_000, aliases=400)
    cost = read_document(text, PAGED, limits).select(None).cost
    assert cost.of({"n": 1}) > 10**9


@pytest.mark.parametrize(
    ("arguments", "times"),
    [
        ("page: {limit: 7}", 7),
        ('page: {sort: "limit"}', 20),
        ("page: {limit: null}", 1),
        ("page: {limit: 2, inner: {limit: 3}}", 6),
        ("page: {limit: 2, inner: {}}", 40),
        ("many: [{limit: 4}, {limit: 5}]", 20),
        ("many: {limit: 4}", 4),
        ("where: {a: [{first: 30}], limit: {above: 5}}", 30),
        ("where: {limit: 2.5}", 3),
        ('where: {limit: "12", first: "Jane"}', 12),
        ("perPage: 50", 50),
        ('perPage: "50"', 50),
        ("perPage: " + "9" * 300, 10**9),
        ('perPage: "' + "9" * 5_000 + '"', 10**9),
    ],
)
def test_sizes_of_pages_within_arguments(arguments: str, times: int) -> None:
    assert paged_cost(f"{{ items({arguments}) {{ name price }} }}") == 1 + 2 * times


def test_sizes_of_pages_by_default() -> None:
    assert paged_cost("{ paged { name } }") == 21
    assert paged_cost("{ items { parts { name } } }") == 1 + 1 + 10
    assert paged_cost("{ items { parts(first: 2) { name } } }") == 1 + 1 + 2
    text = "query A($n: Int) { items { parts(first: $n) { name } } }"
    assert [paged_cost(text), paged_cost(text, n=3), paged_cost(text, n=None)] == [12, 5, 3]
    text = "query A($p: Page!) { paged(page: $p) { name } }"
    assert [paged_cost(text, p={}), paged_cost(text, p={"limit": 3})] == [21, 4]


def test_sizes_of_pages_in_variables() -> None:
    text = "query A($p: Page = {limit: 9}) { items(page: $p) { name } }"
    assert paged_cost(text) == 10
    assert paged_cost(text, p={}) == 21
    assert paged_cost(text, p={"limit": 3, "inner": {"limit": 4}}) == 13
    assert paged_cost(text, p=None) == 2
    text = "query A($n: Int = 6) { items(page: {limit: $n}) { name } }"
    assert [paged_cost(text), paged_cost(text, n=3), paged_cost(text, n=None)] == [7, 4, 2]
    text = "query A($w: JSON, $s: String) { items(where: $w, page: {limit: 1, sort: $s}) { name } }"
    assert paged_cost(text, w={"page": [{"first": 8}]}, s="limit") == 9
    text = "query A($p: [Page]) { items(many: $p) { parts(first: 1) { name } } }"
    assert paged_cost(text, p=[{"limit": 2}, {}]) == 1 + 40 * 2


def test_the_operation_that_runs() -> None:
    document = read('query a { on } mutation b { login(name: "n", password: "p") }')
    assert document.select("a").kind == "query"
    assert document.select("b").roots == ("Mutation.login",)
    assert document.texts == ("n", "p")
    for name in (None, "", "c"):
        with pytest.raises(RefusedGraphQL):
            document.select(name)


def test_texts_are_what_their_reader_sees() -> None:
    document = read('{ books(title: "a\\u0027b") { id } on(filter: {x: ["""c"""]}) } # d')
    assert sorted(document.texts) == ["a'b", "c", "d"]


def test_a_refusal_tells_the_place_and_no_name() -> None:
    with pytest.raises(RefusedGraphQL) as caught:
        read("{\n  boks { id }\n}")
    assert caught.value.detail == "must be valid against the schema; see line 2, column 3"


def test_variables_get_their_defaults() -> None:
    operation = read(
        "query A($n: Int = 3, $m: Int) { books(first: $n) { id } b: books(first: $m) { id } }"
    ).select(None)
    assert check_variables(operation, {}, SHOP, most=10) == {"n": 3}
    assert check_variables(operation, {"n": 1, "m": None}, SHOP, most=10) == {"n": 1, "m": None}


@pytest.mark.parametrize(
    ("values", "code"), [({"x": 1}, "unknown-variable"), ({"n": "1"}, "variable")]
)
def test_variables_that_do_not_fit(values: dict[str, object], code: str) -> None:
    operation = read("query A($n: Int) { books(first: $n) { id } }").select(None)
    with pytest.raises(RefusedGraphQL) as caught:
        check_variables(operation, values, SHOP, most=10)
    assert (caught.value.code, caught.value.pointer) == (code, "/variables")


def test_variables_hold_so_many_values() -> None:
    operation = read("query A($f: JSON) { on(filter: $f) }").select(None)
    check_variables(operation, {"f": [[1, 2], {"a": 1}]}, SHOP, most=6)
    with pytest.raises(RefusedGraphQL) as caught:
        check_variables(operation, {"f": [[1, 2], {"a": 1}]}, SHOP, most=5)
    assert caught.value.code == "values"
