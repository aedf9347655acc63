"""Parameters: every style of OpenAPI, strict types, unknown, missing and repeated ones."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.contracts import (
    body_operation,
    document,
    judge_request,
    parameter_operation,
    problems_of,
    warnings_of,
)

from vallum.openapi.load import load_contract
from vallum.openapi.shapes import Shape
from vallum.openapi.styles import single

INTEGERS = {"type": "array", "items": {"type": "integer"}}
POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
    "required": ["x"],
}


def parameter(name: str, where: str, schema: Any, **more: Any) -> dict[str, Any]:
    """A parameter object."""
    return {"name": name, "in": where, "schema": schema, **more}


def query(schema: Any, text: str, **more: Any) -> list[tuple[str, str]]:
    """The violations of a query against one query parameter `p`."""
    return judge_request(parameter_operation(parameter("p", "query", schema, **more)), text)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (
            {"type": "integer"},
            ["0", "-0", "12", "-5", "9007199254740991"],
            ["", "01", "+1", "1.0", "1e3", "0x1", "１", " 1", "1_0", "true", "9007199254740992"],
        ),
        (
            {"type": "integer", "format": "int64"},
            ["9223372036854775807"],
            ["9223372036854775808", "9" * 5000],
        ),
        ({"type": "number"}, ["0", "1.5", "1e3", "-2E-2"], ["", ".5", "1.", "NaN", "1e999", "Inf"]),
        ({"type": "boolean"}, ["true", "false"], ["", "True", "1", "yes"]),
        ({"type": "string", "maxLength": 2}, ["", "ab", "12"], ["abc"]),
        ({"enum": ["asc", "desc"]}, ["asc"], ["ASC", ""]),
        ({"enum": [1, 2]}, ["1"], ["3", "x"]),
        ({"type": ["integer", "string"], "maxLength": 2}, ["5", "ab", "500"], ["abc"]),
        ({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}, ["5", "true"], ["x"]),
        ({"type": ["integer", "null"]}, ["5", "null", ""], ["x"]),
        ({"type": "string", "format": "uuid"}, [], ["1", "x"]),
    ],
)
def test_primitives(schema: Any, good: list[str], bad: list[str]) -> None:
    operation = parameter_operation(parameter("p", "query", schema))
    for text in good:
        assert judge_request(operation, f"p={text.replace(' ', '%20')}") == [], text
    for text in bad:
        escaped = text.replace(" ", "%20").replace("+", "%2B").replace("１", "%EF%BC%91")
        found = judge_request(operation, f"p={escaped}")
        assert [pointer for pointer, _ in found] == ["/p"], text


@pytest.mark.parametrize(
    ("style", "explode", "kind", "text", "value"),
    [
        ("simple", False, "primitive", "5", 5),
        ("simple", False, "array", "3,4,5", [3, 4, 5]),
        ("simple", True, "array", "3,4,5", [3, 4, 5]),
        ("simple", False, "object", "x,1,y,2", {"x": 1, "y": 2}),
        ("simple", True, "object", "x=1,y=2", {"x": 1, "y": 2}),
        ("label", False, "primitive", ".5", 5),
        ("label", False, "array", ".3,4,5", [3, 4, 5]),
        ("label", True, "array", ".3.4.5", [3, 4, 5]),
        ("label", False, "object", ".x,1,y,2", {"x": 1, "y": 2}),
        ("label", True, "object", ".x=1.y=2", {"x": 1, "y": 2}),
        ("matrix", False, "primitive", ";p=5", 5),
        ("matrix", True, "primitive", ";p=5", 5),
        ("matrix", False, "array", ";p=3,4,5", [3, 4, 5]),
        ("matrix", True, "array", ";p=3;p=4;p=5", [3, 4, 5]),
        ("matrix", False, "object", ";p=x,1,y,2", {"x": 1, "y": 2}),
        ("matrix", True, "object", ";x=1;y=2", {"x": 1, "y": 2}),
        ("form", False, "array", "3,4,5", [3, 4, 5]),
        ("form", False, "object", "x,1,y,2", {"x": 1, "y": 2}),
        ("spaceDelimited", False, "array", "3 4 5", [3, 4, 5]),
        ("spaceDelimited", False, "object", "x 1 y 2", {"x": 1, "y": 2}),
        ("pipeDelimited", False, "array", "3|4|5", [3, 4, 5]),
        ("pipeDelimited", False, "object", "x|1|y|2", {"x": 1, "y": 2}),
    ],
)
def test_styles_of_one_text(
    style: str,
    explode: bool,
    kind: str,
    text: str,
    value: object,
) -> None:
    integer = Shape(frozenset({"integer"}))
    shapes = {
        "primitive": integer,
        "array": Shape(frozenset({"array"}), items=integer),
        "object": Shape(frozenset({"object"}), properties={"x": integer, "y": integer}),
    }
    assert single(style, explode=explode, name="p", shape=shapes[kind])(text) == value


@pytest.mark.parametrize(
    ("style", "explode", "text"),
    [
        ("label", False, "3,4"),
        ("matrix", False, "p=3"),
        ("matrix", True, ";q=3"),
        ("matrix", True, "p=3"),
        ("simple", False, "3,,4"),
        ("simple", False, "3;4"),
    ],
)
def test_what_does_not_spell_an_array(style: str, explode: bool, text: str) -> None:
    shape = Shape(frozenset({"array"}), items=Shape(frozenset({"integer"})))
    with pytest.raises(ValueError):
        single(style, explode=explode, name="p", shape=shape)(text)


def test_exploded_arrays_repeat_their_name() -> None:
    assert query(INTEGERS, "p=1&p=2") == []
    assert query(INTEGERS, "p=1&p=x") == [("/p", "type")]
    assert query({**INTEGERS, "maxItems": 2}, "p=1&p=2&p=3") == [("/p", "items")]
    assert query(INTEGERS, "p[]=1") == [("/p[]", "unknown")]


def test_arrays_in_one_text_come_once() -> None:
    assert query(INTEGERS, "p=1,2", explode=False) == []
    assert query(INTEGERS, "p=1%2C2", explode=False) == []
    assert query(INTEGERS, "p=1,2&p=3", explode=False) == [("/p", "duplicate")]
    assert query(INTEGERS, "p=1|2", style="pipeDelimited", explode=False) == []
    assert query(INTEGERS, "p=1%202", style="spaceDelimited", explode=False) == []


def test_exploded_objects_are_their_properties() -> None:
    assert query(POINT, "x=1&y=2") == []
    assert query(POINT, "x=1&z=2") == [("/z", "unknown")]
    assert query(POINT, "y=1") == [("/p/x", "required")]
    assert query(POINT, "x=1&x=2") == [("/p", "type")]
    assert query({"type": "object", "additionalProperties": {"type": "string"}}, "a=1&b=2") == []


def test_deep_objects() -> None:
    deep = {"style": "deepObject", "explode": True}
    assert query(POINT, "p[x]=1&p[y]=2", **deep) == []
    assert query(POINT, "p%5Bx%5D=1", **deep) == []
    assert query(POINT, "p[z]=1&p[x]=1", **deep) == [("/p/z", "unknown")]
    assert query(POINT, "p[x]=a", **deep) == [("/p", "type")]
    assert query(POINT, "p[x][y]=1", **deep) == [("/p[x][y]", "unknown")]
    assert query(POINT, "p=1", **deep) == [("/p", "unknown")]
    listed = {"type": "object", "properties": {"in": INTEGERS}}
    assert query(listed, "p[in]=1&p[in]=2", **deep) == []
    assert query(POINT, "", required=True, **deep) == [("/p", "required")]


def test_content_parameters_are_json() -> None:
    content = {"name": "p", "in": "query", "content": {"application/json": {"schema": POINT}}}
    operation = parameter_operation(content)
    assert judge_request(operation, "p=%7B%22x%22:1%7D") == []
    assert judge_request(operation, "p=%7B%22x%22:1,%22x%22:2%7D") == [("/p", "type")]
    assert judge_request(operation, "p=%7B%22x%22:1,%22z%22:2%7D") == [("/p/z", "unknown")]


def test_unknown_duplicate_and_required() -> None:
    operation = parameter_operation(
        parameter("id", "query", {"type": "integer"}, required=True),
        parameter("q", "query", {"type": "string"}),
    )
    assert judge_request(operation, "id=1&q=x") == []
    assert judge_request(operation, "q=x") == [("/id", "required")]
    assert judge_request(operation) == [("/id", "required")]
    assert judge_request(operation, "id=1&id=1") == [("/id", "duplicate")]
    assert judge_request(operation, "ID=1&id=2") == [("/ID", "unknown")]
    many = judge_request(operation, "&".join(f"x{index}=1" for index in range(50)))
    assert len(many) == 20


def test_an_operation_without_parameters() -> None:
    operation = parameter_operation()
    assert judge_request(operation) == []
    assert judge_request(operation, "a=1") == [("/a", "unknown")]


def test_unknown_may_be_ignored_but_not_a_method_override() -> None:
    operation = parameter_operation(unknown="ignore")
    assert judge_request(operation, "a=1&a=2") == []
    assert judge_request(operation, "_method=DELETE") == [("/_method", "unknown")]


def test_path_parameters() -> None:
    operation = parameter_operation(
        parameter("id", "path", {"type": "integer", "minimum": 1}, required=True),
        path="/x/{id}",
    )
    assert judge_request(operation, path={"id": "5"}) == []
    assert judge_request(operation, path={"id": "0"}) == [("/id", "minimum")]
    assert judge_request(operation, path={"id": "5 or 1=1"}) == [("/id", "type")]


def test_header_parameters() -> None:
    operation = parameter_operation(
        parameter("X-Count", "header", {"type": "integer"}, required=True),
        parameter("X-List", "header", INTEGERS),
        parameter("Authorization", "header", {"type": "integer"}, required=True),
    )
    assert operation.declared_headers == {b"x-count", b"x-list"}
    one = (b"x-count", b"1")
    assert judge_request(operation, fields=(one, (b"x-other", b"z"))) == []
    assert judge_request(operation) == [("/x-count", "required")]
    assert judge_request(operation, fields=(one, one)) == [("/x-count", "duplicate")]
    lists = ((b"x-list", b"1, 2"), (b"x-list", b"3"))
    assert judge_request(operation, fields=(one, *lists)) == []
    assert judge_request(operation, fields=((b"x-count", b"\xff"),)) == [("/x-count", "encoding")]


def test_cookie_parameters() -> None:
    operation = parameter_operation(parameter("s", "cookie", {"type": "integer"}, required=True))
    assert judge_request(operation, fields=((b"cookie", b"a=x; s=1"),)) == []
    assert judge_request(operation, fields=((b"cookie", b"a=x"),)) == [("/s", "required")]
    assert judge_request(operation, fields=((b"cookie", b"s=x"),)) == [("/s", "type")]
    assert judge_request(operation, fields=((b"cookie", b"s=1; s=2"),)) == [("/s", "duplicate")]


def test_an_api_key_in_the_query_is_no_unknown_parameter() -> None:
    scheme = {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}
    contract = document(
        {"/x": {"get": {"security": [{"key": []}]}}}, components={"securitySchemes": scheme}
    )
    assert problems_of(contract) == ()
    operation = load_contract(contract).operations[0]
    assert judge_request(operation, "api_key=abc") == []
    assert judge_request(operation, "api_key=a&api_key=b") == [("/api_key", "duplicate")]


def test_allow_empty_value() -> None:
    assert query({"type": "integer"}, "p", allowEmptyValue=True) == []
    assert query({"type": "integer"}, "p=x", allowEmptyValue=True) == [("/p", "type")]
    assert query({"type": "integer"}, "p") == [("/p", "type")]


def test_operation_parameters_override_those_of_the_path() -> None:
    item = {
        "parameters": [parameter("q", "query", {"type": "string"})],
        "get": {"parameters": [parameter("q", "query", {"type": "integer"})]},
    }
    (operation,) = load_contract(document({"/x": item})).operations
    assert judge_request(operation, "q=x") == [("/q", "type")]
    (info,) = operation.parameters
    assert (info.name, info.location, info.is_numeric) == ("q", "query", True)


def test_bad_parameters_are_problems() -> None:
    def message(*parameters: Any) -> str:
        (problem,) = problems_of(document({"/x": {"get": {"parameters": list(parameters)}}}))
        return f"{problem.message} {problem.hint}"

    assert "did you mean `query`" in message({"name": "p", "in": "queri"})
    assert "no style `deepObject`" in message(
        parameter("p", "header", {"type": "object"}, style="deepObject")
    )
    assert "must be an object" in message("p")
    assert "does not exist" in message({"$ref": "#/components/parameters/none"})
    (warning,) = warnings_of(
        document({"/x": {"get": {"parameters": [{"name": "p", "in": "query"}]}}})
    )
    assert "no schema" in warning.message


def test_bodies_do_not_bring_parameters() -> None:
    assert judge_request(body_operation({"type": "object"}), "a=1") == [("/a", "unknown")]
