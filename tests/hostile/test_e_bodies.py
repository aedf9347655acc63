"""Hostile cases E, first half: methods, content types and bodies end to end (B-092 … B-108)."""

from __future__ import annotations

import pytest
from tests.support.arena import Arena, post_chunked, post_json, request

VIOLATION = "contract-violation"
UNSUPPORTED = "unsupported-media-type"


def refuse_body(arena: Arena, body: bytes, status: int | set[int] = 400) -> None:
    """The JSON body is refused because it breaks the contract."""
    arena.refuse(post_json(body), status, closed=False)


def passes(arena: Arena, body: bytes) -> None:
    """The JSON body reaches the upstream byte for byte."""
    mark = arena.upstream.mark()
    reply = arena.send(post_json(body))
    assert reply.status == 200, reply
    (received,) = arena.upstream.requests_since(mark)
    assert received.body == body, "the bytes that were validated are the bytes that are forwarded"


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "PROPFIND", "POST", "PUT", "DELETE"])
def test_b092_verb_tamper(arena: Arena, method: str) -> None:
    lines = ["Content-Length: 0"] if method in {"POST", "PUT", "PATCH"} else []
    reply = arena.refuse(
        request(method, "/admin", *lines), 405, closed=False, problem="method-not-allowed"
    )
    assert "GET" in [value.strip() for value in reply.get("allow").split(",")]


@pytest.mark.parametrize("method", ["FOO", "get", "MERGE", "LINK", "QUERY", "DEBUG"])
def test_b092_verb_tamper_unknown(arena: Arena, method: str) -> None:
    arena.refuse(request(method, "/admin"), {405, 501}, closed=False)


def test_b092_head_is_authorised_as_get(arena: Arena) -> None:
    arena.refuse(request("HEAD", "/admin"), 401, closed=False, method="HEAD")
    mark = arena.upstream.mark()
    assert arena.send(request("HEAD", "/health"), "HEAD").status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.method == "HEAD"


def test_b093_method_override(arena: Arena) -> None:
    mark = arena.upstream.mark()
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert arena.send(post_json(b'{"name":"a"}', f"{name}: DELETE")).status == 200
    for received in arena.upstream.requests_since(mark):
        assert received.method == "POST"
        assert not [name for name in received.names() if "method" in name]
    arena.refuse(
        post_json(b'{"name":"a"}', target="/things?_method=DELETE"),
        400,
        closed=False,
        problem=VIOLATION,
    )
    form = request(
        "POST",
        "/form",
        "Content-Type: application/x-www-form-urlencoded",
        body=b"a=1&_method=DELETE",
    )
    arena.refuse(form, 400, closed=False, problem=VIOLATION)


@pytest.mark.parametrize("lines", [[], ["Content-Type: application/octet-stream"]])
def test_b094_ct_missing(arena: Arena, lines: list[str]) -> None:
    raw = request("POST", "/things", *lines, body=b'{"name":"a"}')
    arena.refuse(raw, 415, closed=False, problem=UNSUPPORTED)


@pytest.mark.parametrize(
    "value",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-7",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json/xml",
        "application/json,text/xml",
        "application/json, application/json",
        "application/json; charset",
        "application/json; charset=utf-8; charset=utf-7",
        "application /json",
        "application/ json",
        "application",
        "*/*",
        "application/*",
        "application/jsonx",
        "xapplication/json",
        "application/vnd.api+json",
        '"application/json"',
        "",
        "text/plain; x=application/json",
        "application/json\\",
    ],
)
def test_b095_ct_confusion(arena: Arena, value: str) -> None:
    raw = request("POST", "/things", f"Content-Type: {value}", body=b'{"name":"a"}')
    arena.refuse(raw, 415, closed=False, problem=UNSUPPORTED)


@pytest.mark.parametrize(
    "value",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
    ],
)
def test_b095_ct_that_is_the_same_type(arena: Arena, value: str) -> None:
    raw = request("POST", "/things", f"Content-Type: {value}", body=b'{"name":"a"}')
    assert arena.send(raw).status == 200


@pytest.mark.parametrize("second", ["text/xml", "application/json"])
def test_b095_ct_confusion_two_fields(arena: Arena, second: str) -> None:
    arena.refuse(
        post_json(b'{"name":"a"}', f"Content-Type: {second}"), 400, problem="malformed-request"
    )


def part(name: str, value: str, more: str = "") -> bytes:
    """One part of a multipart body with the boundary `x`."""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


def multipart(body: bytes, content_type: str = "multipart/form-data; boundary=x") -> bytes:
    """An upload with this body."""
    return request("POST", "/upload", f"Content-Type: {content_type}", body=body)


def test_b096_multipart_passes(arena: Arena) -> None:
    mark = arena.upstream.mark()
    body = part("note", "hello") + b"--x--\r\n"
    assert arena.send(multipart(body)).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert b"hello" in received.body


@pytest.mark.parametrize(
    "body",
    [
        part("note", "a"),
        part("note", "a") + b"--x\r\n",
        part("note", "a") + part("note", "b") + b"--x--\r\n",
        part("note", "a", "; name*=utf-8''file") + b"--x--\r\n",
        part("note", "a", '; name="file"') + b"--x--\r\n",
        part("note", "a", "; filename=a; filename=b") + b"--x--\r\n",
        part("unknown", "a") + b"--x--\r\n",
        b"preamble\r\n" + part("note", "a") + b"--x--\r\n",
        part("note", "a") + b"--x--\r\n" + part("file", "b"),
        part("note", "a").replace(b"\r\n", b"\n") + b"--x--\n",
        b"--x\r\nContent-Disposition: form-data; name=note\r\n folded\r\n\r\na\r\n--x--\r\n",
        b"--x\r\n\r\na\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: attachment; name="note"\r\n\r\na\r\n--x--\r\n',
        b"\r\n",
    ],
)
def test_b096_ct_multipart_json(arena: Arena, body: bytes) -> None:
    arena.refuse(multipart(body), 400, closed=False)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="x y "',
        "multipart/form-data; boundary=x; boundary=y",
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="x',
    ],
)
def test_b096_ct_multipart_boundary(arena: Arena, content_type: str) -> None:
    raw = multipart(part("note", "a") + b"--x--\r\n", content_type)
    arena.refuse(raw, {400, 415}, closed=False)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"a","role":"user","role":"admin"}',
        b'{"name":"a","role":"user","role":"user"}',
        b'{"name":"a","any":{"x":1,"x":2}}',
        b'{"name":"a","any":[{"x":1},{"y":[{"z":1,"z":1}]}]}',
        b'{"name":"a","any":{"":1,"":2}}',
    ],
)
def test_b097_json_dupkey(arena: Arena, body: bytes) -> None:
    refuse_body(arena, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"a","role":"user","ro\\u006ce":"admin"}',
        b'{"name":"a","any":{"\\ud800":1}}',
        b'{"name":"a","any":{"\\udc00\\ud800":1}}',
        b'{"name":"a","any":{"a\\u0000":1}}',
        b'{"name":"a","any":{"\\u0000":1,"x":2}}',
        b'{"name":"a","any":"\\ud800"}',
    ],
)
def test_b098_json_dupkey_enc(arena: Arena, body: bytes) -> None:
    refuse_body(arena, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"a"/*,"role":"b"*/}',
        b'{"name":"a"} // x',
        b'{"name":"a",}',
        b'{"name":"a","tags":["a",]}',
        b"{'name':'a'}",
        b'{name:"a"}',
        b'\xef\xbb\xbf{"name":"a"}',
        b'{"name":"a"}{"name":"b"}',
        b'{"name":"a"}\n{"name":"b"}',
        b'{"name":"a"} x',
        b'{"name":"a"}\x00',
        b'{"name":"a"',
        b'{"name":"a\n"}',
        b'{"name":"\\x41"}',
        b'{"name":"a","flag":True}',
        b'{"name":"a","count":01}',
        b'{"name":"a","price":.5}',
        b'{"name":"a","price":5.}',
        b'{"name":"a","count":+1}',
        b'{"name":"a","count":0x1}',
        b'{"name":undefined}',
        b"\x0b{}",
        b" ",
    ],
)
def test_b099_json_comment(arena: Arena, body: bytes) -> None:
    refuse_body(arena, body)


@pytest.mark.parametrize(
    "number",
    [
        b"1e4096",
        b"-1e4096",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"9" * 400,
        b"9007199254740993",
        b"-9007199254740993",
        b"0." + b"1" * 400,
        b"1" + b"0" * 40,
    ],
)
def test_b100_json_num(arena: Arena, number: bytes) -> None:
    refuse_body(arena, b'{"name":"a","price":' + number + b"}")
    refuse_body(arena, b'{"name":"a","any":[' + number + b"]}")
    if b"." not in number:
        refuse_body(arena, b'{"name":"a","count":' + number + b"}")


@pytest.mark.parametrize("number", [b"-0", b"1.0", b"1e2", b"9007199254740991", b"-1", b"1E+2"])
def test_b100_json_num_of_a_kind(arena: Arena, number: bytes) -> None:
    """Where JSON Schema leaves room: refused, or forwarded as the very bytes."""
    body = b'{"name":"a","count":' + number + b"}"
    mark = arena.upstream.mark()
    reply = arena.send(post_json(body))
    assert reply.status in {200, 400}
    if reply.status == 200:
        (received,) = arena.upstream.requests_since(mark)
        assert received.body == body


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'{"name":"a","any":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name":"a","any":' + b"[" * 33 + b"]" * 33 + b"}",
        b'{"name":"a","any":' + b'{"a":' * 33 + b"1" + b"}" * 33 + b"}",
    ],
)
def test_b101_json_depth(arena: Arena, body: bytes) -> None:
    refuse_body(arena, body)


def test_b101_json_depth_1_mb(arena: Arena) -> None:
    refuse_body(arena, b'{"a":' * 200_000, {400, 413})


def test_b101_json_depth_within_bounds(arena: Arena) -> None:
    passes(arena, b'{"name":"a","any":' + b"[" * 30 + b"]" * 30 + b"}")


def test_b102_json_width(arena: Arena) -> None:
    many = b",".join(b'"k%d":1' % number for number in range(2001))
    refuse_body(arena, b'{"name":"a","any":{' + many + b"}}", {400, 413})
    fewer = b",".join(b'"k%d":1' % number for number in range(1900))
    passes(arena, b'{"name":"a","any":{' + fewer + b"}}")
    refuse_body(arena, b'{"name":"' + b"a" * (64 * 1024 + 1) + b'"}', {400, 413})
    passes(arena, b'{"name":"' + b"a" * (64 * 1024) + b'"}')


def test_b102_json_width_a_million_keys(arena: Arena) -> None:
    body = b"{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}"
    arena.refuse(post_json(body), 413, problem="body-too-large", following=b"")


def test_b102_json_width_50_mb_without_a_length(arena: Arena) -> None:
    """The total is capped while it streams in, whatever was or was not declared."""
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    mark = arena.upstream.mark()
    arena.gateway.new_records()
    before = arena.gateway.rss_bytes()
    with arena.connect() as connection:
        connection.send(post_chunked(b"10000\r\n" + b'{"name":"'.ljust(65_536, b"a") + b"\r\n"))
        connection.send_each(chunk for _ in range(800))
        reply = connection.read()
        assert reply.status == 413
        assert connection.is_ended()
    assert arena.gateway.rss_bytes() - before < 20 * 1024 * 1024
    arena.assert_nothing_forwarded(mark)
    arena.assert_denial_recorded(413)


@pytest.mark.parametrize(
    "body",
    [
        '{"name":"a"}'.encode("utf-16"),
        '{"name":"a"}'.encode("utf-16-le"),
        '{"name":"a"}'.encode("utf-32"),
        b'{"name":"\xff"}',
        b'{"name":"\xc0\xae"}',
        b'{"name":"\xed\xa0\x80"}',
        b'{"name":"\xf4\x90\x80\x80"}',
        b'{"name":"\xe2\x82"}',
        b'{"na\xffme":"a"}',
    ],
)
def test_b103_json_utf(arena: Arena, body: bytes) -> None:
    refuse_body(arena, body)


def test_b103_json_utf_replacement_character_stays(arena: Arena) -> None:
    passes(arena, '{"name":"\ufffd"}'.encode())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"name":"a","otp":true}', "/otp"),
        (b'{"name":"a","id":["1","2"]}', "/id"),
        (b'{"name":"a","price":"1e3"}', "/price"),
        (b'{"name":"a","user":{"$ne":null}}', "/user"),
        (b'{"name":"a","count":"1"}', "/count"),
        (b'{"name":"a","count":1.5}', "/count"),
        (b'{"name":"a","flag":1}', "/flag"),
        (b'{"name":"a","flag":"true"}', "/flag"),
        (b'{"name":null}', "/name"),
        (b'{"name":"a","tags":["x",1]}', "/tags/1"),
    ],
)
def test_b104_type_juggle(arena: Arena, body: bytes, pointer: str) -> None:
    reply = arena.refuse(post_json(body), 400, closed=False, problem=VIOLATION)
    errors = reply.json()["errors"]
    assert pointer in [error["pointer"] for error in errors], errors


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"a","is_admin":true}',
        b'{"name":"a","blocked":false}',
        b'{"name":"a","total_stay_price":"-1"}',
        b'{"name":"a","Role":"admin"}',
        b'{"name":"a","__proto__":{"admin":true}}',
        b'{"name":"a","constructor":{"prototype":{"admin":true}}}',
        b'{"name":"a","prototype":{}}',
        b'{"name":"a","any":{"__proto__":{"admin":true}}}',
        b'{"name":"a","any":{"constructor":{"prototype":{}}}}',
        b'{"name":"a","any":[{"__pr\\u006fto__":1}]}',
    ],
)
def test_b105_mass_assign(arena: Arena, body: bytes) -> None:
    refuse_body(arena, body)


@pytest.mark.parametrize(
    "query",
    [
        "id=1&id=2",
        "id=1&id=1",
        "id[]=1",
        "id%5B%5D=1",
        "ID=2",
        "id=1&%69d=2",
        "tag[]=1",
        "tag[0]=1",
        "unknown=1",
        "page=1&page=2",
        "page=x",
        "page=",
        "page=1e1",
        "page=+1",
        "page=0x1",
        "page=%EF%BC%91",
        "=1",
    ],
)
def test_b106_hpp_query(arena: Arena, query: str) -> None:
    arena.refuse(request("GET", f"/things?{query}"), 400, closed=False)


def test_b106_hpp_query_separators_are_data(arena: Arena) -> None:
    mark = arena.upstream.mark()
    for query in ("q=a;page=2", "q=1%26role=admin", "q=1%26role%3Dadmin", "q=a%3Bb"):
        assert arena.send(request("GET", f"/things?{query}")).status == 200
    for received in arena.upstream.requests_since(mark):
        query_bytes = received.target.partition(b"?")[2]
        assert b"&" not in query_bytes
        assert query_bytes.startswith(b"q=")


def test_b106_hpp_array_parameter_may_repeat(arena: Arena) -> None:
    mark = arena.upstream.mark()
    assert arena.send(request("GET", "/things?tag=a&tag=b")).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.target == b"/things?tag=a&tag=b"


def test_b107_hpp_mix(arena: Arena) -> None:
    """A name in another source than the contract says is unknown there."""
    for target in ("/things/1?id=2", "/users/1?id=1", "/things?name=x"):
        arena.refuse(request("GET", target), 400, closed=False, problem=VIOLATION)
    arena.refuse(post_json(b'{"name":"a"}', target="/things?name=b"), 400, closed=False)
    arena.refuse(
        request("PUT", "/things/1?id=2", "Content-Type: application/json", body=b'{"name":"a"}'),
        400,
        closed=False,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&_charset_=utf-16",
        b"a=%u0061",
        b"a=%zz",
        b"a=%",
        b"a=%2",
        b"a=%ff",
        b"a=\xff",
        b"a=1&a=2",
        b"a=1&%61=2",
        b"c=1",
        b"a=%00",
        b"&".join(b"a=1" for _ in range(1001)),
        b"&".join(b"k%d=1" % number for number in range(20_000)),
    ],
)
def test_b108_form_charset(arena: Arena, body: bytes) -> None:
    raw = request("POST", "/form", "Content-Type: application/x-www-form-urlencoded", body=body)
    arena.refuse(raw, 400, closed=False)


def test_b108_form_passes(arena: Arena) -> None:
    mark = arena.upstream.mark()
    body = b"a=x+y%20z&b=%C3%A9"
    raw = request("POST", "/form", "Content-Type: application/x-www-form-urlencoded", body=body)
    assert arena.send(raw).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.body == body


def test_gw3_authentication_comes_before_the_body(arena: Arena) -> None:
    """Nobody is made to read 10 MB of a stranger's body to say 401."""
    head = request("POST", "/private", "Content-Type: text/plain", "Content-Length: 10000000")
    mark = arena.upstream.mark()
    with arena.connect() as connection:
        connection.send(head)
        reply = connection.read()
        assert reply.status == 401
        assert reply.get("connection") == "close"
        assert connection.is_ended()
    arena.assert_nothing_forwarded(mark)


@pytest.mark.parametrize("chunked", [False, True])
def test_tr2_body_size(arena: Arena, chunked: bool) -> None:
    """TR-2: the limit passes, one byte more is 413."""
    for size, status in ((256 * 1024, 200), (256 * 1024 + 1, 413)):
        body = b"a" * size
        lines = ["Content-Type: text/plain"]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
        raw = request("POST", "/text", *lines, body=body, length=not chunked)
        if status == 413:
            arena.refuse(raw, 413, problem="body-too-large", following=b"")
        else:
            assert arena.send(raw).status == 200


def test_a_body_that_the_contract_declares_for_delete(arena: Arena) -> None:
    """The framing of a body is honoured whatever the method (RFC 9112 §6)."""
    mark = arena.upstream.mark()
    body = b'{"name":"a"}'
    raw = request("DELETE", "/notes/1", "Content-Type: application/json", body=body)
    with arena.connect() as connection:
        connection.send(raw, request("DELETE", "/notes/2"), raw)
        assert [connection.read().status for _ in range(3)] == [200] * 3
    bodies = [received.body for received in arena.upstream.requests_since(mark)]
    assert bodies == [body, b"", body]
