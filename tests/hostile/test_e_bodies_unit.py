"""Hostile cases E, as far as they can be shown without sockets (B-093 … B-108).

The same through real sockets is in `test_e_bodies.py`.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.contracts import (
    body_operation,
    judge,
    judge_body,
    judge_request,
    parameter_operation,
)

from vallum.openapi.xml import Link, XMLShape
from vallum.wire.form import MalformedForm, parse_form
from vallum.wire.json import MalformedJSON, parse_json
from vallum.wire.media_type import parse_media_type

STRING = {"type": "string"}
USER = {
    "type": "object",
    "properties": {
        "name": STRING,
        "role": {"enum": ["user", "admin"]},
        "otp": STRING,
        "amount": {"type": "number"},
        "id": {"type": "integer"},
    },
}
FORM = "application/x-www-form-urlencoded"


def refused(body: str | bytes) -> str:
    """The code with which a JSON text is refused."""
    with pytest.raises(MalformedJSON) as caught:
        parse_json(body.encode() if isinstance(body, str) else body)
    return caught.value.code


def parameter(name: str, schema: Any) -> dict[str, Any]:
    """A query parameter."""
    return {"name": name, "in": "query", "schema": schema}


def test_b093_method_override_is_never_ignored() -> None:
    assert judge_request(parameter_operation(), "_method=DELETE") == [("/_method", "unknown")]
    lenient = parameter_operation(unknown="ignore")
    assert judge_request(lenient, "_METHOD=DELETE") == [("/_METHOD", "unknown")]
    form = body_operation(USER, media_type=FORM)
    assert judge_body(form, "name=a&_method=DELETE") == [("/_method", "unknown")]


@pytest.mark.parametrize("name", ["_method", "_Method", ".method", "%20_method", "+.method"])
def test_b093_method_override_where_any_name_is_taken(name: str) -> None:
    """Also by the names that PHP changes into that one."""
    shown = "/" + name.replace("%20", " ").replace("+", " ")
    anything = {"type": "object", "additionalProperties": STRING}
    taking = parameter_operation(parameter("filter", anything))
    assert judge_request(taking, f"a=1&{name}=DELETE") == [(shown, "unknown")]
    for form in (
        body_operation(anything, media_type=FORM),
        body_operation(USER, media_type=FORM, unknown="ignore"),
    ):
        assert judge_body(form, f"name=a&{name}=DELETE") == [(shown, "unknown")]


def test_b093_method_override_as_a_part() -> None:
    part = '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--'
    kind = "multipart/form-data"
    form = body_operation(USER, media_type=kind, unknown="ignore")
    assert judge_body(form, part, f"{kind}; boundary=b") == [("/_method", "unknown")]
    declared = {"type": "object", "properties": {"_method": {"enum": ["PUT", "DELETE"]}}}
    form = body_operation(declared, media_type=kind)
    assert judge_body(form, part, f"{kind}; boundary=b") == []


@pytest.mark.parametrize(
    "value",
    [
        b"application/json/xml",
        b"application/json,text/xml",
        b"application/json, application/json",
        b"application/json;charset=utf-8;charset=utf-7",
        b"*/*",
    ],
)
def test_b095_ct_confusion(value: bytes) -> None:
    with pytest.raises(ValueError):
        parse_media_type(value)


@pytest.mark.parametrize(
    "media_type",
    [
        'multipart/form-data; boundary="x\\"y"',
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="x "',
        "multipart/form-data",
    ],
)
def test_b096_ct_multipart_boundary(media_type: str) -> None:
    operation = body_operation({"type": "object"}, media_type="multipart/form-data")
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    try:
        parse_media_type(media_type.encode())
    except ValueError:
        return
    assert judge_body(operation, body, media_type) == [("", "multipart-boundary")]


def test_b096_ct_multipart_missing_final_boundary() -> None:
    operation = body_operation({"type": "object"}, media_type="multipart/form-data")
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\n'
    assert judge_body(operation, body, "multipart/form-data; boundary=x") == [
        ("", "multipart-frame")
    ]


def test_b097_json_dupkey() -> None:
    found = judge(USER, '{"role":"user","role":"admin"}')
    assert found == [("/role", "json-duplicate")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"role":"user","ro\\u006ce":"admin"}', "duplicate"),
        ('{"a/b":1,"a\\/b":2}', "duplicate"),
        ('{"\\ud800":1}', "syntax"),
        ('{"\\udc00\\ud800":1}', "syntax"),
        ('{"ro\\u0000le":1}', "name"),
        ('{"t":"12:30 :\\":","t":1}', "duplicate"),
        ('{"a"\n:1,"b":2,"a"\r:3}', "duplicate"),
    ],
)
def test_b098_json_dupkey_enc(body: str, code: str) -> None:
    assert refused(body) == code


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1/*,"b":2*/}',
        '{"a":1}//',
        '{"a":1,}',
        "{'a':1}",
        "{a:1}",
        '{"a":1}{"a":2}',
        '{"a":1}\0',
        '{"a":1} x',
        "",
        " ",
        '{"a":"\t"}',
        '\x0c{"a":1}',
        '\u00a0{"a":1}',
    ],
)
def test_b099_json_comment(body: str) -> None:
    assert refused(body) == "syntax"


def test_b099_json_bom() -> None:
    assert refused(b'\xef\xbb\xbf{"a":1}') == "encoding"


@pytest.mark.parametrize(
    "number",
    (
        "1e4096 NaN Infinity -Infinity 9007199254740993 1e-4096 0x10 -9223372036854775809 "
        f"+1 01 1. .1 {'1' * 33} {'1' * 400} 0.{'1' * 33}"
    ).split(),
)
def test_b100_json_num(number: str) -> None:
    assert refused(f'{{"amount":{number}}}') in ("syntax", "number")


def test_b100_json_num_that_every_reader_takes_alike() -> None:
    # Equal to 0 and to 1 for every reader, and forwarded as they were written.
    assert judge(USER, '{"id":-0}') == []
    assert judge(USER, '{"id":1.0}') == []
    assert judge(USER, '{"id":1.5}') == [("/id", "type")]
    wide = {"properties": {"id": {"type": "integer", "format": "int64"}}}
    assert judge(wide, '{"id":9007199254740993}') == []


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 200_000, "[{" * 50_000 + "]" * 9])
def test_b101_json_depth(body: str) -> None:
    raw = body.encode()
    tracemalloc.start()
    try:
        assert refused(raw) == "depth"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Refused by counting: nothing as deep as that was built.
    assert peak < 8 * len(raw)
    assert refused("[" * 33 + "]" * 33) == "depth"
    assert parse_json(b"[" * 32 + b"]" * 32) is not None


def test_b102_json_width() -> None:
    members = ",".join(f'"k{index}":0' for index in range(2_001))
    assert refused(f"{{{members}}}") == "width"
    assert refused("[" + "0," * 2_000 + "0]") == "width"
    assert refused('{"a":"' + "x" * (64 * 1024 + 1) + '"}') == "string-length"
    assert refused('{"' + "x" * (64 * 1024 + 1) + '":1}') == "string-length"


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-32"),
        '{"a":"é"}'.encode("latin-1"),
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xf5\x80\x80\x80"}',
    ],
)
def test_b103_json_utf(body: bytes) -> None:
    assert refused(body) == "encoding"


def test_b103_a_replacement_character_is_a_character() -> None:
    assert parse_json('{"a":"\ufffd"}'.encode()) == {"a": "\ufffd"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"otp":true}', ("/otp", "type")),
        ('{"otp":123456}', ("/otp", "type")),
        ('{"id":["1","2"]}', ("/id", "type")),
        ('{"id":"1"}', ("/id", "type")),
        ('{"amount":"1e3"}', ("/amount", "type")),
        ('{"name":{"$ne":null}}', ("/name", "type")),
        ('{"name":null}', ("/name", "type")),
        ('{"role":true}', ("/role", "enum")),
    ],
)
def test_b104_type_juggle(body: str, found: tuple[str, str]) -> None:
    assert judge(USER, body) == [found]


def test_b104_type_juggle_in_a_query() -> None:
    operation = parameter_operation(
        parameter("id", {"type": "integer"}), parameter("on", {"type": "boolean"})
    )
    for query in ("id=1e3", "id=1.0", "id=0x1", "id=", "on=1", "on=True"):
        assert [code for _, code in judge_request(operation, query)] == ["type"], query


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"name":"a","is_admin":true}', ("/is_admin", "unknown")),
        ('{"name":"a","blocked":false}', ("/blocked", "unknown")),
        ('{"name":"a","total_stay_price":0}', ("/total_stay_price", "unknown")),
        ('{"__proto__":{"is_admin":true}}', ("/__proto__", "json-name")),
        ('{"constructor":{"prototype":{}}}', ("/constructor", "json-name")),
    ],
)
def test_b105_mass_assign(body: str, found: tuple[str, str]) -> None:
    assert judge(USER, body) == [found]


def test_b105_the_prototype_is_refused_where_anything_else_is_taken() -> None:
    assert judge({"type": "object"}, '{"a":{"b":{"__proto__":{}}}}', unknown="ignore") == [
        ("/a/b/__proto__", "json-name")
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("id=1&id=2", [("/id", "duplicate")]),
        ("id[]=1", [("/id[]", "unknown")]),
        ("ID=2", [("/ID", "unknown")]),
        ("q=1%26role%3Dadmin", []),
        ("q=1;role=admin", []),
        ("q=1;role=admin&id=2", []),
    ],
)
def test_b106_hpp_query(query: str, found: list[tuple[str, str]]) -> None:
    operation = parameter_operation(parameter("id", STRING), parameter("q", STRING))
    assert judge_request(operation, query) == found


def test_b106_a_bracket_that_nothing_opens_is_no_deep_object() -> None:
    open_object = {"type": "object", "properties": {"a": STRING}, "additionalProperties": True}
    deep = parameter("filter", open_object) | {"style": "deepObject", "explode": True}
    assert judge_request(parameter_operation(deep), "filter[a]=1") == []
    assert judge_request(parameter_operation(deep), "filter]=1") == [("/filter]", "unknown")]


def test_b106_a_header_is_no_list_because_a_parameter_of_that_name_is_one() -> None:
    """Readers take the first line, or the last: only a list is both."""
    listed = parameter("ids", {"type": "array", "items": STRING})
    one = {"name": "ids", "in": "header", "schema": STRING}
    twice = ((b"ids", b"a"), (b"ids", b"b"))
    operation = parameter_operation(listed, one)
    assert judge_request(operation, fields=twice[:1]) == []
    assert judge_request(operation, fields=twice) == [("/ids", "duplicate")]


def test_b107_hpp_mix() -> None:
    # A name that the contract puts in the body is not taken from the query as well.
    post = body_operation({"type": "object", "properties": {"user_id": STRING}})
    assert judge_request(post, "user_id=2") == [("/user_id", "unknown")]
    get = parameter_operation(
        {"name": "id", "in": "path", "required": True, "schema": STRING}, path="/x/{id}"
    )
    assert judge_request(get, "id=2", path={"id": "1"}) == [("/id", "unknown")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"_charset_=utf-16&a=1", "charset"),
        (b"a=%u0061", "syntax"),
        (b"a=%zz", "syntax"),
        (b"a=%", "syntax"),
        (b"a=%80", "encoding"),
        (b"&".join([b"a=1"] * 100_000), "count"),
    ],
)
def test_b108_form_charset(body: bytes, code: str) -> None:
    with pytest.raises(MalformedForm) as caught:
        parse_form(body)
    assert caught.value.code == code


def test_b108_plus_and_percent_20_are_the_same_space() -> None:
    assert parse_form(b"a=x+y") == parse_form(b"a=x%20y") == (("a", "x y"),)


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf", "allOf"])
def test_b101_what_is_wrong_deep_down_is_found_in_steps(keyword: str) -> None:
    """Alternatives of a filter that hold filters: each level doubled what there was to tell."""
    filters = {"type": "array", "items": {"$ref": "#/components/schemas/Filter"}}
    both = {"op": {"enum": ["and", "or", "not"]}, "of": filters}
    parts = [{"type": "object", "properties": both} for _ in range(3)]
    parts[2]["required"] = ["op", "of"]
    schemas = {"Filter": {"type": "object", "properties": both, keyword: parts}}
    value: Any = {"op": "like"}
    for _ in range(14):
        value = {"of": [value, value] if value == {"op": "like"} else [value], "op": "or"}
    found = judge(filters, json.dumps([value]), schemas=schemas)
    deepest = "/0" + "/of/0" * 14
    if keyword == "allOf":
        assert set(found) <= {(f"{deepest}/op", "enum"), (f"{deepest[:-1]}1/op", "enum")} | {
            (deepest, "required"),
            (f"{deepest}/of", "required"),
            (f"{deepest[:-1]}1/of", "required"),
        }
    assert found


def test_b102_what_many_items_fail_in_alternatives_is_told_once() -> None:
    items = [{"type": "array", "items": {**USER, "required": [name]}} for name in ("name", "otp")]
    body = json.dumps([[{}] * 1_000] * 30)
    found = judge({"type": "array", "items": {"anyOf": items}}, body)
    assert found == [("/0", "alternative")]


def test_many_cookies_are_not_searched_for_each_declared_one() -> None:
    declared = [{"name": f"c{n}", "in": "cookie", "schema": STRING} for n in range(2_000)]
    cookies = b"; ".join(b"a%d=1" % n for n in range(100_000))
    operation = parameter_operation(*declared)
    assert judge_request(operation, fields=((b"cookie", cookies + b"; c1=1"),)) == []
    twice = cookies + b"; c1=1; c1=1"
    assert judge_request(operation, fields=((b"cookie", twice),)) == [("/c1", "duplicate")]


def test_b113_elements_that_nobody_declared_are_not_searched_among_all_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed: list[XMLShape] = []
    links = XMLShape.links

    def counted(shape: XMLShape) -> Iterator[Link]:
        listed.append(shape)
        return links(shape)

    monkeypatch.setattr(XMLShape, "links", counted)
    thing = {"type": "object", "properties": {f"p{n}": STRING for n in range(1_000)}}
    operation = body_operation(thing, media_type="application/xml", unknown="ignore")
    body = "".join(f"<u{n}/>" for n in range(1_900))
    assert judge_body(operation, f"<r>{body}</r>") == []
    assert len(listed) == 2
