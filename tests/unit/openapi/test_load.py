"""Documents to contracts: what is read, and every problem with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.contracts import (
    document,
    judge_body,
    judge_request,
    problems_of,
    warnings_of,
)

from vallum.openapi.load import load_contract
from vallum.openapi.problems import ContractErrors

OK: dict[str, Any] = {"responses": {}}
TEXT = {"type": "string"}


def json_body(schema: Any) -> dict[str, Any]:
    """An operation with a JSON body."""
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def test_an_operation_as_a_value() -> None:
    contract = load_contract(
        document(
            {
                "/books/{id}": {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                    "put": {
                        "operationId": "putBook",
                        "tags": ["books", "admin"],
                        "summary": "Replace a book",
                        **json_body({}),
                    },
                    "get": {},
                }
            },
            servers=[{"url": "https://api.example/{v}/", "variables": {"v": {"default": "v1"}}}],
        )
    )
    assert (contract.title, contract.version, contract.openapi) == ("Test", "1", "3.1.0")
    assert contract.base_path == "/v1"
    get, put = contract.operations
    assert (get.id, get.method, get.path) == ("GET /books/{id}", "GET", "/books/{id}")
    assert (put.id, put.tags, put.summary) == ("putBook", ("books", "admin"), "Replace a book")
    assert (put.body_is_required, list(put.bodies)) == (False, ["application/json"])
    assert put.pointer == "/paths/~1books~1{id}/put"
    assert put.unknown == "refuse"


@pytest.mark.parametrize(
    ("url", "base_path"),
    [
        ("/", ""),
        ("/v1/", "/v1"),
        ("https://h.example", ""),
        ("http://h:8080/a/b", "/a/b"),
        ("v2", "/v2"),
        ("{scheme}://h/a", "/a"),
    ],
)
def test_base_path(url: str, base_path: str) -> None:
    variables = {"scheme": {"default": "https"}}
    contract = load_contract(
        document({"/": {"get": OK}}, servers=[{"url": url, "variables": variables}])
    )
    assert contract.base_path == base_path
    assert load_contract(document({"/": {"get": OK}})).base_path == ""


def test_security() -> None:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "bearer": {"type": "http", "scheme": "Bearer"},
        "oauth": {"type": "oauth2", "flows": {}},
    }
    contract = load_contract(
        document(
            {
                "/a": {
                    "get": OK,
                    "put": {"security": []},
                    "post": {"security": [{"oauth": ["write"]}, {"key": [], "bearer": []}]},
                    "delete": {"security": [{}, {"key": []}]},
                }
            },
            security=[{"bearer": []}],
            components={"securitySchemes": schemes},
        )
    )
    by_method = {operation.method: operation for operation in contract.operations}
    assert by_method["GET"].security == ({"bearer": ()},)
    assert not by_method["GET"].security_is_explicit_none
    assert (by_method["PUT"].security, by_method["PUT"].security_is_explicit_none) == ((), True)
    assert by_method["POST"].security == ({"oauth": ("write",)}, {"key": (), "bearer": ()})
    assert by_method["DELETE"].security == ({"key": ()},)
    assert by_method["DELETE"].security_is_explicit_none
    key, bearer = contract.security_schemes["key"], contract.security_schemes["bearer"]
    assert (key.type, key.location, key.parameter) == ("apiKey", "header", "X-Key")
    assert (bearer.type, bearer.http_scheme) == ("http", "bearer")


def test_an_operation_without_any_security_is_not_called_public() -> None:
    (operation,) = load_contract(document({"/a": {"get": OK}})).operations
    assert operation.security == ()
    assert not operation.security_is_explicit_none


def test_references_are_followed_everywhere() -> None:
    components = {
        "pathItems": {"Item": {"post": {"parameters": [{"$ref": "#/components/parameters/Q"}]}}},
        "parameters": {
            "Q": {"$ref": "#/components/parameters/R"},
            "R": {"name": "q", "in": "query", "schema": {"$ref": "#/components/schemas/N"}},
        },
        "requestBodies": {
            "Body": {"required": True, **json_body({"$ref": "#anchored"})["requestBody"]}
        },
        "schemas": {"N": {"type": "integer"}, "S": {"$anchor": "anchored", "type": "boolean"}},
    }
    contract = load_contract(
        document(
            {
                "/a": {"$ref": "#/components/pathItems/Item"},
                "/b": {"post": {"requestBody": {"$ref": "#/components/requestBodies/Body"}}},
            },
            components=components,
        )
    )
    first, second = contract.operations
    assert judge_request(first, "q=x") == [("/q", "type")]
    assert judge_body(second, "1") == [("", "type")]
    assert second.body_is_required


def test_references_to_files() -> None:
    files: dict[str, Mapping[str, Any]] = {
        "schemas/book.yaml": {"Book": {"properties": {"tag": {"$ref": "../tags.yaml#/Tag"}}}},
        "tags.yaml": {"Tag": {"enum": ["a"]}},
    }
    asked = []

    def resolve(path: str) -> Mapping[str, Any]:
        asked.append(path)
        return files[path]

    value = document({"/a": {"post": json_body({"$ref": "./schemas/book.yaml#/Book"})}})
    (operation,) = load_contract(value, resolve=resolve).operations
    assert judge_body(operation, '{"tag":"b"}') == [("/tag", "enum")]
    assert judge_body(operation, '{"t":"b"}') == [("/t", "unknown")]
    assert asked == ["schemas/book.yaml", "tags.yaml"]
    (problem,) = problems_of(value)
    assert "only one document was given" in problem.message


def test_a_problem_in_another_file_names_it() -> None:
    value = document({"/a": {"post": json_body({"$ref": "s.yaml#/S"})}})
    (problem,) = problems_of(value, resolve=lambda _: {"S": {"type": "strin"}})
    assert problem.pointer == "s.yaml#/S/type"


def test_a_file_that_cannot_be_read() -> None:
    def resolve(path: str) -> Mapping[str, Any]:
        raise FileNotFoundError(2, "No such file", path)

    value = document({"/a": {"post": json_body({"$ref": "s.yaml"})}})
    (problem,) = problems_of(value, resolve=resolve)
    assert "cannot be read" in problem.message


@pytest.mark.parametrize(
    ("reference", "message", "hint"),
    [
        ("https://evil.example/s.json", "is remote and is not fetched", "save it beside"),
        ("//evil.example/s.json", "is remote and is not fetched", "save it beside"),
        ("file:///etc/passwd", "is remote and is not fetched", "save it beside"),
        ("/etc/passwd", "is absolute", "relative path"),
        ("#/components/schemas/Boook", "does not exist", "did you mean `Book`?"),
        ("#nowhere", "no schema has the `$anchor`", ""),
        (5, "`$ref` must be a string", ""),
    ],
)
def test_references_that_lead_nowhere(reference: Any, message: str, hint: str) -> None:
    value = document({"/a": {"post": json_body({"$ref": reference})}}, schemas={"Book": {}})
    (problem,) = problems_of(value)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.pointer.endswith("application~1json/schema")


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/A"}, TEXT]}},
        {"A": {"anyOf": [TEXT, {"$ref": "#/components/schemas/A"}]}},
    ],
)
def test_schemas_that_never_end(schemas: Any) -> None:
    value = document(
        {"/a": {"post": json_body({"$ref": "#/components/schemas/A"})}}, schemas=schemas
    )
    assert any("without an end" in problem.message for problem in problems_of(value))


def test_all_problems_come_at_once() -> None:
    schema = {
        "type": "objekt",
        "properties": {"a": {"minLength": -1}, "b": {"required": True}, "c": 5},
        "allOf": [],
        "$dynamicRef": "#x",
    }
    problems = problems_of(
        document(
            {
                "books": {"get": OK},
                "/a": {"post": json_body(schema), "get": 5},
                "/b/{x}": {"get": {"security": [{"kee": []}]}},
                "/b/{y}": {"get": OK},
            },
            components={"securitySchemes": {"key": {"type": "http", "scheme": "basic"}}},
        )
    )
    at = "/paths/~1a/post/requestBody/content/application~1json/schema"
    assert {(problem.pointer, problem.message.split("`")[-1]) for problem in problems} >= {
        ("/paths/books", ""),
        ("/paths/~1a/get", "an operation must be an object"),
        (f"{at}/properties/c", "a schema must be an object"),
    }
    pointers = [problem.pointer for problem in problems]
    for pointer in (
        f"{at}/type",
        f"{at}/properties/a/minLength",
        f"{at}/properties/b/required",
        f"{at}/allOf",
        at,
        "/paths/~1b~1{x}/get/security/0/kee",
        "/paths/~1b~1{y}/get",
    ):
        assert pointer in pointers, pointer
    assert "did you mean `key`?" in [problem.hint for problem in problems]


def test_a_component_used_often_is_reported_once() -> None:
    value = document(
        {f"/{n}": {"post": json_body({"$ref": "#/components/schemas/S"})} for n in range(5)},
        schemas={"S": {"type": "nonsense"}},
    )
    assert len(problems_of(value)) == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "not an OpenAPI document"),
        ({"swagger": "2.0"}, "Swagger 2.0 is not supported"),
        ({"openapi": "3.2.0"}, "`3.2.0` is not supported"),
        ({"openapi": 3.1}, "`3.1` is not supported"),
        ({"openapi": "3.1.0"}, "no `paths`"),
        ({"openapi": "3.1.0", "paths": {}}, "no operations"),
        ({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}, "jsonSchemaDialect": "x"}, "dialect"),
    ],
)
def test_no_contract(value: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractErrors, match=message):
        load_contract(value)


def test_names_that_yaml_made_something_else() -> None:
    value = document({"/a": {"post": json_body({"properties": {True: TEXT}})}})
    (problem,) = problems_of(value)
    assert "quote them" in problem.hint


def test_warnings() -> None:
    value = document(
        {
            "/a/{id}": {"get": {"operationId": "same"}},
            "/a#b": {"get": OK},
            "/b": {
                "post": {
                    "operationId": "same",
                    "requestBody": {"content": {"application/json": {}}},
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                }
            },
        }
    )
    messages = " ".join(warning.message for warning in warnings_of(value))
    for part in (
        "`id` is not declared",
        "used twice",
        "has no schema",
        "has no parameter `id`",
        "can never match",
    ):
        assert part in messages
    first, second = load_contract(value).operations
    assert (first.id, second.id) == ("same", "POST /b")
    assert judge_body(second, '{"a":1,"a":2}') == [("/a", "json-duplicate")]


def test_unknown_by_operation() -> None:
    paths = {"/a": {"get": {"operationId": "a"}}, "/b": {"get": {"operationId": "b"}}}
    first, second = load_contract(document(paths), overrides={"b": "ignore"}).operations
    assert (first.unknown, second.unknown) == ("refuse", "ignore")
    assert judge_request(first, "x=1") == [("/x", "unknown")]
    assert judge_request(second, "x=1") == []


def test_dates_in_yaml_enums_are_strings() -> None:
    import datetime

    schema = {"properties": {"day": {"enum": [datetime.date(2024, 1, 2)]}}}
    (operation,) = load_contract(document({"/a": {"post": json_body(schema)}})).operations
    assert judge_body(operation, '{"day":"2024-01-02"}') == []
