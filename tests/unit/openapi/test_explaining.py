"""What is wrong with values of schemas that refer to themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.contracts import judge

STRING = {"type": "string"}
FILTER = {"$ref": "#/components/schemas/Filter"}
NODE = {"$ref": "#/components/schemas/Node"}


def _operator(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"args": {"type": "array", "items": FILTER}, "op": {"const": name}},
        "required": ["args", "op"],
    }


SCHEMAS: dict[str, Any] = {
    "Filter": {
        "oneOf": [
            _operator("and"),
            _operator("or"),
            {"type": "object", "properties": {"eq": STRING}, "required": ["eq"]},
            {"type": "object", "properties": {"like": STRING, "eq": STRING}, "required": ["like"]},
        ]
    },
    "Base": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "Node": {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"next": NODE}}],
        "properties": {"next": NODE, "where": FILTER, "name": STRING},
        "required": ["id"],
    },
}


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        (FILTER, {"op": "or", "args": [{"eq": "a"}]}, []),
        (FILTER, {"op": "or", "args": [{"eq": 1}]}, [("", "alternative")]),
        (FILTER, {"eq": "a", "like": "b"}, [("", "ambiguous")]),
        (NODE, {"id": 1, "name": "n", "next": {"id": 2, "where": {"like": "x"}}}, []),
        (NODE, {"id": "1"}, [("/id", "type")]),
        (NODE, {"id": 1, "other": 1}, [("/other", "unknown")]),
        (NODE, {"id": 1, "next": {"id": 2, "other": 1}}, [("/next/other", "unknown")]),
        (
            NODE,
            {"id": 1, "next": {"next": {"id": 2, "name": 3}}},
            [("/next/id", "required"), ("/next/next/name", "type")],
        ),
        (
            NODE,
            {"id": 1, "where": {"eq": 1}, "next": {"id": 1, "where": 1}},
            [("/next/where", "alternative"), ("/where", "alternative")],
        ),
    ],
)
def test_faults_are_told_at_any_depth(schema: Any, value: Any, found: list[Any]) -> None:
    assert sorted(set(judge(schema, json.dumps(value), schemas=SCHEMAS))) == found


def test_several_alternatives_hold() -> None:
    one = {"properties": {"below": {"$ref": "#/components/schemas/Tree"}}, "type": "object"}
    schemas = {"Tree": {"oneOf": [one, {**one, "required": ["below"]}]}}
    tree = {"$ref": "#/components/schemas/Tree"}
    assert judge(tree, "{}", schemas=schemas) == []
    assert judge(tree, '{"below":{}}', schemas=schemas) == [("", "ambiguous")]
    assert judge(tree, '{"below":1}', schemas=schemas) == [("", "alternative")]
