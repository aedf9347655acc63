"""Where the contract leaves room for free text."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.contracts import body_operation, document

from vallum.openapi.load import load_contract
from vallum.openapi.pinned import is_tight
from vallum.openapi.problems import ContractErrors
from vallum.openapi.texts import TextPlan
from vallum.wire.media_type import MediaType
from vallum.wire.multipart import Part


def plan(schema: Any, *, openapi: str = "3.1.0", schemas: Any = None) -> TextPlan:
    operation = body_operation(schema, openapi=openapi, schemas=schemas)
    return operation.texts["application/json"]


def found(schema: Any, value: object, **more: Any) -> dict[str, str]:
    """Pointer → text of what is inspected; both ways of walking must agree."""
    made = plan(schema, **more)
    texts: list[str] = []
    made.collect(value, texts)
    places = list(made.places(value))
    assert [place.text for place in places] == texts
    return {"/".join(("", *p.pointer)) + ("#" if p.is_name else ""): p.text for p in places}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "enum": ["a", "b"]},
        {"const": "x"},
        {"type": "string", "maxLength": 2},
        {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
        {"allOf": [{"type": "string"}, {"format": "uuid"}]},
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        {"$ref": "#/components/schemas/Id"},
    ],
)
def test_what_the_schema_pins_down_is_passed_over(schema: Any) -> None:
    schemas = {"Id": {"type": "string", "format": "uuid"}}
    assert found({"type": "object", "properties": {"a": schema}}, {"a": "x"}, schemas=schemas) == {}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        True,
        {"type": "string"},
        {"type": "string", "format": "email"},
        {"type": "string", "format": "uri"},
        {"type": "string", "pattern": "^.*$"},
        {"type": "string", "pattern": "[a-z]"},
        {"type": ["integer", "string"]},
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}]},
        {"oneOf": [{"type": "integer"}, {"minLength": 3}]},
        {"$ref": "#/components/schemas/Name"},
        {"allOf": [{"$ref": "#/components/schemas/Name"}, {"maxLength": 50}]},
    ],
)
def test_what_it_leaves_free_is_inspected(schema: Any) -> None:
    schemas = {"Name": {"type": "string", "maxLength": 80}}
    value = {"a": "x"}
    assert found({"type": "object", "properties": {"a": schema}}, value, schemas=schemas) == {
        "/a": "x"
    }


def test_names_that_nobody_declared_are_free_text_too() -> None:
    schema = {
        "type": "object",
        "properties": {"known": {"type": "integer"}},
        "additionalProperties": {"type": "string"},
    }
    assert found(schema, {"known": 1, "$ne": "x"}) == {"/$ne#": "$ne", "/$ne": "x"}


def test_an_unknown_object_is_looked_at_whole() -> None:
    value = {"a": [{"b": "x"}, "y", 3, None, True]}
    assert found({}, value) == {"/a#": "a", "/a/0/b#": "b", "/a/0/b": "x", "/a/1": "y"}


def test_arrays_and_composed_objects() -> None:
    schemas = {
        "Base": {"type": "object", "properties": {"note": {"type": "string"}}},
        "Line": {"type": "object", "properties": {"isbn": {"type": "string", "pattern": "^\\d+$"}}},
    }
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {
                "properties": {
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
                }
            },
        ]
    }
    value = {"note": "n", "lines": [{"isbn": "12"}]}
    assert found(schema, value, schemas=schemas) == {"/note": "n"}


def test_a_branch_that_leaves_a_property_open_makes_it_free() -> None:
    closed = {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}}
    open_ = {"type": "object", "properties": {"id": {"type": "string"}}}
    assert found({"oneOf": [closed, open_]}, {"id": "x"}) == {"/id": "x"}
    assert found({"oneOf": [closed, closed]}, {"id": "x"}) == {}


def test_schemas_that_refer_to_themselves() -> None:
    schemas = {
        "Node": {
            "type": "object",
            "properties": {
                "text": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            },
        }
    }
    value = {"children": [{"children": [{"text": "deep"}]}]}
    schema = {"$ref": "#/components/schemas/Node"}
    assert found(schema, value, schemas=schemas) == {"/children/0/children/0/text": "deep"}


@pytest.mark.parametrize("content", ["prose", "html", "code", "markdown", "secret", "identifier"])
def test_annotations_say_what_a_field_holds(content: str) -> None:
    field = {"type": "string", "x-vallum": {"content": content}}
    made = plan({"type": "object", "properties": {"a": field}})
    assert [place.content for place in made.places({"a": "x"})] == [content]
    assert content in made.kinds


def test_a_reference_can_be_annotated_and_a_password_is_a_secret() -> None:
    schemas = {"Text": {"type": "string"}}
    field = {"$ref": "#/components/schemas/Text", "x-vallum": {"content": "prose"}}
    secret = {"type": "string", "format": "password"}
    made = plan({"type": "object", "properties": {"a": field, "b": secret}}, schemas=schemas)
    places = made.places({"a": "x", "b": "y"})
    assert [place.content for place in places] == ["prose", "secret"]


def test_without_a_validator_nothing_is_pinned_and_annotations_hold() -> None:
    note = {"type": "string", "x-vallum": {"content": "prose"}}
    token = {"type": "string", "format": "uuid", "x-vallum": {"content": "secret"}}
    schemas = {
        "Node": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "note": note,
                "token": token,
                "either": {"oneOf": [token, {"type": "string", "enum": ["a"]}]},
                "next": {"$ref": "#/components/schemas/Node"},
            },
            "additionalProperties": note,
        }
    }
    made = plan({"$ref": "#/components/schemas/Node"}, schemas=schemas).unpinned
    inner = {"id": "1", "note": "2", "token": "3", "either": "4", "more": "5"}
    for value, depth in ((inner, 0), ({"next": {"next": inner}}, 2)):
        places = {place.text: place.content for place in made.places(value)}
        assert places == {
            "1": "text",
            "2": "prose",
            "3": "secret",
            "4": "secret",
            "more": "text",
            "5": "prose",
        }, depth
    wrong = {"id": {"a": ["6"]}, "note": ["7"], "next": "8"}
    found = [(place.text, place.content) for place in made.places(wrong)]
    assert found == [("a", "text"), ("6", "text"), ("7", "text"), ("8", "text")]
    assert made.unpinned.kinds == made.kinds


def test_a_typo_in_an_annotation_is_an_error() -> None:
    with pytest.raises(ContractErrors) as caught:
        plan({"type": "string", "x-vallum": {"content": "prosa"}})
    (problem,) = caught.value.problems
    assert "prosa" in problem.message
    assert "prose" in problem.hint


def test_parameters() -> None:
    parameters = [
        {"name": "q", "in": "query", "schema": {"type": "string"}},
        {"name": "id", "in": "query", "schema": {"type": "string", "format": "uuid"}},
        {"name": "n", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
        {"name": "t", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {
            "name": "note",
            "in": "header",
            "schema": {"type": "string"},
            "x-vallum": {"content": "prose"},
        },
    ]
    operation = load_contract(document({"/x": {"get": {"parameters": parameters}}})).operations[0]
    assert {each.name: each.content for each in operation.parameters} == {
        "q": "text",
        "id": "",
        "n": "",
        "t": "text",
        "note": "prose",
    }


def test_files_are_named_and_read_where_they_are_text() -> None:
    image = Part("f", "a.png", MediaType("image/png"), b"\x89PNG")
    note = Part("f", "b.txt", MediaType("text/plain"), b"hello")
    texts: list[str] = []
    plan({}).collect({"f": [image, note]}, texts)
    assert texts == ["f", "a.png", "b.txt", "hello"]


@pytest.mark.parametrize(
    ("pattern", "tight"),
    [
        (r"^[a-z0-9-]{1,20}$", True),
        (r"^\d+$", True),
        (r"^(?:ab)+[c-f]?$", True),
        (r"^[\w.+-]+$", True),
        (r"^[a-z ]+$", False),
        (r"^[^<]+$", False),
        (r"^.*$", False),
        (r"[a-z]+", False),
        (r"^[a-z]+", False),
        (r"^a|b$", False),
        (r"^[ -~]+$", False),
        (r"^[A-z]+$", False),
        (r"^\S+$", False),
        (r"^(", False),
        (r"^price\$", False),
    ],
)
def test_a_tight_pattern(pattern: str, tight: bool) -> None:
    assert is_tight(pattern) == tight


def test_a_schema_that_says_twice_that_a_property_is_itself_is_read() -> None:
    itself = {"$ref": "#/components/schemas/A"}
    part = {"type": "object", "properties": {"a": itself, "t": {"type": "string"}}}
    schemas = {"A": {"type": "object", "properties": {"a": itself}, "allOf": [part]}}
    assert found(itself, {"a": {"a": {"t": "x"}}}, schemas=schemas) == {"/a/a/t": "x"}
