"""J: `readOnly` and `writeOnly` hold wherever a contract may write them (API3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.contracts import body_operation, document, judge_body

from vallum.openapi.load import load_contract

TEXT = {"type": "string"}
NULL = {"type": "null"}


def forms(word: str) -> list[tuple[str, dict[str, Any]]]:
    """Version and schema of a property that says `word` of itself, by every way there is."""
    said = {**TEXT, word: True}
    named = {"$ref": "#/components/schemas/Said"}
    plain = {"$ref": "#/components/schemas/Plain"}
    return [
        ("3.1.0", {"anyOf": [said, NULL]}),
        ("3.1.0", {"oneOf": [NULL, named]}),
        ("3.1.0", {"anyOf": [named, {"enum": [None]}]}),
        ("3.1.0", {"anyOf": [{"allOf": [said, {"minLength": 1}]}, {"const": None}]}),
        ("3.1.0", {"oneOf": [said, {"type": "integer", word: True}]}),
        ("3.1.0", {"allOf": [{"anyOf": [named, NULL]}]}),
        ("3.1.0", {"anyOf": [plain, NULL], word: True}),
        ("3.1.0", {**plain, word: True}),
        ("3.0.3", {**plain, word: True}),
        ("3.0.3", {"allOf": [plain], "nullable": True, word: True}),
        ("3.0.3", {"oneOf": [named], "nullable": True}),
    ]


def schemas(word: str) -> dict[str, Any]:
    """What the forms refer to."""
    return {"Said": {**TEXT, word: True}, "Plain": TEXT}


def written(version: str, schema: dict[str, Any], body: str) -> list[tuple[str, str]]:
    """What a request with such a body breaks."""
    operation = body_operation(schema, openapi=version, schemas=schemas("readOnly"))
    return judge_body(operation, body)


def shown(version: str, schema: dict[str, Any], value: Any) -> Any:
    """What is left of an answer."""
    content = {"application/json": {"schema": schema}}
    paths = {"/a": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    contract = load_contract(document(paths, openapi=version, schemas=schemas("writeOnly")))
    found = contract.operations[0].answers.by_status[200]["application/json"]
    assert found is not None
    return value if found.fits(value) else found.prune(value)[0]


@pytest.mark.parametrize(("version", "said"), forms("readOnly"))
def test_b252_bopla_write_read_only(version: str, said: dict[str, Any]) -> None:
    whole = {"type": "object", "properties": {"role": said, "name": TEXT}, "required": ["role"]}
    assert written(version, whole, '{"name":"x"}') == []
    assert written(version, whole, '{"name":"x","role":"admin"}') == [("/role", "not-allowed")]
    part = {"allOf": [whole, {"type": "object", "properties": {"more": TEXT}}]}
    assert written(version, part, '{"more":"x","role":"admin"}') == [("/role", "not-allowed")]


@pytest.mark.parametrize(("version", "said"), forms("writeOnly"))
def test_b251_bopla_read_write_only(version: str, said: dict[str, Any]) -> None:
    whole = {"type": "object", "properties": {"secret": said, "name": TEXT}}
    assert shown(version, whole, {"name": "x", "secret": "s"}) == {"name": "x"}
    assert shown(version, {"type": "array", "items": whole}, [{"secret": "s"}]) == [{}]


def test_b252_one_alternative_of_several_is_read_only() -> None:
    """An object that comes expanded, and is sent by its id alone."""
    owner = {"type": "object", "readOnly": True, "properties": {"name": TEXT}}
    whole = {"type": "object", "properties": {"owner": {"oneOf": [owner, TEXT]}}}
    assert written("3.1.0", whole, '{"owner":"7"}') == []
    assert written("3.1.0", whole, '{"owner":{"name":"x"}}') != []
    answered = json.loads(json.dumps(whole).replace("readOnly", "writeOnly"))
    assert shown("3.1.0", answered, {"owner": "7"}) == {"owner": "7"}
    assert shown("3.1.0", answered, {"owner": {"name": "x"}}) == {}


@pytest.mark.parametrize("keyword", ["additionalProperties", "patternProperties"])
def test_bopla_properties_without_a_name_of_their_own(keyword: str) -> None:
    def whole(word: str) -> dict[str, Any]:
        said = {**TEXT, word: True}
        other = {"^x_": said} if keyword == "patternProperties" else said
        return {"type": "object", "properties": {"name": TEXT}, keyword: other}

    assert written("3.1.0", whole("readOnly"), '{"name":"x"}') == []
    assert written("3.1.0", whole("readOnly"), '{"name":"x","x_a":"y"}') != []
    assert shown("3.1.0", whole("writeOnly"), {"name": "x", "x_a": "y"}) == {"name": "x"}
