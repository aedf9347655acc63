"""Requests as JSON, and answers without what they tell of the service."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.graphql_shop import KNOWN, KNOWN_HASH

from vallum.graphql.answers import clean_answer
from vallum.graphql.model import RefusedGraphQL
from vallum.graphql.requests import digest_of, read_request, read_requests

PERSISTED = {KNOWN_HASH: KNOWN}


def by_hash(digest: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}, **more}


def test_members() -> None:
    request = read_request(
        {"query": "{ a }", "variables": None, "operationName": None, "extensions": None}, {}
    )
    assert tuple(request) == ("{ a }", None, {}, False, False)
    assert request.body() == {"query": "{ a }", "variables": {}}


def test_a_hash_stands_for_its_document() -> None:
    alone = read_request(by_hash(KNOWN_HASH, operationName="Known"), PERSISTED)
    both = read_request(by_hash(KNOWN_HASH, query=KNOWN), PERSISTED)
    plain = read_request({"query": KNOWN}, PERSISTED)
    assert (alone.text, alone.is_persisted, alone.by_hash) == (KNOWN, True, True)
    assert (both.is_persisted, both.by_hash) == (True, False)
    assert (plain.is_persisted, plain.by_hash) == (True, False)
    assert alone.body() == {"query": KNOWN, "variables": {}, "operationName": "Known"}
    assert digest_of(KNOWN) == KNOWN_HASH


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        (None, "type", ""),
        ("{ a }", "type", ""),
        ({}, "type", "/query"),
        ({"query": 1}, "type", "/query"),
        ({"query": "{ a }", "variables": []}, "type", "/variables"),
        ({"query": "{ a }", "variables": "{}"}, "type", "/variables"),
        ({"query": "{ a }", "id": "1"}, "member", ""),
        ({"query": "{ a }", "extensions": {}}, "member", "/extensions"),
        ({"query": "{ a }", "extensions": []}, "type", "/extensions"),
        (by_hash("0" * 64), "persisted", "/extensions"),
        (by_hash(KNOWN_HASH, query="{ a }"), "persisted", "/extensions"),
        (by_hash("../" + KNOWN_HASH[3:]), "persisted", "/extensions"),
    ],
)
def test_what_is_no_request(value: object, code: str, pointer: str) -> None:
    with pytest.raises(RefusedGraphQL) as caught:
        read_request(value, PERSISTED)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_batches() -> None:
    one = {"query": "{ a }"}
    assert read_requests(one, {}, most=1)[1] is False
    assert len(read_requests([one, one], {}, most=2)[0]) == 2
    for value, most in (([one], 1), ([], 5), ([one] * 3, 2)):
        with pytest.raises(RefusedGraphQL) as caught:
            read_requests(value, {}, most=most)
        assert caught.value.code == "batch"
    with pytest.raises(RefusedGraphQL) as caught:
        read_requests([one, {"query": 1}], {}, most=2)
    assert caught.value.pointer == "/1/query"


@pytest.mark.parametrize(
    "value",
    [
        {"data": {"extensions": 1}},
        {"data": None, "errors": [{"message": "no"}]},
        {"errors": [{"message": "no", "path": ["a", 0], "extensions": {"code": "A_1"}}]},
        [{"data": {}}, {"errors": []}],
    ],
)
def test_plain_answers_are_left_alone(value: Any) -> None:
    assert clean_answer(value) is value


@pytest.mark.parametrize("value", [None, 1, "x", {}, {"error": "x"}, [1], {"errors": "x"}])
def test_what_is_no_answer(value: Any) -> None:
    assert clean_answer(value) is None


@pytest.mark.parametrize(
    ("error", "left"),
    [
        ({"message": "no", "stack": "x"}, {"message": "no"}),
        ({"message": "no", "extensions": {"code": "A", "trace": 1}},
         {"message": "no", "extensions": {"code": "A"}}),
        ({"message": "no", "extensions": {"code": "at /srv/app.py"}}, {"message": "no"}),
        ({"message": "no", "extensions": "x"}, {"message": "no"}),
        ({"message": 'No field "a". Did you mean "b"?'}, {"message": 'No field "a".'}),
        ({"message": "İİİ no. DID YOU MEAN b"}, {"message": "İİİ no."}),
        ({"message": "no\n  at f (/srv/a.js:1)"}, {"message": "no"}),
        ({"message": {"sql": 1}}, {"message": "The operation failed."}),
        ({}, {"message": "The operation failed."}),
        ("text", {"message": "The operation failed."}),
        ({"message": "no", "path": ["a", {"b": 1}]}, {"message": "no"}),
        ({"message": "no", "locations": [{"line": 1, "column": 2, "x": 3}, "y"]},
         {"message": "no", "locations": [{"line": 1, "column": 2}]}),
    ],
)  # fmt: skip
def test_errors_keep_what_is_for_clients(error: Any, left: Any) -> None:
    assert clean_answer({"errors": [error], "extensions": {"tracing": 1}}) == {"errors": [left]}


def test_more_than_data_is_dropped() -> None:
    assert clean_answer({"data": {"a": 1}, "extensions": {}, "x": 1}) == {"data": {"a": 1}}
