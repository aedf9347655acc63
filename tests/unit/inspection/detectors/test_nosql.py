"""Operators, scripts and commands of stores without SQL."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.nosql import DETECTOR, RULES
from vallum.inspection.model import Context

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "name", ["$ne", "$where", "$regex", "$elemMatch", "user[$ne]", "q[password][$gt]", "a.$nin"]
)
def test_operator_as_a_name_is_stopped(name: str) -> None:
    assert SUSPECTS.score(name, "body", is_name=True) == 9


@pytest.mark.parametrize(
    "name", ["$ref", "$schema", "$filter", "$top", "$count", "$id", "price", "a[b]", "created__gte"]
)
def test_names_of_other_conventions_pass(name: str) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) < STOPS


@pytest.mark.parametrize(
    "text",
    ["cart[$gt]", "[$ne]1", "price[min][$gte]", "login[$regex]", "a.b[$exists]", "[$nin][]"],
)
def test_a_name_with_an_operator_is_stopped_as_a_value_too(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    ["arr[$i]", "$row[$text]", "data[$size]", "[$5]", "[$ne] means not equal", "see user[$ne]"],
)
def test_variables_in_brackets_and_talk_of_operators_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("user__password__startswith", 7),
        ("author__profile__city__contains", 5),
        ("filter[user__password__startswith]", 7),
        ("author__created__gte", 3),
        ("title__startswith", 3),
    ],
)
def test_lookups_of_other_records_by_how_far_they_reach(name: str, score: int) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) == score


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"$ne": null}', "nosql.operator-json"),
        ("{'age': {$gt: ''}}", "nosql.operator-json"),
        ('x", "$or": [{}, {"a": "a', "nosql.operator-json"),
        ("a[$ne]=1", "nosql.operator-json"),
        ("' } ], $comment: 'x'", "nosql.operator-json"),
        ("'; return true; var x='", "nosql.javascript"),
        ("' || 1==1//", "nosql.javascript"),
        ("x' && this.password.match(/^a/)//", "nosql.javascript"),
        ("0; while(true){}", "nosql.javascript"),
        ("1 || 1==1", "nosql.javascript"),
        ("db.users.drop()", "nosql.shell"),
        ('{"query": {"match_all": {}}}', "nosql.search-body"),
        ('{"script": {"source": "x"}}', "nosql.search-body"),
        ("k\r\nset k 0 60 5\r\nhello\r\n", "nosql.wire-command"),
        ("k\r\n*1\r\n$8\r\nFLUSHALL\r\n", "nosql.wire-command"),
        ("k\nCONFIG SET dir /var/www", "nosql.wire-command"),
        ("x' ALLOW FILTERING; --", "nosql.cql"),
        ("x'}) MATCH (n:User) RETURN n //", "nosql.cypher"),
        ("MATCH (n) DETACH DELETE n", "nosql.cypher"),
        ("x'}) LOAD CSV FROM 'http://e/' AS l RETURN l //", "nosql.cypher"),
    ],
)
def test_queries_in_values_are_stopped(text: str, rule: str) -> None:
    found = [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]
    assert rule in found


@pytest.mark.parametrize(
    "text",
    [
        "it costs $5, or $10 for two",
        "if (a || this.b) return x;",
        "const x = 'a' || 'b';",
        "the users' && friends of ours",
        "for (var i = 0; i < 10; i++) { f('x'); }",
        '{"$schema": "https://json-schema.org/draft/2020-12/schema"}',
        '{"query": "books", "script": "build.sh"}',
        "match (a) with (b)",
        "match(x) { case 1 => return 2 }",
        "Match (final): 3 - 2",
        "shopping\nset alarm 7 30 0 now\nget up",
        "please allow filtering by date",
        "In MongoDB you write {age: {$gt: 21}} to find all the people who are older than that",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_every_rule_is_explained() -> None:
    assert DETECTOR.rules is RULES
    assert all(rule.startswith("nosql.") and meaning for rule, meaning in RULES.items())


def test_a_text_of_nothing_but_starts_is_judged() -> None:
    text = ("match (n) ' || {$ne: " * 300)[:4096]
    found = DETECTOR.judge(text, Context("query", "q"))
    assert found is not None
    assert len(found.evidence) <= 120


@pytest.mark.parametrize(
    "text",
    [
        '{"password":{"$type":2}}',
        '{"x":{"$bitsAllSet":[1]}}',
        '[{"$project":{"password":1}}]',
        '{"$inc":{"balance":1000}}',
        "login[$not][$type]=2",
        "' || typeof this.x !== 'undefined' || '",
        "' RETURN n//",
        "' FILTER 1==1 RETURN u //",
        "'} REMOVE u IN users //",
        "CREATE (n:User {name:'admin'})",
        "g.V().hasLabel('user').values('password')",
        "return redis.call('GET','secret')",
        "x\r\nEVAL \"return redis.call('keys','*')\" 0\r\n",
        "\r\nKEYS *\r\n",
        '{"mapReduce":"users","map":"function(){emit(1,1)}"}',
    ],
)
def test_stages_types_and_other_stores_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '[{"$ref":"#/components/schemas/Pet"}]',
        '{"$type":"Person","name":"Ann"}',
        "press 'return' twice // then wait",
        "create (or merge) the branch",
        "f.V() and g.V are volumes",
        "line one\r\nkeys and coats\r\n",
        "Use {a: 1}, {$set: {b: 2}} to update",
        "Object.keys(this) gives me the names of all members, but in which order?",
        "this.state.items.length > 0",
        "this.value > 5",
        "if (this is the case) then",
        "this.x = 5",
        "JSON.stringify(this)",
    ],
)
def test_what_looks_like_other_stores_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "name",
    ["a[$options]", "sort[$natural]", "[ $gt ]", "person[$set][owner]", "$set[owner]", "$match",
     "$group", "$geoNear", "list.$slice", "a[$type]", "a[$comment]"],
)  # fmt: skip
def test_more_operators_as_names_are_stopped(name: str) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) == 9


@pytest.mark.parametrize("name", ["$set", "$groups", "$matched", "$value", "$sort", "$limit"])
def test_names_of_analytics_and_paging_pass(name: str) -> None:
    assert SUSPECTS.score(name, "body", is_name=True) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "function(){ return this.pin > 0 }",
        "(function(){ while(1){} })()",
        "function(k, v) { emit(k, v.pin) }",
        "}; return 1; {",
        "'; t = new Date(); do {} while (new Date() - t < 9); '",
        "' || 7//",
        "db.hostInfo()",
        "db.getSiblingDB('admin')",
        "'; r.dbDrop('shop')",
        "k\r\nSET owner eve\r\n",
        "k\r\nAUTH guess\r\n",
        "'}, {$set: {a: 1}}, {multi: true}); //",
        "Object.keys(this)[0].match('^a')",
        "tojsononeline(this)",
        "if (this.a == 'b') { sleep(5000) }",
        "this.pin[0] >= '5'",
        "this.pin.length>5",
        "this['pin'] == 'a'",
        "' || this['a'] || '",
        "this.a.search('b')==0",
        '{"a": {"$func": "b"}}',
    ],
)
def test_functions_and_commands_as_values_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text, "body") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "function(a, b) { return a + b; }",
        "function call(s) are explained below",
        "db.close()",
        "our db.users table is slow",
        "db.cats.find() is slow here",
        "lunch\r\nset table 4\r\n",
        "todo\r\nSelect seats 4 and 5\r\n",
        "$group: 3px",
        "$options",
        "r.table (see annex)",
    ],
)
def test_what_looks_like_functions_and_commands_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
