"""Form bodies, read strictly."""

from __future__ import annotations

import pytest

from vallum.wire.form import MAX_FIELDS, MalformedForm, parse_form


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", ()),
        (b"a=1&b=2", (("a", "1"), ("b", "2"))),
        (b"a=x+y%20z", (("a", "x y z"),)),
        (b"a=1&a=2", (("a", "1"), ("a", "2"))),
        (b"a=1;b=2", (("a", "1;b=2"),)),
        (b"a=1%26role%3Dadmin", (("a", "1&role=admin"),)),
        (b"a", (("a", ""),)),
        (b"a==", (("a", "="),)),
        (b"n=%C3%A9", (("n", "é"),)),
        (b"_charset_=UTF-8&a=1", (("_charset_", "UTF-8"), ("a", "1"))),
    ],
)
def test_reads(body: bytes, fields: tuple[tuple[str, str], ...]) -> None:
    assert parse_form(body) == fields


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"a=%zz", "syntax"),
        (b"a=%u0061", "syntax"),
        (b"a=%4", "syntax"),
        (b"a=1&&b=2", "syntax"),
        (b"a=1&", "syntax"),
        (b"=1", "syntax"),
        (b'{"a":1}', "syntax"),
        (b"a=\xc3\xa9", "syntax"),
        (b"a=1\r\n", "syntax"),
        (b"a=<x>", "syntax"),
        (b"a=%ff", "encoding"),
        (b"a=%c0%af", "encoding"),
        (b"a=%00", "encoding"),
        (b"_charset_=utf-16&a=1", "charset"),
    ],
)
def test_refuses(body: bytes, code: str) -> None:
    with pytest.raises(MalformedForm) as caught:
        parse_form(body)
    assert caught.value.code == code


def test_counts_fields_before_it_reads_them() -> None:
    assert len(parse_form(b"&".join([b"a=1"] * MAX_FIELDS))) == MAX_FIELDS
    with pytest.raises(MalformedForm) as caught:
        parse_form(b"&".join([b"a=1"] * (MAX_FIELDS + 1)))
    assert caught.value.code == "count"
