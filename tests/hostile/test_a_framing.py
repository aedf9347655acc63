"""Hostile cases A: HTTP/1.1 framing and request smuggling (B-001 … B-031).

Every case goes through a real socket to a real gateway with a recording upstream behind it;
`Arena.refuse` asserts the whole shorthand: status and problem, closed connection, not one byte
upstream, a record with a reason, the next good request answered by the same process.
"""

from __future__ import annotations

import pytest
from tests.support.arena import SMUGGLED, Arena, post_chunked, post_json, request
from tests.support.raw import Closed
from tests.support.upstream import JSON_HEAD, raw_answer

ADMIN = b"GET /public/page HTTP/1.1\r\nHost: api.example\r\nX: "
"""A request to hide in another: it would be answered with 200, were it ever read as one."""


def test_b001_clte(arena: Arena) -> None:
    body = b"0\r\n\r\n" + ADMIN
    arena.malformed(
        post_json(b"", b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked") + body,
    )
    arena.malformed(
        post_json(b"", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"
    )


def test_b002_tecl(arena: Arena) -> None:
    hidden = ADMIN + b"x\r\n\r\n"
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    arena.malformed(post_json(b"", b"Transfer-Encoding: chunked", b"Content-Length: 4") + chunk)


@pytest.mark.parametrize(
    "line",
    [
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: \x0cchunked",
        b"Transfer-Encoding: \xa0chunked",
        b"Transfer-Encoding: \xc2\xa0chunked",
        b"Transfer-Encoding: \xa0chunked\xa0",
        b"Transfer-Encoding: \x00chunked",
        b"Transfer-Encoding: chunked\x00",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding:",
        b'Transfer-Encoding: "chunked"',
        b"Transfer-Encoding: chun ked",
        b"\xa0Transfer-Encoding: chunked",
    ],
)
def test_b003_tete_obf(arena: Arena, line: bytes) -> None:
    arena.malformed(post_json(b"", line) + b"0\r\n\r\n")


@pytest.mark.parametrize("value", [b"xchunked", b"chunkedx", b"x", b"\tbr", b"chunked-"])
def test_b003_tete_obf_unknown_coding(arena: Arena, value: bytes) -> None:
    arena.refuse(
        post_json(b"", b"Transfer-Encoding: " + value) + b"0\r\n\r\n",
        501,
        problem="not-implemented",
    )


def test_b003_tete_obf_parameter(arena: Arena) -> None:
    arena.refuse(post_json(b"", b"Transfer-Encoding: chunked;q=1") + b"0\r\n\r\n", {400, 501})


@pytest.mark.parametrize("value", [b",chunked", b"chunked,", b", chunked", b"chunked ,", b","])
@pytest.mark.parametrize("length", [b"", b"Content-Length: 5"])
def test_b004_te_leadcomma(arena: Arena, value: bytes, length: bytes) -> None:
    lines = [b"Transfer-Encoding: " + value, *([length] if length else [])]
    arena.malformed(post_json(b"", *lines) + b"0\r\n\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked, chunked"],
        [b"Transfer-Encoding: chunked,chunked"],
        [b"Transfer-Encoding: chunked", b"X: y", b"transfer-encoding: CHUNKED"],
    ],
)
def test_b005_te_dup(arena: Arena, lines: list[bytes]) -> None:
    arena.malformed(post_json(b"", *lines) + b"0\r\n\r\n")


def test_b006_te_identity_known_coding_before_chunked(arena: Arena) -> None:
    arena.refuse(
        post_json(b"", b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
        501,
        problem="not-implemented",
    )


@pytest.mark.parametrize(
    "lines",
    [
        [b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: gzip"],
        [b"Transfer-Encoding: chunked, gzip"],
        [b"Transfer-Encoding: chunked, identity"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
    ],
)
def test_b006_te_identity_chunked_not_final(arena: Arena, lines: list[bytes]) -> None:
    arena.malformed(post_json(b"", *lines) + b"0\r\n\r\n")


def test_b006_te_identity_two_lines(arena: Arena) -> None:
    lines = [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"]
    arena.refuse(post_json(b"", *lines) + b"0\r\n\r\n", {400, 501})


def test_b007_te_http10(arena: Arena) -> None:
    raw = post_chunked(b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    arena.malformed(raw)
    arena.malformed(raw.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n", 1))


@pytest.mark.parametrize(
    "lines",
    [
        [b"Content-Length: 6", b"Content-Length: 5"],
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: 6, 5"],
        [b"Content-Length: 0", b"content-length: 12"],
    ],
)
def test_b008_cl_dup_diff(arena: Arena, lines: list[bytes]) -> None:
    arena.malformed(post_json(b"", *lines) + b'{"name":"a"}')


@pytest.mark.parametrize(
    "lines",
    [
        [b"Content-Length: 12", b"Content-Length: 12"],
        [b"Content-Length: 12, 12, 12"],
        [b"Content-Length: 12,12"],
        [b"Content-Length: 12,"],
    ],
)
def test_b009_cl_dup_same(arena: Arena, lines: list[bytes]) -> None:
    arena.malformed(post_json(b"", *lines) + b'{"name":"a"}')


@pytest.mark.parametrize(
    "value",
    [
        b"+12",
        b"-12",
        b"-0",
        b"0xc",
        b"1_2",
        b"1 2",
        b" 1 2",
        b"\xef\xbc\x91\xef\xbc\x92",
        b"\xb2",
        b"",
        b" ",
        b"12.0",
        b"1e1",
        b"\x0b12",
        b"12\x0c",
        b"12\x00",
        b"12;",
        b'"12"',
        b"\xa012",
    ],
)
def test_b010_cl_pyint(arena: Arena, value: bytes) -> None:
    arena.malformed(post_json(b"", b"Content-Length: " + value) + b'{"name":"a"}')


@pytest.mark.parametrize("value", [b"010", b"012", b"00", b"000000000000012"])
def test_b011_cl_octal(arena: Arena, value: bytes) -> None:
    arena.malformed(post_json(b"", b"Content-Length: " + value) + b'{"name":"a"}')


def test_b011_cl_is_forwarded_in_canonical_decimal(arena: Arena) -> None:
    mark = arena.upstream.mark()
    assert arena.send(post_json(b'{"name":"a"}', b"X-Case: b011")).status == 200
    assert arena.upstream.requests_since(mark)[0].get("content-length") == b"12"


@pytest.mark.parametrize(
    "value", [b"18446744073709551617", b"9223372036854775808", b"1" * 16, b"9" * 400, b"9" * 15]
)
def test_b012_cl_overflow(arena: Arena, value: bytes) -> None:
    arena.refuse(
        post_json(b"", b"Content-Length: " + value) + b'{"name":"a"}',
        413,
        problem="body-too-large",
    )


@pytest.mark.parametrize(
    "size",
    [
        b"0xc",
        b"+c",
        b"-c",
        b"-0",
        b"0_c",
        b" c",
        b"c ",
        b"\tc",
        b"c\t",
        b"",
        b"g",
        b"\xef\xbc\x91\xef\xbc\x92",
        b"c\x00",
        b"c,c",
        b"\x0bc",
        b"0000000c0",
        b"00000000c",
    ],
)
def test_b013_chunk_pyint(arena: Arena, size: bytes) -> None:
    arena.malformed(post_chunked(size + b'\r\n{"name":"a"}\r\n0\r\n\r\n'))


@pytest.mark.parametrize("size", [b"-0", b"+0", b"0x0", b" 0", b"0 ", b"", b"000000000"])
def test_b013_chunk_pyint_last_chunk(arena: Arena, size: bytes) -> None:
    arena.malformed(post_chunked(b'c\r\n{"name":"a"}\r\n' + size + b"\r\n\r\n"))


@pytest.mark.parametrize("end", [b"XX", b"\n\n", b"\r\r", b"\rX", b"\n", b"", b" \r\n", b"\n\r"])
def test_b014_chunk_term(arena: Arena, end: bytes) -> None:
    arena.malformed(post_chunked(b'c\r\n{"name":"a"}' + end + b"0\r\n\r\n"))


@pytest.mark.parametrize(
    "line",
    [
        b"c\n",
        b"c;a\n",
        b"c;a\nb\r\n",
        b"c;a\rb\r\n",
        b"c;\n\r\n",
        b"c\r\r\n",
        b"c;a=\x00\r\n",
        b"c;a=\x0b\r\n",
        b"c;a=\x7f\r\n",
        b'c;a="\r\n"\r\n',
        b'c;a="\n"\r\n',
    ],
)
def test_b015_chunk_lf(arena: Arena, line: bytes) -> None:
    arena.malformed(post_chunked(line + b'{"name":"a"}\r\n0\r\n\r\n'))


@pytest.mark.parametrize("end", [b"0\n\r\n", b"0\r\n\n", b"0\n\n", b"0;a\n\r\n", b"0\r\r\n\r\n"])
def test_b015_chunk_lf_at_the_end(arena: Arena, end: bytes) -> None:
    arena.malformed(post_chunked(b'c\r\n{"name":"a"}\r\n' + end))


def test_b016_chunk_ext_flood_one_chunk(arena: Arena) -> None:
    arena.malformed(post_chunked(b"c;" + b"a" * 1_048_576 + b'\r\n{"name":"a"}\r\n0\r\n\r\n'), b"")


def test_b016_chunk_ext_flood_that_never_ends(arena: Arena) -> None:
    arena.malformed(post_chunked(b"c;" + b"a" * 600), b"")


def test_b016_chunk_ext_flood_4k_each(arena: Arena) -> None:
    chunk = b"1;" + b"a" * 4096 + b"\r\n \r\n"
    arena.malformed(post_chunked(chunk * 40 + b"0\r\n\r\n"), b"")


def test_b016_chunk_ext_flood_in_total(arena: Arena) -> None:
    chunk = b"1;" + b"a" * 200 + b"\r\n \r\n"
    arena.malformed(post_chunked(chunk * 100 + b"0\r\n\r\n"), b"")


def test_b016_an_extension_within_bounds_is_no_attack(arena: Arena) -> None:
    mark = arena.upstream.mark()
    raw = post_chunked(b'c;n="v w";x\r\n{"name":"a"}\r\n0;last\r\n\r\n')
    assert arena.send(raw).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.body == b'{"name":"a"}'


@pytest.mark.parametrize(
    "size", [b"FFFFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFFF", b"100000000", b"1000000000000000c"]
)
def test_b017_chunk_overflow(arena: Arena, size: bytes) -> None:
    arena.malformed(post_chunked(size + b'\r\n{"name":"a"}\r\n0\r\n\r\n'))


def test_b017_chunk_overflow_beyond_the_body_limit(arena: Arena) -> None:
    raw = post_chunked(b'FFFFFFFF\r\n{"name":"a"}\r\n0\r\n\r\n')
    arena.refuse(raw, 413, problem="body-too-large")


@pytest.mark.parametrize(
    "trailer",
    [
        b"Authorization: Bearer forged",
        b"Host: evil.example",
        b"Content-Length: 99",
        b"Transfer-Encoding: chunked",
        b"X-User-Id: admin",
        b"Cookie: a=b",
        b"Content-Type: text/html",
        b"Connection: close",
        b" folded",
        b"no colon",
        b"X : y",
        b"X: a\nY: b",
        b"X: a\rY: b",
        b"X: \x00",
        b"X_User: a",
        b": x",
    ],
)
def test_b018_trailer_inject(arena: Arena, trailer: bytes) -> None:
    arena.malformed(post_chunked(b'c\r\n{"name":"a"}\r\n0\r\n' + trailer + b"\r\n\r\n"))


def test_b018_trailer_is_dropped(arena: Arena) -> None:
    mark = arena.upstream.mark()
    raw = post_chunked(b'c\r\n{"name":"a"}\r\n0\r\nX-Checksum: b018-canary\r\n\r\n')
    assert arena.send(raw).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.body == b'{"name":"a"}'
    assert "x-checksum" not in received.names()
    assert not arena.upstream.contains(b"b018-canary")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("chunked", [False, True])
def test_b027_get_body(arena: Arena, method: str, chunked: bool) -> None:
    hidden = request("GET", "/public/page")
    target = "/things/1" if method == "DELETE" else "/things"
    raw = request(method, target, body=hidden)
    if chunked:
        coded = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
        raw = request(method, target, "Transfer-Encoding: chunked", body=coded, length=False)
    mark = arena.upstream.mark()
    arena.gateway.new_records()
    with arena.connect() as connection:
        connection.send(raw)
        connection.end_of_sending()
        (reply,) = connection.read_all(method)
    assert reply.status == 400
    arena.assert_nothing_forwarded(mark)
    arena.assert_denial_recorded(400)


def test_b027_get_without_a_body_may_say_so(arena: Arena) -> None:
    assert arena.send(request("GET", "/things", "Content-Length: 0")).status == 200


def test_b027_forwarded_length_is_what_is_sent(arena: Arena) -> None:
    mark = arena.upstream.mark()
    body = b'{"name":"b027"}'
    chunked = b"5\r\n" + body[:5] + b"\r\na\r\n" + body[5:] + b"\r\n0\r\n\r\n"
    assert arena.send(post_json(body)).status == 200
    assert arena.send(post_chunked(chunked)).status == 200
    for received in arena.upstream.requests_since(mark):
        assert received.body == body
        lengths, codings = received.all("content-length"), received.all("transfer-encoding")
        assert (lengths, codings) in (([b"15"], []), ([], [b"chunked"]))


def test_b028_expect100_early_refusal_ends_the_connection(arena: Arena) -> None:
    raw = request(
        "POST", "/private", "Content-Type: text/plain", "Expect: 100-continue", "Content-Length: 40"
    )
    reply = arena.refuse(raw, 401, problem="unauthenticated")
    assert reply.get("www-authenticate")


def test_b028_expect100_unknown_operation(arena: Arena) -> None:
    raw = request("POST", "/nowhere", "Expect: 100-continue", "Content-Length: 40")
    arena.refuse(raw, 404, problem="not-found")


@pytest.mark.parametrize("value", ["200-ok", "100-continue, x", "", "100-continue=1", "x=y"])
def test_b028_expect100_unknown_expectation(arena: Arena, value: str) -> None:
    raw = post_json(b'{"name":"a"}', f"Expect: {value}")
    arena.refuse(raw, 417, problem="expectation-failed")


@pytest.mark.parametrize(
    "second",
    [
        b"GET /things HTTP/1.1\r\nHost: api.example\r\nX : y\r\n\r\n",
        b"GET  /things HTTP/1.1\r\nHost: api.example\r\n\r\n",
        b"\x00\x01\x02",
        post_json(b"", b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    ],
)
def test_b029_pipeline_poison(arena: Arena, second: bytes) -> None:
    mark = arena.upstream.mark()
    arena.gateway.new_records()
    with arena.connect() as connection:
        connection.send(request("GET", "/things/b029-first"), second, SMUGGLED)
        connection.end_of_sending()
        first, refusal = connection.read_all()
    assert (first.status, refusal.status) == (200, 400)
    assert refusal.get("connection") == "close"
    received = arena.upstream.requests_since(mark)
    assert [each.target for each in received] == [b"/things/b029-first"]
    arena.good()
    _, second_received = arena.upstream.requests_since(mark)
    assert second_received.target.startswith(b"/things/good-")
    assert second_received.connection == received[0].connection, "a clean connection is reused"
    records = arena.gateway.new_records()
    assert [record["decision"] for record in records][:2] == ["allow", "deny"]


@pytest.mark.parametrize("target", ["/static", "/nowhere", "/admin"])
def test_b030_cl0(arena: Arena, target: str) -> None:
    """A body that nobody reads is drained or ends the connection; it is never a request."""
    mark = arena.upstream.mark()
    hidden = request("GET", "/public/page")
    with arena.connect() as connection:
        connection.send(request("POST", target, "Content-Type: text/plain", body=hidden))
        connection.send(request("GET", "/things/b030-next"))
        connection.end_of_sending()
        replies = connection.read_all()
    assert replies[0].status in {400, 404, 405, 413, 415}
    assert [reply.status for reply in replies[1:]] in ([], [200])
    targets = [received.target for received in arena.upstream.requests_since(mark)]
    assert targets in ([], [b"/things/b030-next"])
    arena.good()


def test_b030_cl0_large(arena: Arena) -> None:
    """More than 64 KiB of unread body is not drained: the connection ends."""
    arena.refuse(
        request("POST", "/nowhere", "Content-Length: 200000") + b"GET / HTTP/1.1\r\n" * 12_500,
        404,
    )


def test_b030_cl0_upstream_that_answers_before_the_body(arena: Arena) -> None:
    """The unread rest of a body never becomes a request, neither here nor at the upstream."""
    target = b"/blobs/b030-early"
    arena.upstream.early_answers[target] = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nno"
    )
    hidden = request("GET", "/public/page") * 3
    head = request(
        "PUT", target, "Content-Type: application/octet-stream", "Content-Length: 100000"
    )
    mark = arena.upstream.mark()
    with arena.connect() as connection:
        connection.send(head)
        assert connection.read().status == 200
        connection.send(hidden)
        connection.end_of_sending()
        assert connection.read_all() == []
    assert arena.upstream.requests_since(mark) == []
    arena.good()
    (good,) = arena.upstream.requests_since(mark)
    assert good.target.startswith(b"/things/good-")


@pytest.mark.parametrize(
    "answer",
    [
        JSON_HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        JSON_HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        JSON_HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        JSON_HEAD + b"Content-Length: +2\r\n\r\n{}",
        JSON_HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
        JSON_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        JSON_HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        JSON_HEAD + b"X : y\r\nContent-Length: 2\r\n\r\n{}",
        JSON_HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        JSON_HEAD + b"X: a\nContent-Length: 2\r\n\r\n{}",
        JSON_HEAD + b"X: a\rY: b\r\nContent-Length: 2\r\n\r\n{}",
        JSON_HEAD + b"X: \x00\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\r\n\r\n",
        JSON_HEAD + b"X: " + b"a" * 200_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
        JSON_HEAD + b"X: y\r\n" * 50_000 + b"Content-Length: 2\r\n\r\n{}",
    ],
)
def test_b031_resp_split_up(arena: Arena, answer: bytes) -> None:
    arena.upstream.answers[b"/things/b031"] = raw_answer(answer, keep=True)
    mark = arena.upstream.mark()
    arena.gateway.new_records()
    reply = arena.send(request("GET", "/things/b031"))
    assert reply.status == 502
    assert reply.get("content-type").startswith("application/problem+json")
    records = arena.gateway.new_records()
    assert [record["status"] for record in records] == [502]
    assert records[0]["reason"]
    arena.good()
    spoilt, good = arena.upstream.requests_since(mark)
    assert spoilt.connection != good.connection, "the connection must not be used again"


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nhello\r\nX\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"5\r\nhello\r\n0x0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\nhello",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_b031_resp_split_up_bad_chunk(arena: Arena, body: bytes) -> None:
    """Never a whole answer: 502 where the head had not gone out, else the connection is cut."""
    head = JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    arena.upstream.answers[b"/things/b031-chunk"] = raw_answer(head, body, keep=True)
    mark = arena.upstream.mark()
    with arena.connect() as connection:
        connection.send(request("GET", "/things/b031-chunk"))
        try:
            status = connection.read().status
        except Closed:
            status = 0
            assert connection.is_ended()
    assert status in {0, 502}
    arena.good()
    spoilt, good = arena.upstream.requests_since(mark)
    assert spoilt.connection != good.connection


def test_b031_resp_split_up_bytes_after_the_answer(arena: Arena) -> None:
    """What follows an answer is never the answer to somebody else."""
    poison = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    arena.upstream.answers[b"/things/b031-extra"] = raw_answer(
        JSON_HEAD, b"Content-Length: 2\r\n\r\n{}", poison, keep=True
    )
    mark = arena.upstream.mark()
    reply = arena.send(request("GET", "/things/b031-extra"))
    assert (reply.status, reply.body) in ((200, b"{}"), (502, reply.body))
    for _ in range(3):
        following = arena.send(request("GET", "/things/b031-after"))
        assert following.status == 200
        assert b"poison" not in following.body
    spoilt, *others = arena.upstream.requests_since(mark)
    assert all(other.connection != spoilt.connection for other in others)


def test_b031_resp_split_up_head_with_a_body(arena: Arena) -> None:
    arena.upstream.answers[b"/things/b031-head"] = raw_answer(
        JSON_HEAD, b"Content-Length: 6\r\n\r\npoison", keep=True
    )
    mark = arena.upstream.mark()
    reply = arena.send(request("HEAD", "/things/b031-head"), "HEAD")
    assert reply.status in {200, 502}
    assert arena.send(request("GET", "/things/b031-after")).body == b'{"ok":true}'
    spoilt, other = arena.upstream.requests_since(mark)
    assert other.connection != spoilt.connection
