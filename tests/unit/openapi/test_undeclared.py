"""What inspection sees of a body that no contract judges."""

from __future__ import annotations

import pytest

from vallum.openapi.bodies import read_undeclared
from vallum.openapi.model import UNREAD
from vallum.wire.media_type import parse_media_type
from vallum.wire.multipart import Part

_PART = b'--x\r\nContent-Disposition: form-data; name="a"%b\r\n\r\n%b\r\n'
_FORM = _PART % (b"", b"1") + _PART % (b"", b"2") + _PART % (b'; filename="f"', b"\xff") + b"--x--"


@pytest.mark.parametrize(
    ("media_type", "body", "value"),
    [
        ("application/json", b'{"a":[1,"x"]}', {"a": [1, "x"]}),
        ("application/json", b'{"a":1,"a":2}', '{"a":1,"a":2}'),
        ("application/json", b'{"a":', '{"a":'),
        ("application/json", b"\xff{", "\ufffd{"),
        ("application/x-www-form-urlencoded", b"a=1&a=2&b=%3Cx%3E", {"a": ["1", "2"], "b": "<x>"}),
        ("application/x-www-form-urlencoded", b"a=%zz", "a=%zz"),
        (
            "multipart/form-data; boundary=x",
            _FORM,
            {"a": ["1", "2", Part("a", "f", None, b"\xff")]},
        ),
        ("multipart/form-data", _FORM[:20], _FORM[:20].decode()),
        ("multipart/mixed; boundary=x", b"--x\r\n\r\n<a>\r\n--x--", ["\r\n<a>"]),
        ("application/xml", b"<a b='1'><c>x</c></a>", {"@b": "1", "c": "x"}),
        ("application/xml", b"<!DOCTYPE a><a/>", "<!DOCTYPE a><a/>"),
        ("text/plain", b"x\xc3\xa9", "xé"),
        ("text/made-up", b"<x>", "<x>"),
        ("image/png", b"\x89PNG\0", UNREAD),
    ],
)
def test_read_undeclared(media_type: str, body: bytes, value: object) -> None:
    assert read_undeclared(body, parse_media_type(media_type.encode())) == value
