"""Formulas, manuals, preferences and trees of conditions, and attacks that dress up as them."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import nosql, path, sql, xpath
from vallum.inspection.detectors._text import is_tree
from vallum.inspection.detectors.sql_spared import called, reworded
from vallum.inspection.model import Context

SQL = Suspects(sql.DETECTOR)
XPATH = Suspects(xpath.DETECTOR)
NOSQL = Suspects(nosql.DETECTOR)
PATH = Suspects(path.DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "AND({Status}='Done',{Due}<TODAY())",
        "OR(AND({A}='x',{B}>4),{C}=1)",
        'and(A1="x",B1>7)',
        "Click 'Save'; select 'OK' from the menu",
        'Go to "Settings"; select "Country" from your list, then "Update"',
        "Öffne 'Datei'; select \"Export\" from the menu",
        'Screen < 10" and price < $77',
        'Screens over 15.6" or weight <= 2 kg',
    ],
)
def test_formulas_steps_and_measures_pass(text: str) -> None:
    assert SQL.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "AND(1=1)",
        "OR(1=1) -- ",
        "OR(1=1,2) --",
        "OR(1=1,2)/*",
        "1 AND(1=1,TRUE) or 1=1",
        "or(1=1)or(1,2)",
        "AND(({a}=1),1) OR (1=1)",
        "AND(1=1,(select password from users))",
        "AND(1=1,sleep(5))",
        "and(1,' or(1)=(1) or ')",
        "and('a,'='a,')",
        "x' AND(1=1,2) or 'a'='a",
        "1; select 'x' from users",
        "1; select 'x' from the; drop table users",
        "1; select 'a' from the menu; drop table users --",
        "x'; select pg_sleep(5) from the x --",
        "1; select 'ok' from (select 1)",
        "' or 1 in (select 'x' from the x) or '1'='1",
        'x 10" and price < 77 --',
        'x 10" and price < 77/*',
        'screen 10" and price < 77 or "1"="1',
        'screen 10" and price < (select 1)',
        '10" and 1 < 77',
    ],
)
def test_attacks_in_the_form_of_formulas_steps_and_measures_are_stopped(text: str) -> None:
    assert SQL.score(text) >= STOPS


def test_a_function_of_a_sheet_is_one_to_its_end_only() -> None:
    assert called("and(a=1,b=2)") == "every(a=1,b=2)"
    for other in ("and(a=1,b=2)=(1,2)", "and(a=1)", "and(a=1,'b)", "and(a,b", "and(a,b);"):
        assert called(other) == other


def test_the_only_quote_that_measures_is_read_as_a_word() -> None:
    assert reworded('tv under 40" and price < 300') == "tv under 40 inch and price < 300"
    assert reworded('tv under 40" and price < 300 #') == 'tv under 40" and price < 300 #'


def test_a_preference_may_ask_for_everything() -> None:
    prefer, other = (Context("header", name) for name in ("prefer", "user-agent"))
    text = 'respond-async; odata.include-annotations="*"'
    judge = sql.DETECTOR.judge
    assert judge(text, prefer) is None
    found = judge(text, other)
    assert found is not None
    assert found.rule == "sql.arithmetic"
    assert judge('x" or 1=1 or "', prefer) is not None


@pytest.mark.parametrize(
    "text",
    [
        '{"and":[{">=":[{"var":"age"},18]},{"==":[{"var":"country"},"Berlin"]}]}',
        '["and",["=","name","Ann"],[">","age",30]]',
        '["or",["==",["get","a"],1],["and",["<",["zoom"],4],["has","b"]]]',
        '{"filter":["and",["=",["field",3,null],"San Jose"]]}',
    ],
)
def test_trees_of_conditions_pass(text: str) -> None:
    assert SQL.score(text) < STOPS
    assert XPATH.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        '[" or 1=1 or "]',
        '["or","=","or"]',
        '["or","=","r","="]',
        '["or", 1, "=", 1, "like"]',
        '[" or 1=1 /* ","x"," */ or "]',
        '["and",["=","a",1]] or "a"="a',
        '{"or":["=","name"]} or 1=1',
        '["name","or 1=1"]',
    ],
)
def test_a_tree_that_is_a_condition_inside_out_is_stopped(text: str) -> None:
    assert not is_tree(text)
    assert SQL.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "MongoDB's {$ne: null} also matches missing fields",
        'I tried {"age": {"$gt": 30}} and got no documents',
        "Use {$gt: 5} instead of {$gte: 6}, it's the same",
        "In Mongoose, Model.find({ name: { $regex: 'x' } }) is slow",
        "db.users.find({age: {$gt: 76}}) returns nothing, why?",
    ],
)
def test_an_operator_among_words_is_told_of(text: str) -> None:
    assert NOSQL.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        '{"$ne": 1} is what we send',
        'abc, x: {"$ne": 1} foo bar baz',
        'abc", "x": {"$ne": 1}, "y": "foo bar',
        'true {"$ne": 1} and more words',
        'foo\n{"$ne": 1} and more words',
        'x\' || {"$ne": 1} and more words',
        'foo {"a": 1}, {"$ne": 1} and more words',
        'foo {"$gt": 1} bar", "$where": "sleep(5000)',
        'foo {", "$where": "1} bar baz',
        "foo {$gt: 1} bar', '$where': '1",
        "db.users.find({age: {$gt: 76}})",
    ],
)
def test_an_operator_that_json_may_begin_with_or_go_on_to_is_stopped(text: str) -> None:
    assert NOSQL.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [r"/(\.git|node_modules|build)/", r"exclude: '\.git|\.venv|dist'"],
)
def test_a_name_among_those_of_a_pattern_is_no_file(text: str) -> None:
    assert PATH.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        r"\.git\config|a",
        r"..\.env|",
        "/.git/config|x",
        r"|\.git/config",
        r"\.git|../../etc/passwd",
        r"/\.env|x/../../etc/passwd",
    ],
)
def test_a_path_beside_a_bar_is_stopped(text: str) -> None:
    assert PATH.score(text) >= STOPS
