"""Bodies that are no JSON: forms, text, multipart, opaque ones, and ranges of types."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.contracts import body_operation, judge_body

from vallum.core.problems import Denied
from vallum.openapi.model import Operation
from vallum.wire.media_type import MediaType, parse_media_type

FORM = "application/x-www-form-urlencoded"
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "home": {"type": "object", "properties": {"zip": {"type": "string"}}},
    },
    "required": ["name"],
}


def form(**encoding: Any) -> Operation:
    """An operation that takes a form."""
    return body_operation(PERSON, media_type=FORM, encoding=encoding or None)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("name=a&age=5&tags=x&tags=y", []),
        ("name=a%20b+c", []),
        ("age=5", [("/name", "required")]),
        ("name=a&age=5.0", [("/age", "type")]),
        ("name=a&name=b", [("/name", "duplicate")]),
        ("name=a&is_admin=1", [("/is_admin", "unknown")]),
        ("name=a&home=%7B%22zip%22:%22x%22%7D", []),
        ("name=a&home=%7B%22zip%22:1%7D", [("/home/zip", "type")]),
        ("name=a&home=x", [("/home", "type")]),
        ("name=%zz", [("", "form-syntax")]),
    ],
)
def test_forms(body: str, found: list[tuple[str, str]]) -> None:
    assert judge_body(form(), body) == found


def test_form_encodings() -> None:
    operation = form(
        tags={"style": "spaceDelimited", "explode": False},
        home={"style": "deepObject", "explode": True},
    )
    assert judge_body(operation, "name=a&tags=x%20y&home[zip]=1") == []
    assert judge_body(operation, "name=a&tags=x&tags=y") == [("/tags", "duplicate")]
    assert judge_body(operation, "name=a&home[city]=1") == [("/home/city", "unknown")]
    assert judge_body(operation, "name=a&home[zip]=1&home=x") == [("/home", "type")]
    assert judge_body(form(tags={"contentType": "application/json"}), 'name=a&tags=["x"]') == [
        ("", "form-syntax")
    ]
    assert (
        judge_body(form(tags={"contentType": "application/json"}), "name=a&tags=%5B%22x%22%5D")
        == []
    )


def test_text() -> None:
    operation = body_operation({"type": "string", "maxLength": 3}, media_type="text/plain")
    assert judge_body(operation, "abc") == []
    assert judge_body(operation, "abcd") == [("", "length")]
    assert judge_body(operation, b"\xff") == [("", "encoding")]
    assert judge_body(body_operation({"type": "integer"}, media_type="text/plain"), "x") == [
        ("", "type")
    ]


def test_json_types_by_suffix_and_case() -> None:
    operation = body_operation({"type": "integer"}, media_type="application/vnd.x+JSON")
    assert list(operation.bodies) == ["application/vnd.x+json"]
    assert judge_body(operation, "1") == []
    assert judge_body(operation, "x") == [("", "json-syntax")]


def test_opaque_bodies_pass() -> None:
    schema = {"type": "string", "format": "binary"}
    assert judge_body(body_operation(schema, media_type="image/png"), b"\x00\xff") == []


UPLOAD = {
    "type": "object",
    "properties": {
        "note": {"type": "string", "maxLength": 5},
        "count": {"type": "integer"},
        "meta": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "file": {"type": "string", "format": "binary", "maxLength": 4},
        "many": {"type": "array", "items": {"type": "string", "format": "binary"}},
    },
    "required": ["note"],
}
MULTIPART = "multipart/form-data"


def part(name: str, content: bytes, more: str = "") -> bytes:
    """One part."""
    return b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name.encode(),
        more.encode(),
        content,
    )


def upload(*parts: bytes, **encoding: Any) -> list[tuple[str, str]]:
    """The violations of a multipart form."""
    operation = body_operation(UPLOAD, media_type=MULTIPART, encoding=encoding or None)
    return judge_body(operation, b"".join(parts) + b"--x--\r\n", f"{MULTIPART}; boundary=x")


NOTE = part("note", b"hi")
FILE = '; filename="a.bin"\r\nContent-Type: application/octet-stream'


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([NOTE], []),
        ([NOTE, part("count", b"5"), part("meta", b'{"a":1}')], []),
        ([NOTE, part("file", b"\x00\xff", FILE)], []),
        ([NOTE, part("file", b"\x00" * 5, FILE)], [("/file", "length")]),
        ([NOTE, part("many", b"1", FILE), part("many", b"2", FILE)], []),
        ([part("count", b"5")], [("/note", "required")]),
        ([part("note", b"toolong")], [("/note", "length")]),
        ([NOTE, NOTE], [("/note", "duplicate")]),
        ([NOTE, part("count", b"5.0")], [("/count", "type")]),
        ([NOTE, part("count", b"5", FILE)], [("/count", "type")]),
        ([NOTE, part("meta", b'{"a":1,"a":2}')], [("/meta", "type")]),
        ([NOTE, part("meta", b'{"a":1,"b":2}')], [("/meta/b", "unknown")]),
        ([NOTE, part("is_admin", b"1")], [("/is_admin", "unknown")]),
        ([part("note", b"\xff")], [("/note", "type")]),
    ],
)
def test_multipart_forms(parts: list[bytes], found: list[tuple[str, str]]) -> None:
    assert upload(*parts) == found


def test_multipart_part_types() -> None:
    png = '; filename="a.png"\r\nContent-Type: image/png'
    allowed = {"file": {"contentType": "image/png, image/jpeg"}}
    assert upload(NOTE, part("file", b"1", png), **allowed) == []
    assert upload(NOTE, part("file", b"1", FILE), **allowed) == [("/file", "media-type")]
    assert upload(NOTE, part("file", b"1"), **allowed) == [("/file", "media-type")]


def test_other_multipart_types_are_framed() -> None:
    operation = body_operation({"type": "object"}, media_type="multipart/mixed")
    good = b"--x\r\n\r\nanything\r\n--x--"
    assert judge_body(operation, good, "multipart/mixed; boundary=x") == []
    assert judge_body(operation, b"x", "multipart/mixed; boundary=x") == [("", "multipart-frame")]


def test_a_range_is_read_by_the_type_that_comes() -> None:
    validator = body_operation(PERSON, media_type="*/*").bodies["*/*"]
    validator(b'{"name":"a"}', MediaType("application/json"))
    validator(b"name=a", MediaType(FORM))
    with pytest.raises(Denied, match=r"contract\.body\.unknown"):
        validator(b'{"name":"a","z":1}', MediaType("application/json"))
    # A made-up type does not carry the same object past its schema.
    with pytest.raises(Denied, match=r"body\.media-type"):
        validator(b'{"name":"a","z":1}', MediaType("application/x-anything"))
    binary = body_operation({"type": "string", "format": "binary"}, media_type="image/*")
    binary.bodies["image/*"](b"\xff", parse_media_type(b"image/png"))
