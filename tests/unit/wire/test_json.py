"""JSON bodies: what is read, what is refused, and why."""

from __future__ import annotations

import pytest

from vallum.wire.json import DEFAULT_LIMITS, JSONLimits, MalformedJSON, parse_json
from vallum.wire.json_exact import check_number

INT64 = JSONLimits(int64=True)


def refusal(text: str | bytes, limits: JSONLimits = DEFAULT_LIMITS) -> tuple[str, str]:
    """Code and pointer of the refusal of `text`."""
    with pytest.raises(MalformedJSON) as caught:
        parse_json(text.encode() if isinstance(text, str) else text, limits)
    return caught.value.code, caught.value.pointer


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1,"b":[true,null,{"c":"x"}]}', {"a": 1, "b": [True, None, {"c": "x"}]}),
        ('{"at":"10:00","url":"https://x/"}', {"at": "10:00", "url": "https://x/"}),
        ('{ "a" : 1 , "b" :\n2 }', {"a": 1, "b": 2}),
        ('{"quote":"a\\":b"}', {"quote": 'a":b'}),
        ('"text"', "text"),
        ("12", 12),
        ("-0", 0),
        ("1.5e3", 1500.0),
        ("[0.0, -0.0, 0e9]", [0.0, 0.0, 0.0]),
        ("1e300", 1e300),
        ("9007199254740991", 2**53 - 1),
        ("-9007199254740991", 1 - 2**53),
        ('{"proto":1,"__proto":2,"Constructor":3}', {"proto": 1, "__proto": 2, "Constructor": 3}),
        ('"a\\u0000b"', "a\0b"),
        ("{}", {}),
        ("null", None),
    ],
)
def test_reads(text: str, value: object) -> None:
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "code", "pointer"),
    [
        ('{"a":1,"a":1}', "duplicate", "/a"),
        ('{"x":{"a":1,"\\u0061":2}}', "duplicate", "/x/a"),
        ('{"a" :1,"a"\t:2}', "duplicate", "/a"),
        ('[{"t":"10:00"},{"t":1,"t":2}]', "duplicate", "/1/t"),
        ('{"a/b":1,"a\\/b":2}', "duplicate", "/a~1b"),
        ('{"":1,"":2}', "duplicate", "/"),
        ('{"a\\u0000":1}', "name", "/a?"),
        ('{"__proto__":{}}', "name", "/__proto__"),
        ('{"a":{"const\\u0072uctor":{}}}', "name", "/a/constructor"),
        ('{"prototype":1}', "name", "/prototype"),
        ("9007199254740992", "number", ""),
        ('{"n":[0,-9007199254740992]}', "number", "/n/1"),
        ("18446744073709551616", "number", ""),
        ("1" * 300, "number", ""),
        ("1" * 400, "syntax", ""),
        ("1." + "1" * 32, "number", ""),
        ("1e-4096", "number", ""),
        ("1e4096", "syntax", ""),
        ("NaN", "syntax", ""),
        ("-Infinity", "syntax", ""),
        ("", "syntax", ""),
        ("{} {}", "syntax", ""),
        ("[1,]", "syntax", ""),
        ("{'a':1}", "syntax", ""),
        ('{"a":1/*,"b":2*/}', "syntax", ""),
        ('{"\\ud800":1}', "syntax", ""),
        ('{"a":"\\ud800"}', "syntax", ""),
        ("[" * 33 + "]" * 33, "depth", ""),
        ('{"a":' * 33 + "1" + "}" * 33, "depth", ""),
        ("[" * 100_000, "depth", ""),
        ('{"a":' * 200_000, "depth", ""),
        ("[" + "1," * 2_000 + "1]", "width", ""),
        ('{"a":[' + "1," * 2_000 + "1]}", "width", "/a"),
    ],
)
def test_refuses(text: str, code: str, pointer: str) -> None:
    assert refusal(text) == (code, pointer)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-be"),
        '{"a":1}'.encode("utf-32"),
        b'{"a":"\xff"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xed\xa0\x80"}',
    ],
)
def test_refuses_other_encodings(body: bytes) -> None:
    assert refusal(body) == ("encoding", "")


def test_brackets_in_strings_are_not_depth() -> None:
    text = '{"a":"' + "[{" * 100 + '\\"[' + '\\\\"}'
    assert parse_json(text.encode()) == {"a": "[{" * 100 + '"[' + "\\"}


def test_depth_and_width_at_the_limit_pass() -> None:
    assert parse_json(b"[" * 32 + b"]" * 32) is not None
    assert parse_json(b"[" + b"1," * 1_999 + b"1]") == [1] * 2_000
    members = ",".join(f'"k{index}":1' for index in range(2_000))
    assert parse_json(f"{{{members}}}".encode()) == {f"k{index}": 1 for index in range(2_000)}
    assert refusal(f'{{{members},"more":1}}') == ("width", "")


def test_strings_have_a_limit_in_bytes() -> None:
    assert parse_json(b'"' + b"x" * 65_536 + b'"') == "x" * 65_536
    assert refusal('{"a":"' + "x" * 65_537 + '"}') == ("string-length", "/a")
    assert refusal('{"a":"' + "é" * 32_769 + '"}') == ("string-length", "/a")
    assert refusal('{"' + "x" * 65_537 + '":1}')[0] == "string-length"
    # Many short strings in a long body, and escapes that only look long, are no long string.
    assert len(str(parse_json(b"[" + b'"' + b"\\u0041" * 20_000 + b'"]'))) == 20_004


def test_64_bit_integers_where_the_contract_has_them() -> None:
    assert parse_json(b"9223372036854775807", INT64) == 2**63 - 1
    assert parse_json(b"-9223372036854775808", INT64) == -(2**63)
    assert refusal("9223372036854775808", INT64) == ("number", "")
    assert refusal("18446744073709551615", INT64) == ("number", "")


def test_limits_can_be_narrower() -> None:
    narrow = JSONLimits(depth=2, width=3, string=4)
    assert parse_json(b'[["abcd"]]', narrow) == [["abcd"]]
    assert refusal("[[[]]]", narrow)[0] == "depth"
    assert refusal("[1,2,3,4]", narrow)[0] == "width"
    assert refusal('"abcde"', narrow)[0] == "string-length"


def test_a_refusal_never_holds_a_value() -> None:
    with pytest.raises(MalformedJSON) as caught:
        parse_json(b'{"a":"s3cret","a":"s3cret"}')
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["0", "-0", "12", "1.5", "1e5", "-0.0", "0." + "0" * 70 + "1"])
def test_numbers(text: str) -> None:
    check_number(text, int64=False)


@pytest.mark.parametrize(
    "text", ["", "-", "01", "+1", "1.", ".5", "0x1", "1_0", "１", "1e", "1e999", "9" * 33, "1e-999"]
)
def test_no_numbers(text: str) -> None:
    with pytest.raises(ValueError):
        check_number(text, int64=False)
