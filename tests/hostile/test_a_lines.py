"""Hostile cases A: what field lines and request lines must be (B-019 … B-026, B-032 … B-034)."""

from __future__ import annotations

import pytest
from tests.support.arena import Arena, post_json, request


def with_line(line: bytes, body: bytes = b"") -> bytes:
    """A good request with one more field line."""
    return request("GET", "/things", line, body=body)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /things HTTP/1.1\nHost: api.example\n\n",
        b"GET /things HTTP/1.1\nHost: api.example\r\n\r\n",
        b"GET /things HTTP/1.1\r\nHost: api.example\nX: y\r\n\r\n",
        b"GET /things HTTP/1.1\r\nHost: api.example\r\nX: y\n\r\n",
        b"GET /things HTTP/1.1\r\nHost: api.example\r\n\n",
        b"\nGET /things HTTP/1.1\r\nHost: api.example\r\n\r\n",
        b"GET /things HTTP/1.1\r\nHost: api.example\n\r\n\r\n",
    ],
)
def test_b019_bare_lf(arena: Arena, raw: bytes) -> None:
    arena.malformed(raw)


@pytest.mark.parametrize(
    "raw",
    [
        with_line(b"Foo: a\rSmuggled: b"),
        with_line(b"Foo: a\r"),
        with_line(b"Foo\r: a"),
        with_line(b"\rFoo: a"),
        with_line(b"Foo:\ra"),
        b"GET /things HTTP/1.1\rHost: api.example\r\n\r\n",
        b"GET /things HTTP/1.1\r\r\nHost: api.example\r\n\r\n",
        b"GET /things HTTP/1.1\r\nHost: api.example\r\n\r\r\n",
        b"\rGET /things HTTP/1.1\r\nHost: api.example\r\n\r\n",
    ],
)
def test_b020_bare_cr(arena: Arena, raw: bytes) -> None:
    arena.malformed(raw)


@pytest.mark.parametrize(
    "raw",
    [
        request("GET", "/things", host=b"api.example\x00.evil"),
        request("GET", "/things", host=b"api.example\x00"),
        with_line(b"X: \x00"),
        with_line(b"X: a\x00b"),
        with_line(b"X\x00: a"),
        with_line(b"\x00X: a"),
        with_line(b"Cookie: a=b\x00"),
        with_line(b"X: a\x08b"),
        with_line(b"X: a\x7fb"),
        with_line(b"X: a\x1bb"),
    ],
)
def test_b021_nul_hdr(arena: Arena, raw: bytes) -> None:
    arena.malformed(raw)


@pytest.mark.parametrize(
    "line",
    [
        b"X-A: 1\r\n Transfer-Encoding: chunked",
        b"X-A: 1\r\n\tTransfer-Encoding: chunked",
        b"X-A:\r\n 1",
        b"X-A: 1\r\n ",
        b"X-A: 1\r\n \r\n b",
        b"Content-Length: 1\r\n 2",
    ],
)
def test_b022_obs_fold(arena: Arena, line: bytes) -> None:
    arena.malformed(post_json(b"", line) + b"0\r\n\r\n")


@pytest.mark.parametrize(
    "line",
    [b"Content-Length : 12", b"Content-Length\t: 12", b"X : y", b"Authorization : Bearer x"],
)
def test_b023_ws_before_colon(arena: Arena, line: bytes) -> None:
    arena.malformed(post_json(b"", line) + b'{"name":"a"}')


@pytest.mark.parametrize("lead", [b" ", b"\t", b"  X: y\r\n", b" \r\n", b"\t\r\n"])
def test_b024_ws_before_first(arena: Arena, lead: bytes) -> None:
    arena.malformed(b"GET /things HTTP/1.1\r\n" + lead + b"Host: api.example\r\n\r\n")


@pytest.mark.parametrize(
    "line",
    [
        b"NoColon",
        b": x",
        b":",
        b"Foo@: x",
        b"Foo\x85: x",
        b"Fo\xc3\xb6: x",
        b"Foo bar: x",
        b"(Foo): x",
        b"Foo/: x",
        b'"Foo": x',
        b"Foo[]: x",
        b"Foo\x7f: x",
        b"GET /smuggled HTTP/1.1",
    ],
)
def test_b025_no_colon(arena: Arena, line: bytes) -> None:
    arena.malformed(with_line(line))


@pytest.mark.parametrize(
    "line",
    [
        b"Content_Length: 5",
        b"Transfer_Encoding: chunked",
        b"X_User_Id: admin",
        b"X-User_Id: admin",
        b"_: x",
    ],
)
def test_b026_hdr_underscore(arena: Arena, line: bytes) -> None:
    arena.malformed(with_line(line))


@pytest.mark.parametrize(
    "line",
    [
        b"GET /things",
        b"GET /things HTTP/1.2",
        b"GET /things HTTP/2.0",
        b"GET /things HTTP/0.9",
        b"GET /things HTTP/3.0",
        b"GET /things http/1.1",
        b"GET /things HTTP/01.1",
        b"GET /things HTTP/1.01",
        b"GET /things HTTP/1.10",
        b"GET /things HTTP/\r\r1.1",
        b"GET /things HTTP/1.1 ",
        b"GET /things HTTP/11",
        b"GET /things HTTP/1,1",
        b"GET /things HTTPS/1.1",
        b"GET /things HTTP/",
        b"GET /things HTTP/-1.1",
        b"PRI * HTTP/2.0",
    ],
)
def test_b032_http09_version(arena: Arena, line: bytes) -> None:
    arena.refuse(line + b"\r\nHost: api.example\r\n\r\n", {400, 505})


def test_b032_http2_preface(arena: Arena) -> None:
    arena.refuse(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0", {400, 505})


def test_b032_gateway_sends_its_own_version(arena: Arena) -> None:
    mark = arena.upstream.mark()
    raw = request("GET", "/things/b032").replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with arena.connect() as connection:
        connection.send(raw)
        assert connection.read().status == 200
        assert connection.is_ended()
    (received,) = arena.upstream.requests_since(mark)
    assert received.version == b"1.1"


@pytest.mark.parametrize(
    "line",
    [
        b"GET  /things  HTTP/1.1",
        b"GET  /things HTTP/1.1",
        b"GET /things  HTTP/1.1",
        b" GET /things HTTP/1.1",
        b"GET\t/things HTTP/1.1",
        b"GET /things\tHTTP/1.1",
        b"GET\t/things\tHTTP/1.1",
        b"GET /admin\tHTTP/1.1/../../things HTTP/1.1",
        b"GET /admin HTTP/1.1 /things HTTP/1.1",
        b"GET /things\x0bHTTP/1.1",
        b"GET\x0c/things HTTP/1.1",
        b"GET /th ings HTTP/1.1",
        b"GET /things HTTP/1.1\t",
        b"GET /things\r HTTP/1.1",
        b"GET /things?q=a\x01 HTTP/1.1",
        b"GET\xa0/things HTTP/1.1",
        b"GET HTTP/1.1",
        b"GET",
        b" ",
    ],
)
def test_b033_reqline_ws(arena: Arena, line: bytes) -> None:
    arena.refuse(line + b"\r\nHost: api.example\r\n\r\n", 400)


@pytest.mark.parametrize(
    "line",
    [
        b'G=":<>(e),[T];?" /get HTTP/1.1',
        b"GET\x00 /things HTTP/1.1",
        b"\x00GET /things HTTP/1.1",
        b"G\xc3\x8bT /things HTTP/1.1",
        b"GET: /things HTTP/1.1",
        b"GET@ /things HTTP/1.1",
        b"{GET} /things HTTP/1.1",
        b"GET/ /things HTTP/1.1",
    ],
)
def test_b034_method_prefix(arena: Arena, line: bytes) -> None:
    arena.malformed(line + b"\r\nHost: api.example\r\n\r\n")


@pytest.mark.parametrize("method", ["get", "Get", "gET", "GETT", "GE", "head", "FOO", "-GET"])
def test_b034_method_prefix_other_methods(arena: Arena, method: str) -> None:
    """Method names are case-sensitive (RFC 9110 §9.1): these are methods that nobody declared."""
    arena.refuse(request(method, "/things"), {405, 501}, closed=False)
