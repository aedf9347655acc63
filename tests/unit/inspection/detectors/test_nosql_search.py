"""Queries of search engines in values, scripts of theirs, and what people search for."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.nosql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('red"}}, {"wildcard": {"pin": "', "nosql.search-body"),
        ('x"]}]}, "query_string": {"query": "*"', "nosql.search-body"),
        ("ctx._source.owner = 'me'", "nosql.search-script"),
        ("doc['pin.keyword'].value", "nosql.search-script"),
        ("{!xmlparser v='<x/>'}", "nosql.search-query"),
        ("{!frange l=1 u=2}price", "nosql.search-query"),
        ("{!func}sum(1,price)", "nosql.search-query"),
        ("red) OR _exists_:pin", "nosql.search-query"),
        ("red) AND *:*", "nosql.search-query"),
        ("red OR user_password:/a.*/", "nosql.search-query"),
        ("client_secret:[a TO z]", "nosql.search-query"),
    ],
)
def test_queries_that_leave_their_place_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]


@pytest.mark.parametrize("name", ["script_fields", "runtime_mappings", "reduce_script", "_script"])
def test_names_that_ask_for_a_script_are_stopped(name: str) -> None:
    assert SUSPECTS.score(name, "body", is_name=True) >= STOPS
    assert SUSPECTS.score(name, "body") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "status:active AND city:Rome",
        "(red OR blue) AND size:xl",
        "_exists_:user AND level:3",
        "password: ****",
        "Password:*** (reset it)",
        "api_key: [redacted]",
        "secret:/run/secrets/db",
        "{!Contact.Name}",
        "Dear {!query}, welcome",
        "1) or note:this",
        "a, b], {x}",
        'doc["readme"]',
        "context._sources",
    ],
)
@pytest.mark.parametrize("location", ["query", "body"])
def test_what_people_search_and_write_passes(text: str, location: str) -> None:
    assert SUSPECTS.score(text, "body" if location == "body" else "query") < STOPS


@pytest.mark.parametrize("name", ["script", "description", "params", "mapping", "query"])
def test_ordinary_names_pass(name: str) -> None:
    assert SUSPECTS.score(name, "body", is_name=True) < STOPS


@pytest.mark.parametrize(
    "text", ["{!tag=size}size:XL", "{!ex=size key=sizes}size", "{!collapse field=group cost=2}"]
)
def test_labels_of_a_query_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "{!tag=size type=xmlparser}<a/>",
        "{!tag=a}{!func}sum(b)",
        "{!terms f=password}x",
        "{!key=$b}c",
    ],
)
def test_a_parser_that_is_chosen_by_a_label_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
