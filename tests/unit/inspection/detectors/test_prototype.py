"""Names and paths that lead to the prototype of every object of JavaScript."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.prototype import DETECTOR, RULES

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "name",
    [
        "__proto__",
        "__proto__[admin]",
        "__proto__.admin",
        "constructor.prototype.admin",
        "constructor[prototype][admin]",
        "a[__proto__][x]",
        "a.__proto__.x",
        "user.constructor.prototype.isAdmin",
        "x[constructor][prototype][y]",
        "__proto__[__proto__][x]",
        '["__proto__"]["x"]',
        "$1:__proto__:then",
    ],
)
def test_names_that_lead_there_are_stopped(name: str) -> None:
    found = SUSPECTS.judge(name, is_name=True)
    assert [(each.rule, each.score) for _, each in found] == [("prototype.name", 9)]
    assert RULES["prototype.name"]


@pytest.mark.parametrize(
    "text",
    [
        '{"__proto__":{"isAdmin":true}}',
        '{"a":{"constructor":{"prototype":{"isAdmin":true}}}}',
        "__proto__[isAdmin]=1",
        "?__proto__.x=1",
        "a[__proto__][x]=1&b=2",
        "constructor.prototype.isAdmin=true",
        "constructor[prototype][x]=1",
        "obj.__proto__.polluted = 'yes'",
        "Object.prototype.isAdmin=true",
        "$1:constructor:constructor",
        '["__proto__","x"]',
        "__proto__.x",
    ],
)
def test_paths_and_documents_in_values_are_stopped(text: str) -> None:
    found = SUSPECTS.judge(text)
    assert [each.rule for _, each in found if each.score >= STOPS] == ["prototype.path"]


@pytest.mark.parametrize(
    "text", ["__pr\\u006fto__", "%5F%5Fproto__", "__pro\u200bto__", "__proto__\x00", "__proto__%00"]
)
def test_the_name_is_stopped_where_it_is_hidden(text: str) -> None:
    assert SUSPECTS.score(text, "body") >= STOPS


@pytest.mark.parametrize("text", [r"\_\_proto\_\_", "__proto__&nbsp;", "`x`.__proto_"])
def test_the_word_as_editors_write_it_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "JavaScript's __proto__ is deprecated",
        "In JavaScript, every object has a __proto__ property that points to its prototype.",
        "__proto__",
        "the constructor prototype pattern",
        "constructor",
        "prototype",
        "Object.prototype.toString is used to check types",
    ],
)
def test_the_word_is_at_most_a_trace(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "Object.prototype['x']=1",
        "Object.defineProperty(Object.prototype,'x',{value:1})",
        "constructor: {prototype: {x: 1}}",
        "<constructor><prototype><x>1</x></prototype></constructor>",
        "<__proto__><x>1</x></__proto__>",
        "__proto__->x",
        "--__proto__.x=1",
        "__defineGetter__('x',function(){})",
    ],
)
def test_other_ways_to_write_a_path_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "- __proto__: the legacy accessor of a prototype",
        "constructor: the prototype was built first",
        "Object.prototype.hasOwnProperty.call(a, 'b')",
        "see <__proto__> in the manual",
    ],
)
def test_lists_and_honest_code_about_prototypes_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    "name",
    ["constructor[owner]", "prototype.owner", "car[constructor]", "car.prototype",
     "filter[constructor][length]", "constructor[]"],
)  # fmt: skip
def test_steps_of_a_path_in_a_query_are_stopped(name: str) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) >= STOPS
    assert SUSPECTS.score(name, "query") < STOPS


@pytest.mark.parametrize(
    "name",
    ["constructor", "prototype", "filter[constructor]", "fields[prototype]", "constructors[0]",
     "constructorId", "constructor_name", "car[prototypes]"],
)  # fmt: skip
def test_names_of_builders_and_models_pass(name: str) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) < STOPS


def test_a_flattened_document_passes() -> None:
    assert SUSPECTS.score("constructor.points", "body", is_name=True) < STOPS


def test_the_name_among_the_steps_of_a_path_is_stopped() -> None:
    assert SUSPECTS.score("__proto__", "body", name="1") >= STOPS
    assert SUSPECTS.score("__proto__", "body", name="word") < STOPS
    assert SUSPECTS.score("prototype", "body", name="1") < STOPS
