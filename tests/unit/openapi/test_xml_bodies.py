"""XML bodies against a schema: the XML object, types, and what the contract does not name."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.content import ORDER
from tests.support.contracts import Found, body_operation, judge_body

from vallum.core.problems import Denied
from vallum.openapi.model import UNREAD, Operation
from vallum.wire.media_type import parse_media_type

STRING = {"type": "string"}
XML = "application/xml"


def read(schema: Any, body: str, **more: Any) -> object:
    """The value that a body is read as."""
    operation = body_operation(schema, media_type=XML, **more)
    return operation.bodies[XML](body.encode(), parse_media_type(XML.encode()))


def found(schema: Any, body: str, **more: Any) -> Found:
    """The violations of a body."""
    return judge_body(body_operation(schema, media_type=XML, **more), body)


def test_the_value_is_what_it_would_be_in_json() -> None:
    body = """<?xml version="1.0"?>
    <order id="7" xmlns:n="urn:notes">
      <name>Ann</name><n:note>a &amp; b</n:note>
      <lines><line><isbn>1</isbn><count>2</count></line><line/></lines>
      <tag>x</tag><tag>y</tag>
    </order>"""
    assert read(ORDER, body) == {
        "id": 7,
        "name": "Ann",
        "note": "a & b",
        "lines": [{"isbn": "1", "count": 2}, {}],
        "tag": ["x", "y"],
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<order/>", [("/name", "required")]),
        ("<other><name>a</name></other>", [("", "element")]),
        ("<order><name>a</name><name>b</name></order>", [("/name", "duplicate")]),
        ("<order><name>a</name><Role>b</Role></order>", [("/Role", "unknown")]),
        ("<order x='1'><name>a</name></order>", [("/@x", "unknown")]),
        ("<order id='1e3'><name>a</name></order>", [("/id", "type")]),
        ("<order><name>a</name>text</order>", [("/#text", "unknown")]),
        ("<order><name><b/></name></order>", [("/name", "type")]),
        ("<order><name x='1'>a</name></order>", [("/name", "type")]),
        ("<order><name>a</name><id>1</id></order>", [("/id", "unknown")]),
        ("<order><name>a</name><note>b</note></order>", [("/note", "unknown")]),
        (
            "<order xmlns:o='urn:o'><o:name>a</o:name><name>b</name></order>",
            [("/name", "unknown")],
        ),
        ("<order><name>a</name><lines><x/></lines></order>", [("/lines/0", "unknown")]),
        (
            "<order><name>a</name><lines><line><count>x</count></line></lines></order>",
            [("/lines/0/count", "type")],
        ),
        ("<order><name>a</name><lines a='1'/></order>", [("/lines", "type")]),
        ("<order><name>a</name><lines/><lines/></order>", [("/lines", "duplicate")]),
        ("<!DOCTYPE order><order/>", [("", "xml-doctype")]),
    ],
)
def test_violations(body: str, expected: Found) -> None:
    assert found(ORDER, body) == expected


def test_names_come_from_components_and_references() -> None:
    schemas = {
        "Order": {"type": "object", "properties": {"line": {"$ref": "#/components/schemas/Line"}}},
        "Line": {
            "type": "object",
            "xml": {"name": "row"},
            "properties": {"next": {"$ref": "#/components/schemas/Line"}, "text": STRING},
        },
    }
    root = {"$ref": "#/components/schemas/Order"}
    body = "<Order><row><text>a</text><row><text>b</text></row></row></Order>"
    assert read(root, body, schemas=schemas) == {
        "line": {"text": "a", "next": {"text": "b"}},
    }
    assert found(root, "<order/>", schemas=schemas) == [("", "element")]


@pytest.mark.parametrize(
    ("schema", "body", "expected"),
    [
        ({"type": "array", "xml": {"wrapped": True}, "items": STRING}, "<p><p>1</p></p>", ["1"]),
        (
            {"type": "array", "xml": {"wrapped": True, "name": "ps"}, "items": STRING},
            "<ps><ps>1</ps></ps>",
            ["1"],
        ),
        (
            {"type": "array", "items": {**STRING, "xml": {"name": "q"}}},
            "<q>1</q><q>2</q>",
            ["1", "2"],
        ),
        ({"type": "array", "items": {"type": "integer"}}, "<p>1</p>", [1]),
        ({"type": ["string", "null"]}, "<p/>", None),
        ({"type": "boolean"}, "<p>true</p>", True),
        ({"allOf": [{"type": "integer"}, {"minimum": 1}]}, "<p>1</p>", 1),
        ({}, "<p><a>1</a></p>", {"a": "1"}),
    ],
)
def test_lists_and_primitives(schema: Any, body: str, expected: object) -> None:
    root = {"type": "object", "properties": {"p": schema}}
    assert read(root, f"<r>{body}</r>") == {"p": expected}


def test_openapi_30_and_open_objects() -> None:
    nullable = {"type": "object", "properties": {"p": {"type": "integer", "nullable": True}}}
    assert read(nullable, "<r><p/></r>", openapi="3.0.3") == {"p": None}
    assert read({"type": "object"}, "<r><a>1</a><a>2</a><b x='1'/></r>", unknown="ignore") == {
        "a": ["1", "2"],
        "b": {"@x": "1"},
    }
    assert read({"type": "array", "items": {"type": "integer"}}, "<r><i>1</i><i>2</i></r>") == [
        1,
        2,
    ]


def outcome(operation: Operation, media_type: str) -> str:
    """What becomes of XML of this type."""
    validator = next(iter(operation.bodies.values()))
    try:
        value = validator(b"<r/>", parse_media_type(media_type.encode()))
    except Denied as refusal:
        return refusal.reason
    return "unread" if value is UNREAD else "read"


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml", "image/svg+xml"])
def test_a_range_takes_no_xml(media_type: str) -> None:
    assert outcome(body_operation({}, media_type="*/*"), media_type) == "body.media-type"
    assert outcome(body_operation({}, media_type=media_type), media_type) == "read"


def test_a_range_of_xml_takes_it() -> None:
    operation = body_operation({}, media_type="application/*+xml")
    assert outcome(operation, "application/atom+xml") == "read"
