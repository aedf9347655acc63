"""Queries of graphs, whole or broken into, and the filters and sentences that are none."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.nosql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "Ada'}) SET p.clearance = 9 //",
        "Ada' SET p:Owner //",
        "Ada' REMOVE p.locked //",
        "Ada' WITH p DETACH DELETE p",
        "Ada' WITH p, q DELETE q",
        'Ada"}) DELETE p //',
        "Ada'}) CREATE (:Owner {name: 'x'}) //",
        "Ada' MERGE (o:Owner) ON MATCH SET o.n = 1 //",
        "Ada' OPTIONAL MATCH (a)-[r]-(b) SET r.w = 0 //",
        "Ada' FOREACH (i IN range(1, 9) | CREATE (:Spam)) //",
        "Ada' UNWIND labels(p) AS l CREATE (:Found {l: l}) //",
        "Ada' UNION ALL MATCH (s:Secret) RETURN s.text AS name //",
        "Ada' CALL { MATCH (n) DELETE n } //",
        "Ada' OR p.note ENDS WITH '' //",
        "Ada' XOR NOT p.note CONTAINS 'x' //",
        "Ada' OR p.note IS NOT NULL //",
        "Ada' AND exists(p.hash) //",
    ],
)
def test_clauses_of_cypher_behind_a_string_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "Ada' INSERT {name: 'x'} INTO people //",
        "Ada' UPSERT {name: 'x'} INSERT {} UPDATE {owner: 1} IN people //",
        "Ada' REPLACE p WITH {owner: 1} IN people //",
        "Ada' FILTER p.pin LIKE '1%' //",
        "Ada' FOR s IN secrets RETURN s //",
        "Ada' RETURN ATTRIBUTES(p) //",
        "FOR s IN secrets FILTER s.n > 1 RETURN s.text",
        "FOR p IN people REMOVE p IN people",
        "UNWIND range(1, 9) AS i MERGE (:Spam)",
        "RETURN ATTRIBUTES(p)",
        "LET a = (FOR p IN people RETURN p) RETURN a",
        "FOR p IN people UPDATE p WITH {owner: 1} IN people",
    ],
)
def test_clauses_of_aql_and_whole_queries_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        'Ada" . ?a ?b ?c . #',
        "x> } ; DROP ALL",
        "INSERT DATA { <a> <b> <c> }",
        "} UNION { SERVICE <http://evil.example/> { ?a ?b ?c } }",
        "x').drop().iterate()",
        'x").valueMap(true).toList()',
    ],
)
def test_sparql_and_gremlin_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        'title == "Dune" and author.name contains "Herbert"',
        "name = 'Ada' and team.name is not null",
        "city in ('Rome') or country.code in ('IT')",
        "The users' delete button",
        "Unwind with tea as you like",
        "Return documents (signed) by Friday",
        "Bob's set of keys and Ann's: return it",
        "Please 'create' (or merge) the branch",
        "the 'blue' match (4:2)",
        "For all in need return soon",
        "for item in cart",
        "for key in map return to sender",
        "Clear all",
        "That's return day // maybe",
        "Select all; clear all",
        "Drop default; see notes",
        "Who? What? Why?",
        "$('#menu').drop(1)",
        '"ready", set, go',
        "the teams' match (a) - (b)",
    ],
)
@pytest.mark.parametrize("location", ["query", "body"])
def test_filters_and_sentences_pass(text: str, location: str) -> None:
    assert SUSPECTS.score(text, "body" if location == "body" else "query") < STOPS


def test_a_sentence_about_a_query_is_a_trace() -> None:
    text = "We wrote Ada' SET n.role = 1 in the manual and nobody of the team knew why that was so"
    assert 0 < SUSPECTS.score(text, "body") < STOPS


def test_a_text_of_nothing_but_starts_is_judged() -> None:
    text = ("x' with a, b set for a in b return ( ?a ?b " * 200)[:4096]
    assert SUSPECTS.score(text) <= 10
