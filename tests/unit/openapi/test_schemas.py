"""Schemas as requests are judged by them: closing, composition, read-only, formats, bounds."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from tests.support.contracts import body_operation, document, judge, judge_body, warnings_of

STRING = {"type": "string"}
A = {"type": "object", "properties": {"a": STRING}}
B = {"type": "object", "properties": {"b": STRING}}


def test_declared_properties_close_an_object() -> None:
    assert judge(A, '{"a":"x"}') == []
    assert judge(A, '{"a":"x","is_admin":true}') == [("/is_admin", "unknown")]
    assert judge(A, '{"a":"x","is_admin":true}', unknown="ignore") == []


def test_nested_objects_and_items_are_closed() -> None:
    schema = {"properties": {"list": {"type": "array", "items": A}, "one": A}}
    assert judge(schema, '{"list":[{"a":"x"},{"z":1}],"one":{"y":1}}') == [
        ("/list/1/z", "unknown"),
        ("/one/y", "unknown"),
    ]


def test_free_form_objects_stay_free() -> None:
    assert judge({"type": "object"}, '{"anything":1}') == []
    assert judge({"properties": {"meta": {"type": "object"}}}, '{"meta":{"x":{"y":1}}}') == []
    assert judge({}, '{"anything":1}') == []


@pytest.mark.parametrize("extra", [True, STRING, {}])
def test_an_explicit_word_on_other_properties_holds(extra: Any) -> None:
    assert judge({**A, "additionalProperties": extra}, '{"a":"x","b":"y"}') == []


def test_pattern_properties_name_properties_too() -> None:
    schema = {"type": "object", "patternProperties": {"^x-": STRING}}
    assert judge(schema, '{"x-a":"1"}') == []
    assert judge(schema, '{"y":"1"}') == [("/y", "unknown")]


def test_all_of_is_closed_as_a_whole() -> None:
    schema = {"allOf": [A, {"$ref": "#/components/schemas/B"}]}
    assert judge(schema, '{"a":"1","b":"2"}', schemas={"B": B}) == []
    assert judge(schema, '{"a":"1","c":"2"}', schemas={"B": B}) == [("/c", "unknown")]


def test_a_component_is_closed_alone_and_open_as_a_part() -> None:
    schemas = {"A": A, "Both": {"allOf": [{"$ref": "#/components/schemas/A"}, B]}}
    schema = {
        "properties": {
            "alone": {"$ref": "#/components/schemas/A"},
            "both": {"$ref": "#/components/schemas/Both"},
        }
    }
    operation = body_operation(schema, schemas=schemas)
    assert judge_body(operation, '{"alone":{"a":"1"},"both":{"a":"1","b":"2"}}') == []
    assert judge_body(operation, '{"alone":{"a":"1","b":"2"}}') == [("/alone/b", "unknown")]


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_alternatives_take_their_own_properties_only(keyword: str) -> None:
    cat = {**A, "required": ["a"]}
    dog = {**B, "required": ["b"]}
    schema = {keyword: [cat, dog]}
    assert judge(schema, '{"a":"1"}') == []
    assert judge(schema, '{"b":"1"}') == []
    assert judge(schema, '{"a":"1","c":"1"}') == [("/c", "unknown")]


def test_alternatives_beside_properties() -> None:
    schema = {**A, "anyOf": [{"required": ["a"]}, {"type": "object", "required": ["b"]}]}
    assert judge(schema, '{"a":"1"}') == []
    assert ("/z", "unknown") in judge(schema, '{"a":"1","z":"1"}')


def test_a_free_alternative_stays_free() -> None:
    schema = {"anyOf": [{**A, "required": ["a"]}, {"type": "object"}]}
    assert judge(schema, '{"anything":1}') == []


def test_an_object_or_null() -> None:
    schema = {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}
    operation = body_operation(schema, schemas={"A": A})
    assert judge_body(operation, "null") == []
    assert judge_body(operation, '{"a":"1"}') == []
    assert judge_body(operation, '{"c":"1"}') == [("", "alternative")]


def test_a_property_that_two_parts_describe() -> None:
    schema = {"allOf": [{"properties": {"m": A}}, {"properties": {"m": B}}]}
    assert judge(schema, '{"m":{"a":"1","b":"2"}}') == []
    assert judge(schema, '{"m":{"a":"1","c":"2"}}') == [("/m/c", "unknown")]


def test_not_and_if_are_never_narrowed() -> None:
    # A closed `not` would let `{"a":"x","b":"y"}` through.
    refused = {"not": {**A, "required": ["a"]}, "properties": {"a": STRING, "b": STRING}}
    assert judge(refused, '{"a":"x","b":"y"}') == [("", "schema")]
    chosen = {
        "properties": {"a": STRING, "b": STRING},
        "if": {**A, "required": ["a"]},
        "then": {"required": ["b"]},
    }
    assert judge(chosen, '{"a":"x"}') == [("/b", "required")]
    assert judge(chosen, '{"a":"x","b":"y"}') == []


def test_recursive_schemas() -> None:
    node = {"properties": {"next": {"$ref": "#/components/schemas/Node"}, "v": STRING}}
    operation = body_operation({"$ref": "#/components/schemas/Node"}, schemas={"Node": node})
    assert judge_body(operation, '{"next":{"next":{"v":"x"}}}') == []
    assert judge_body(operation, '{"next":{"next":{"w":"x"}}}') == [("/next/next/w", "unknown")]


def test_read_only_properties_are_refused_and_not_required() -> None:
    schema = {
        "properties": {"id": {**STRING, "readOnly": True}, "name": STRING},
        "required": ["id", "name"],
    }
    assert judge(schema, '{"name":"x"}') == []
    assert judge(schema, '{"name":"x","id":"7"}') == [("/id", "not-allowed")]
    assert judge(schema, "{}") == [("/name", "required")]
    assert judge(schema, '{"name":"x","id":"7"}', unknown="ignore") == []


def test_read_only_through_reference_and_composition() -> None:
    schemas = {
        "Id": {**STRING, "readOnly": True},
        "Base": {"properties": {"id": {"$ref": "#/components/schemas/Id"}}},
    }
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {**A, "required": ["id", "a"]}],
    }
    assert judge(schema, '{"a":"x"}', schemas=schemas) == []
    assert judge(schema, '{"a":"x","id":"1"}', schemas=schemas) == [("/id", "not-allowed")]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer", "format": "int32"}, "2147483647", "2147483648"),
        ({"type": "integer", "format": "int64"}, "9223372036854775807", "9223372036854775808"),
        ({"type": "integer", "minimum": 5}, "5", "4"),
        ({"type": "string", "format": "uuid"}, f'"{"0" * 8}-0000-4000-8000-{"0" * 12}"', '"x"'),
        ({"type": "string", "format": "date"}, '"2024-02-29"', '"2023-02-29"'),
        ({"type": "string", "format": "ipv4"}, '"127.0.0.1"', '"127.0.0.01"'),
        ({"type": "string", "format": "byte"}, '"YWI="', '"YWI"'),
        ({"type": "string", "pattern": "^a+$"}, '"aa"', '"ab"'),
        ({"type": "string", "maxLength": 2}, '"éé"', '"ééé"'),
        ({"enum": ["a", 1]}, "1", '"1"'),
        ({"type": "array", "uniqueItems": True}, "[1,2]", "[1,1]"),
    ],
)
def test_values(schema: Any, good: str, bad: str) -> None:
    assert judge(schema, good) == []
    assert judge(schema, bad) != []


def test_only_declared_64_bit_integers_are_taken() -> None:
    schema = {
        "properties": {"big": {"type": "integer", "format": "int64"}, "n": {"type": "integer"}}
    }
    assert judge(schema, '{"big":9007199254740993}') == []
    assert judge(schema, '{"n":9007199254740993}') == [("/n", "maximum")]


class TestOpenAPI30:
    """The dialect of OpenAPI 3.0."""

    def test_nullable(self) -> None:
        schema = {"properties": {"a": {"type": "string", "nullable": True, "enum": ["x"]}}}
        assert judge(schema, '{"a":null}', openapi="3.0.3") == []
        assert judge(schema, '{"a":"x"}', openapi="3.0.3") == []
        assert judge(schema, '{"a":"y"}', openapi="3.0.3") == [("/a", "enum")]

    def test_nullable_composition(self) -> None:
        schema = {"properties": {"m": {"nullable": True, "allOf": [A]}}}
        assert judge(schema, '{"m":null}', openapi="3.0.3") == []
        assert judge(schema, '{"m":{"a":"x"}}', openapi="3.0.3") == []
        assert judge(schema, '{"m":{"b":"x"}}', openapi="3.0.3") == [("/m", "alternative")]

    def test_exclusive_bounds_are_flags(self) -> None:
        schema = {"type": "number", "minimum": 1, "exclusiveMinimum": True, "maximum": 3}
        assert judge(schema, "1", openapi="3.0.0") == [("", "minimum")]
        assert judge(schema, "1.5", openapi="3.0.0") == []
        assert judge({**schema, "exclusiveMinimum": False}, "1", openapi="3.0.0") == []

    def test_siblings_of_a_reference_are_ignored(self) -> None:
        schema = {"$ref": "#/components/schemas/B", "required": ["nowhere"]}
        assert judge(schema, '{"b":"x"}', schemas={"B": B}, openapi="3.0.3") == []
        assert judge(schema, '{"b":"x"}', schemas={"B": B}) == [("/nowhere", "required")]


def test_older_dialects_of_31() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "items": [STRING, {"type": "integer"}],
        "additionalItems": False,
    }
    assert judge(schema, '["a",1]') == []
    assert judge(schema, '["a",1,2]') != []


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"minimum": 1, "exclusiveMinimum": True}, "is read as in OpenAPI 3.0"),
        ({"type": "integer", "nullable": True}, "means nothing in OpenAPI 3.1"),
        ({"$recursiveRef": "#"}, "is not enforced"),
        ({"$id": "https://x.example/s", "minimum": 2}, "`$id` is ignored"),
    ],
)
def test_what_is_read_otherwise_is_warned_of(schema: Any, message: str) -> None:
    post = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    (warning,) = warnings_of(document({"/x": {"post": post}}))
    assert message in warning.message
    assert judge(schema, "2") == []
    assert judge(schema, "1") == ([("", "minimum")] if "minimum" in schema else [])


def test_patterns_beyond_linear_time_are_dropped_with_a_warning() -> None:
    schema = {"type": "string", "pattern": "^(?=.*[0-9]).+$", "maxLength": 3}
    operation = body_operation(schema)
    assert judge_body(operation, '"abc"') == []
    assert judge_body(operation, '"abcd"') == [("", "length")]
    post = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    (warning,) = warnings_of(document({"/x": {"post": post}}))
    assert warning.severity == "warning"
    assert "linear time" in warning.message
    assert warning.pointer == "/paths/~1x/post/requestBody/content/application~1json/schema"


def test_a_dropped_pattern_property_refuses_nothing_valid() -> None:
    schema = {"properties": {"a": STRING}, "patternProperties": {"^(?!a)": STRING}}
    assert judge(schema, '{"a":"x","b":"y"}') == []


def test_violations_are_bounded_and_hold_no_value() -> None:
    operation = body_operation({"type": "array", "items": {"type": "integer"}})
    found = judge_body(operation, "[" + ",".join(['"s3cret"'] * 150) + "]")
    assert len(found) == 20
    # A large value is told its first violation only.
    assert len(judge_body(operation, "[" + ",".join(['"s3cret"'] * 1_500) + "]")) == 1


def test_rewritten_schemas_are_valid_json_schema() -> None:
    schema = {
        "allOf": [{"properties": {"m": A, "id": {**STRING, "readOnly": True}}}],
        "oneOf": [A, B, {"type": "object"}],
        "properties": {"m": B, "x": {"type": ["integer", "null"], "format": "int32"}},
        "dependentSchemas": {"x": A},
    }
    operation = body_operation(schema)
    validator: Any = next(iter(operation.bodies.values()))
    jsonschema_rs.meta.validate({"allOf": [json.loads(validator._schema.text)]})
