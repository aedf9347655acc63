"""What is left of an answer without what its schema does not declare."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.contracts import document

from vallum.openapi import pruner
from vallum.openapi.answers import AnswerSchema
from vallum.openapi.load import load_contract
from vallum.openapi.validator import compile_schema

PUBLIC: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "name"],
    "properties": {"kind": {"const": "public"}, "name": {"type": "string"}},
}
STAFF: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "salary"],
    "properties": {"kind": {"const": "staff"}, "salary": {"type": "number"}},
}
SCHEMAS: dict[str, Any] = {
    "User": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": ["string", "null"]},
            "password": {"type": "string", "writeOnly": True},
            "address": {"type": "object", "properties": {"city": {"type": "string"}}},
            "extra": {"type": "object"},
            "labels": {"type": "object", "additionalProperties": {"$ref": "#/x-label"}},
            "friends": {
                "type": "array",
                "maxItems": 2,
                "items": {"$ref": "#/components/schemas/User"},
            },
            "pair": {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
        },
        "patternProperties": {"^x_": {"type": "string"}},
    },
    "Page": {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "object"}}, "total": {}},
    },
    "Public": PUBLIC,
    "Staff": STAFF,
}
LABEL = {"type": "object", "properties": {"text": {"type": "string"}}}


def schema_of(schema: dict[str, Any]) -> AnswerSchema:
    """The schema of a JSON answer."""
    paths = {
        "/a": {
            "get": {
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": schema}}}
                }
            }
        }
    }
    contract = load_contract(document(paths, schemas=SCHEMAS) | {"x-label": LABEL})
    found = contract.operations[0].answers.by_status[200]["application/json"]
    assert found is not None
    return found


def pruned(schema: dict[str, Any], value: Any) -> tuple[Any, list[tuple[str, str]]]:
    """What is left of a value and what is gone; the value itself must not change."""
    before = copy.deepcopy(value)
    left, dropped = schema_of(schema).prune(value)
    assert value == before
    return left, [(drop.pointer, drop.code) for drop in dropped]


USER = {"$ref": "#/components/schemas/User"}


@pytest.mark.parametrize(
    ("value", "left", "gone"),
    [
        ({"id": 1, "ssn": "1"}, {"id": 1}, [("/ssn", "undeclared-property")]),
        ({"id": 1, "password": "p"}, {"id": 1}, [("/password", "write-only-property")]),
        ({"id": 1, "x_any": "1"}, {"id": 1, "x_any": "1"}, []),
        (
            {"id": 1, "address": {"city": "C", "geo": {"lat": 1}}},
            {"id": 1, "address": {"city": "C"}},
            [("/address/geo", "undeclared-property")],
        ),
        ({"id": 1, "extra": {"any": [1]}}, {"id": 1, "extra": {"any": [1]}}, []),
        (
            {"id": 1, "labels": {"a": {"text": "t", "by": "root"}}},
            {"id": 1, "labels": {"a": {"text": "t"}}},
            [("/labels/a/by", "undeclared-property")],
        ),
        (
            {"id": 1, "friends": [{"id": 2, "pin": 3, "friends": [{"id": 3, "pin": 4}]}]},
            {"id": 1, "friends": [{"id": 2, "friends": [{"id": 3}]}]},
            [
                ("/friends/0/pin", "undeclared-property"),
                ("/friends/0/friends/0/pin", "undeclared-property"),
            ],
        ),
        (
            {"id": 1, "friends": [{"id": 2}, {"id": 3}, {"id": 4}]},
            {"id": 1, "friends": [{"id": 2}, {"id": 3}]},
            [("/friends/2", "too-many-items")],
        ),
        (
            {"id": 1, "name": {"first": "F", "ssn": "1"}},
            {"id": 1},
            [("/name", "undeclared-value")],
        ),
        (
            {"id": 1, "friends": {"0": {"id": 9}}},
            {"id": 1},
            [("/friends", "undeclared-value")],
        ),
        (
            {"id": 1, "pair": [1, "a", "more"]},
            {"id": 1, "pair": [1, "a"]},
            [("/pair/2", "undeclared-property")],
        ),
    ],
)
def test_what_is_not_declared_goes(value: Any, left: Any, gone: list[tuple[str, str]]) -> None:
    assert pruned(USER, value) == (left, gone)


def test_a_whole_answer_of_another_kind_leaves_nothing() -> None:
    assert pruned(USER, [{"id": 1}]) == (None, [("", "undeclared-value")])


def test_parts_declare_together() -> None:
    page = {
        "allOf": [
            {"$ref": "#/components/schemas/Page"},
            {"properties": {"items": {"type": "array", "items": USER}}},
        ]
    }
    value = {"items": [{"id": 1, "ssn": "1"}], "total": 1, "next": "secret"}

    left, gone = pruned(page, value)

    assert left == {"items": [{"id": 1}], "total": 1}
    assert [pointer for pointer, _ in gone] == ["/items/0/ssn", "/next"]


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_only_the_alternative_that_fits_declares(keyword: str) -> None:
    either = {
        keyword: [{"$ref": "#/components/schemas/Public"}, {"$ref": "#/components/schemas/Staff"}]
    }
    value = {"kind": "public", "name": "N", "salary": 100.0, "ssn": "1"}

    left, gone = pruned(either, value)

    assert left == {"kind": "public", "name": "N"}
    assert sorted(gone) == [("/salary", "undeclared-property"), ("/ssn", "undeclared-property")]


def test_or_null_is_no_alternative() -> None:
    assert pruned({"oneOf": [{"type": "null"}, USER]}, {"id": 1, "x": 1})[0] == {"id": 1}
    assert pruned({"oneOf": [{"type": "null"}, USER]}, None) == (None, [])


def test_what_is_left_fits_and_pruning_again_changes_nothing() -> None:
    schema = schema_of(USER)
    value = {"id": 1, "ssn": 1, "friends": [{"id": 2, "ssn": 2}], "address": {"city": "", "a": 1}}

    left, _ = schema.prune(value)

    assert schema.fits(left)
    assert schema.prune(left)[0] is left


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "name", "address", "city", "friends", "ssn", "labels", "x_"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
SHARED = schema_of(USER)


def names(value: Any) -> set[str]:
    """Every name in a value, at any depth outside of what is free."""
    if isinstance(value, dict):
        return set(value) | {name for child in value.values() for name in names(child)}
    return {name for child in value for name in names(child)} if isinstance(value, list) else set()


@given(VALUES)
def test_no_undeclared_name_is_ever_left(value: Any) -> None:
    left, _ = SHARED.prune(value)

    assert not {"ssn"} & (names(left) - names_below_labels(left))
    assert orjson.loads(orjson.dumps(left)) == left


def names_below_labels(value: Any) -> set[str]:
    """Names that `labels` gives freely."""
    if isinstance(value, dict):
        labels = value.get("labels")
        own = set(labels) if isinstance(labels, dict) else set()
        return own | {name for child in value.values() for name in names_below_labels(child)}
    if isinstance(value, list):
        return {name for child in value for name in names_below_labels(child)}
    return set()


def test_patterns_are_compiled_once_for_all_items(monkeypatch: pytest.MonkeyPatch) -> None:
    def branch(kind: str) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"kind": {"const": kind}},
            "patternProperties": {f"^{kind}_": {"type": "string"}},
            "additionalProperties": False,
        }

    compiled: list[str] = []

    def counted(text: str) -> Any:
        compiled.append(text)
        return compile_schema(text)

    monkeypatch.setattr(pruner, "compile_schema", counted)
    schema = {"type": "array", "items": {"anyOf": [branch("a"), branch("b")]}}
    items = [{"kind": "ab"[n % 2], "undeclared": n} for n in range(500)]
    left, _ = pruner.Pruner(orjson.dumps(schema).decode()).prune(items)
    assert left == [{"kind": "ab"[n % 2]} for n in range(500)]
    assert len(compiled) == 4
