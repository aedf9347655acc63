"""Schemas: what they say about fields, and how their scalars read."""

from __future__ import annotations

import pytest
from tests.support.graphql_shop import SDL

from vallum.graphql.schema import SchemaErrors, compile_schema

SHOP = compile_schema(SDL)


def test_fields_by_coordinate() -> None:
    assert SHOP.has("Book.title")
    assert SHOP.has("Mutation.*")
    assert not any(map(SHOP.has, ("Book.nothing", "Hit.*", "Nothing.*", "Book", "__Type.name")))
    assert "Query.books" in SHOP.coordinates()
    assert SHOP.query == "Query"


def test_kin_are_objects_behind_and_their_interfaces() -> None:
    assert SHOP.kin("Priced.supplierCost") == ("Book.supplierCost",)
    assert SHOP.kin("Book.supplierCost") == ("Priced.supplierCost",)
    assert SHOP.kin("Node.id") == ("Book.id", "User.id")
    assert SHOP.kin("Book.title") == ()

    both = compile_schema(
        "interface A { x: Int } interface B { x: Int } type T implements A & B { x: Int }"
        " type Query { a: A }"
    )
    assert both.kin("A.x") == ("B.x", "T.x")


@pytest.mark.parametrize(
    ("sdl", "place"),
    [
        ("type Query { a: Foo }", (1, 17)),
        ("type Query {\n a: [[[ }", (2, 9)),
        ("", (1, 1)),
        ("type Query { a: Int @x }", (1, 21)),
        ("type Query { a: Int " + "}" * 3, (1, 22)),
        ("type Query { a: " + "[" * 5_000 + "Int" + "]" * 5_000 + " }", (1, 218)),
    ],
)
def test_problems_have_places(sdl: str, place: tuple[int, int]) -> None:
    with pytest.raises(SchemaErrors) as caught:
        compile_schema(sdl)
    problem = caught.value.problems[0]
    assert (problem.line, problem.column) == place
    assert "\n" not in problem.message


@pytest.mark.parametrize(
    ("levels", "members", "says"),
    [(40, "ab", "I0 stand for"), (200, "a", "too deep"), (3_000, "a", "too deep")],
)
def test_defaults_that_stand_for_too_much(levels: int, members: str, says: str) -> None:
    """Each request that left one out took a time that doubled with each level."""

    def sdl(count: int) -> str:
        inputs = (
            f"input I{n} {{ {' '.join(f'{m}: I{n + 1} = {{}}' for m in members)} }} "
            for n in range(count)
        )
        return "".join(inputs) + f"input I{count} {{ first: Int }} type Query {{ a(i: I0): Int }}"

    compile_schema(sdl(6))
    with pytest.raises(SchemaErrors, match=says):
        compile_schema(sdl(levels))
