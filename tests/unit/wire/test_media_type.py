"""Media types, read strictly (RFC 9110 §8.3.1)."""

from __future__ import annotations

import pytest

from vallum.wire.media_type import MediaType, best_range, parse_media_type, parse_range


@pytest.mark.parametrize(
    ("value", "essence", "parameters"),
    [
        (b"application/json", "application/json", ()),
        (b"Application/JSON", "application/json", ()),
        (b"text/plain;charset=utf-8", "text/plain", (("charset", "utf-8"),)),
        (b'text/plain ; Charset="UTF-8"', "text/plain", (("charset", "UTF-8"),)),
        (b'a/b; x="q\\"\\\\;="; y=2', "a/b", (("x", 'q"\\;='), ("y", "2"))),
    ],
)
def test_reads(value: bytes, essence: str, parameters: tuple[tuple[str, str], ...]) -> None:
    assert parse_media_type(value) == MediaType(essence, parameters)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"json",
        b"/json",
        b"application/",
        b"application/json/xml",
        b"application/json, text/xml",
        b"application/json;",
        b"application/json; charset",
        b"application/json; charset=",
        b"application/json; charset=a; CHARSET=b",
        b'application/json; charset="a',
        b"application /json",
        b" application/json",
        b"application/json ",
        b"*/*",
        b"application/*",
        b"application/json\x00",
        b"application/json\xff",
        b"application/json; a=b" * 50,
    ],
)
def test_refuses(value: bytes) -> None:
    with pytest.raises(ValueError):
        parse_media_type(value)


@pytest.mark.parametrize(
    ("essence", "covering"),
    [
        ("application/json", "application/json"),
        ("application/vnd.a+json", "application/*+json"),
        ("application/xml", "application/*"),
        ("image/png", "*/*"),
    ],
)
def test_most_specific_range(essence: str, covering: str) -> None:
    ranges = ("*/*", "application/*", "application/*+json", "application/json")
    assert best_range(MediaType(essence), ranges) == covering


def test_no_range_covers() -> None:
    assert best_range(MediaType("text/plain"), ("application/json", "text/html")) is None


def test_ranges_of_contracts() -> None:
    assert parse_range("Application/JSON; charset=utf-8") == "application/json"
    assert parse_range("application/*+json") == "application/*+json"
    with pytest.raises(ValueError):
        parse_range("json")


@pytest.mark.parametrize(
    ("essence", "is_json"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("application/jsonx", False),
        ("application/x-ndjson", False),
    ],
)
def test_is_json(essence: str, is_json: bool) -> None:
    assert MediaType(essence).is_json is is_json
