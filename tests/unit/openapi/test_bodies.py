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


GOOD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "media_type", "is_taken"),
    [
        (GOOD, "multipart/form-data; boundary=x", True),
        (GOOD[:-2], 'multipart/form-data; boundary="x"', True),
        (GOOD, "multipart/form-data", False),
        (GOOD, "multipart/form-data; boundary=y", False),
        (GOOD, 'multipart/form-data; boundary="x\\"y"', False),
        (GOOD, f"multipart/form-data; boundary={'x' * 71}", False),
        (GOOD.removesuffix(b"--\r\n"), "multipart/form-data; boundary=x", False),
        (GOOD + b"epilogue", "multipart/form-data; boundary=x", False),
        (b"preamble\r\n" + GOOD, "multipart/form-data; boundary=x", False),
        (GOOD + GOOD, "multipart/form-data; boundary=x", False),
        (b"", "multipart/form-data; boundary=x", False),
    ],
)
def test_multipart_frames(
    body: bytes,
    media_type: str,
    is_taken: bool,
) -> None:
    operation = body_operation({"type": "object"}, media_type="multipart/form-data")
    assert judge_body(operation, body, media_type) == ([] if is_taken else [("", "multipart")])


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
