"""Schemas that are parts of each other in many ways are read in the time of their size."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.contracts import document

from vallum.openapi.load import load_contract
from vallum.openapi.model import Operation
from vallum.openapi.problems import ContractErrors
from vallum.openapi.rights import below

LEAF: dict[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string", "x-vallum": {"write": ["admin"]}}},
}
MANY = 40
"""Levels that double what there is to read, where they do."""


def ref(number: int) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/S{number}"}


def read(schemas: dict[str, Any], media_type: str = "application/json") -> Operation:
    """An operation that takes and answers the first of these schemas, which has rights."""
    content = {media_type: {"schema": ref(0)}}
    put = {
        "parameters": [{"name": "q", "in": "query", "schema": ref(0)}],
        "requestBody": {"content": content},
        "responses": {"200": {"description": "a", "content": content}},
    }
    return load_contract(document({"/a": {"put": put}}, schemas=schemas)).operations[0]


def diamond(keyword: str, levels: int) -> dict[str, Any]:
    """Each schema is twice a part of the one before it."""
    between = {f"S{n}": {keyword: [ref(n + 1), ref(n + 1)]} for n in range(levels)}
    return {**between, f"S{levels}": LEAF}


@pytest.mark.parametrize("media_type", ["application/json", "application/xml"])
@pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
def test_parts_that_are_parts_twice(keyword: str, media_type: str) -> None:
    found = read(diamond(keyword, MANY), media_type)
    assert list(found.texts[media_type].places({"text": "t"}))
    assert found.body_rights[media_type].names["text"][0].own


def test_parts_that_are_themselves_in_many_ways() -> None:
    with pytest.raises(ContractErrors, match="without an end"):
        read({"S0": {"allOf": [{"anyOf": [ref(0)] * 9}] * 9}})


def test_parts_that_are_parts_too_deep() -> None:
    chain = {f"S{n}": {"allOf": [ref(n + 1), {"minProperties": n}]} for n in range(60)}
    with pytest.raises(ContractErrors, match="deeper than 100"):
        read({**chain, "S60": LEAF})
    with pytest.raises(ContractErrors, match="too deep"):
        read({**{f"S{n}": {"allOf": [ref(n + 1)]} for n in range(2_000)}, "S2000": LEAF})


def test_properties_may_lead_as_deep_as_they_like() -> None:
    chain = {f"S{n}": {"type": "object", "properties": {"a": ref(n + 1)}} for n in range(2_000)}
    plan = read({**chain, "S2000": LEAF}).texts["application/json"]
    assert plan.has(("a",) * 2_000 + ("text",))
    assert plan.unpinned.has(("a",) * 2_000 + ("text",))


def test_sets_of_schemas_are_not_put_together_without_end() -> None:
    # After each name, any of the schemas may hold in company of any others.
    first = {"type": "object", "properties": {"a": ref(0), "b": ref(0)}}
    second = {"type": "object", "properties": {"a": ref(1)}}
    chain = {
        f"S{n}": {"type": "object", "properties": {"a": ref(n + 1), "b": ref(n + 1)}}
        for n in range(1, MANY)
    }
    found = read({"S0": {"anyOf": [first, second]}, **chain, f"S{MANY}": LEAF})
    steps = ("a", "b") * (MANY // 2)
    assert found.texts["application/json"].has((*steps, "text"))
    rights = [found.body_rights["application/json"]]
    for step in steps:
        rights = below(rights, step)
    assert [right.write for each in below(rights, "text") for right in each.own] == [
        frozenset({"admin"})
    ]


def test_a_place_is_looked_for_once_at_each_level() -> None:
    itself = {"type": "object", "properties": {"a": ref(0), "b": ref(0), "t": {"type": "string"}}}
    plan = read({"S0": itself, "S1": LEAF}).texts["application/json"]
    assert not plan.has(("*",) * MANY + ("nowhere",))
