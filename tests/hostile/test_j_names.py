"""J: what a request may write does not depend on how the name of a property is spelled (B-252)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.answering import BY_KEY, JSON, KEYED, ROLES, Answering, answering, responses

PATCH = "application/json-patch+json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"
THING_REF = {"$ref": "#/components/schemas/Thing"}
GUARDED = {"type": "string", "x-vallum": {"write": ["admin"]}}
THING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "role": GUARDED,
        "Role": {"type": "string"},
        "kind": GUARDED,
        "is_admin": GUARDED,
        "rank": GUARDED | {"xml": {"name": "Rang", "attribute": True}},
        "price": GUARDED | {"xml": {"name": "Preis"}},
        "note.role": {"type": "string"},
        "owner": THING_REF,
        "members": {"type": "array", "items": THING_REF},
    },
    "additionalProperties": THING_REF,
}
OPEN: dict[str, Any] = json.loads(json.dumps(THING).replace("/Thing", "/Open"))
OPEN["additionalProperties"] = True
CHAIN_REF = {"$ref": "#/components/schemas/Chain"}
CHAIN: dict[str, Any] = {
    "type": "object",
    "properties": {"next": CHAIN_REF},
    "allOf": [{"type": "object", "properties": {"next": CHAIN_REF, "text": {"type": "string"}}}],
    "anyOf": [{"properties": {"next": CHAIN_REF}}, {"properties": {"next": CHAIN_REF}}],
}
"""Says of one property in four places what it is: itself."""
PRICED = {"type": "object", "properties": {"title": {"type": "string"}, "price": GUARDED}}
SHELF = {
    "type": "object",
    "properties": {
        "books": {"type": "object", "additionalProperties": PRICED},
        "rows": {"type": "array", "items": PRICED},
    },
}
PATHS: dict[str, Any] = {
    "/chain": {
        "put": {
            "operationId": "putChain",
            **KEYED,
            "requestBody": {"content": {JSON: {"schema": CHAIN_REF}}},
            "responses": responses(application_json=CHAIN_REF),
        },
    },
    "/thing": {
        "put": {
            "operationId": "putThing",
            **KEYED,
            "requestBody": {
                "content": {
                    kind: {"schema": {"$ref": "#/components/schemas/Open"}}
                    for kind in (JSON, FORM, XML)
                }
            },
            "responses": responses(application_json={}),
        },
    },
    "/shelf": {
        "patch": {
            "operationId": "changeShelf",
            **KEYED,
            "requestBody": {"content": {JSON: {"schema": SHELF}, PATCH: {"schema": {}}}},
            "responses": responses(application_json={}),
        },
    },
    "/tree": {
        "put": {
            "operationId": "putTree",
            **KEYED,
            "requestBody": {"content": {JSON: {"schema": THING_REF}}},
            "responses": responses(application_json={}),
        },
    },
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    with answering(
        tmp_path_factory.mktemp("names"),
        PATHS,
        schemas={"Thing": THING, "Open": OPEN, "Chain": CHAIN},
        operations={
            "putThing": f"{BY_KEY}, unknown: ignore",
            "putTree": BY_KEY,
            "putChain": BY_KEY,
            "changeShelf": BY_KEY,
        },
        more=ROLES,
    ) as found:
        yield found


def sent(shop: Answering, kind: str, body: bytes, target: str = "/thing") -> int:
    """The status of an answer; what is refused has not reached the upstream."""
    mark = shop.upstream.mark()
    status = shop.writes(target, kind, body, method="PUT").status
    assert len(shop.upstream.requests_since(mark)) == (status == 200)
    return status


@pytest.mark.parametrize(
    ("value", "status"),
    [
        # Two properties that differ in case alone: what holds for one is not lost to the other.
        ({"role": "admin"}, 403),
        ({"rOLE": "admin"}, 403),
        ({"Role": "of a play"}, 200),
        # Readers that compare capitals, or small letters, know no dotless and no dotted letter.
        ({"k\u0131nd": "x"}, 403),
        ({"K\u0130ND": "x"}, 403),
        ({"\u212aind": "x"}, 403),
        # An update of a database takes dots for steps.
        ({"owner.role": "admin"}, 403),
        ({"owner.owner": {"role": "admin"}}, 403),
        ({"members[0].role": "admin"}, 403),
        ({"name": "n", "members": [{"owner.role": "admin"}]}, 403),
        ({"owner.name": "role", "about.it": {"role": "x"}}, 200),
        ({"note.role": "declared"}, 200),
    ],
)
def test_b252_bopla_write_by_a_name_that_is_like_another(
    shop: Answering, value: Any, status: int
) -> None:
    body = json.dumps(value).encode()
    assert sent(shop, JSON, body) == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"members[][role]=admin", 403),
        (b"members[][role][x]=admin", 403),
        (b"members[][owner][role][]=admin", 403),
        # PHP: spaces, dots and brackets that nothing closes become `_`.
        (b"is.admin=1", 403),
        (b"is+admin=1", 403),
        (b"is[admin=1", 403),
        (b"+is_admin=1", 403),
        (b"++role=admin", 403),
        (b"is.admin[]=1", 403),
        # Spring: that a field was there, and its default.
        (b"_role=on", 403),
        (b"!role=admin", 403),
        (b"!owner.role=admin", 403),
        (b"owner[][role]=admin", 403),
        (b"members[][name]=role&members[1][owner][name]=admin", 200),
        (b"_name=role&is.new=1&what+is+it=admin&!name=n", 200),
    ],
)
def test_b252_bopla_write_by_what_frameworks_make_of_a_field(
    shop: Answering, body: bytes, status: int
) -> None:
    assert sent(shop, FORM, body) == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<Open><Rang>1</Rang></Open>", 400),
        (b"<Open><rang>1</rang></Open>", 400),
        (b'<Open Preis="1"/>', 403),
        (b'<Open preis="1"/>', 403),
        (b'<Open Rang="1"/>', 403),
        (b'<Open><owner Preis="1"/></Open>', 403),
        (b'<Open lang="de"><name>Rang</name><Ort>Preis</Ort></Open>', 200),
    ],
)
def test_b252_bopla_write_by_the_name_of_an_element(
    shop: Answering, body: bytes, status: int
) -> None:
    """What the contract calls an attribute is to many readers the same as an element, and back."""
    assert sent(shop, XML, body) == status


@pytest.mark.parametrize("name", ["a.b", "a[b]", "@a.b", "owner.of"])
def test_b252_bopla_names_that_are_places_are_looked_below_once(shop: Answering, name: str) -> None:
    """Such a name may be a member or lead to a place: each level of them doubled the work."""
    good: dict[str, Any] = {"name": "n"}
    bad: dict[str, Any] = {"role": "n"}
    for _ in range(28):
        good, bad = {name: good}, {name: bad}
    assert sent(shop, JSON, json.dumps(good).encode(), "/tree") == 200
    assert sent(shop, JSON, json.dumps(bad).encode(), "/tree") == 403


@pytest.mark.parametrize("shape", ["nested", "named"])
def test_b252_bopla_schemas_that_reach_themselves_in_two_ways_cost_no_more(
    shop: Answering, shape: str
) -> None:
    value: dict[str, Any] = {"name": "n"}
    for _ in range(28):
        value = {"owner": value}
    if shape == "named":
        value = {"owner." * 90 + "name": {}}
    assert sent(shop, JSON, json.dumps(value).encode(), "/tree") == 200
    deep = json.dumps(value).replace('"name"', '"role"').replace("name", "role").encode()
    assert sent(shop, JSON, deep, "/tree") == 403
    assert sent(shop, JSON, json.dumps({"owner." * 5_000 + "name": {}}).encode(), "/tree") == 403


def test_schemas_that_say_the_same_in_several_places_cost_no_more(shop: Answering) -> None:
    value: dict[str, Any] = {"text": "t", "undeclared": 1}
    for _ in range(28):
        value = {"next": value}
    good = json.dumps(value).replace(', "undeclared": 1', "")
    sent_as: dict[str, Any] = {
        "method": "PUT",
        "lines": (f"Content-Type: {JSON}",),
        "key": "member",
    }
    reply = shop.says("/chain", value, body=good.encode(), **sent_as)
    assert (reply.status, json.dumps(reply.json())) == (200, good)


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("/books/42", {"title": "t"}, 403),
        ("/books/\u0664\u0662", {"title": "t"}, 403),
        ("/rows/\u0664\u0662", {"title": "t"}, 403),
        ("/rows/0", {"price": 0}, 403),
        ("/rows/0", {"title": "t"}, 200),
        ("/rows/-", {"title": "t"}, 200),
        ("/books/42/title", "t", 200),
    ],
)
def test_b252_bopla_write_by_adding_what_is_there_already(
    shop: Answering, path: str, value: Any, status: int
) -> None:
    """A number is an index in an array alone; in an object it names what is replaced."""
    change = json.dumps([{"op": "add", "path": path, "value": value}]).encode()
    assert shop.writes("/shelf", PATCH, change).status == status
