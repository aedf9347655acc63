"""The proxy at work on one connection: order, framing, keep-alive, interim answers."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from tests.support.arena import Arena, post_chunked, post_json, request
from tests.support.raw import RawConnection
from tests.support.streams import MIB
from tests.support.upstream import (
    JSON_HEAD,
    Link,
    Received,
    answer,
    echo,
    raw_answer,
)


def test_keep_alive(arena: Arena) -> None:
    mark = arena.upstream.mark()
    with arena.connect() as connection:
        for number in range(20):
            connection.send(request("GET", f"/things/keep-{number}"))
            reply = connection.read()
            assert reply.status == 200
            assert reply.get("connection") != "close"
    received = arena.upstream.requests_since(mark)
    assert len(received) == 20
    assert len({each.connection for each in received}) == 1, "the upstream's connection is kept too"


def test_connection_close_is_honoured(arena: Arena) -> None:
    with arena.connect() as connection:
        connection.send(request("GET", "/health", "Connection: close"), request("GET", "/health"))
        replies = connection.read_all()
    assert [reply.get("connection") for reply in replies] == ["close"]


@pytest.mark.parametrize(("line", "kept"), [(b"X: y", False), (b"Connection: keep-alive", True)])
def test_http10(arena: Arena, line: bytes, kept: bool) -> None:
    raw = request("GET", "/health", line).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with arena.connect() as connection:
        connection.send(raw)
        assert connection.read().status == 200
        connection.send(raw)
        if kept:
            assert connection.read().status == 200
        else:
            assert connection.is_ended()


def test_http10_gets_no_chunks(arena: Arena) -> None:
    arena.upstream.answers[b"/health"] = raw_answer(
        JSON_HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", keep=True
    )
    raw = request("GET", "/health", "Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with arena.connect() as connection:
        connection.send(raw)
        reply = connection.read()
        assert reply.body == b"hello"
        assert not reply.all("transfer-encoding")


def test_pipelining_in_order(arena: Arena) -> None:
    """Answers come in the order of the requests, also when a later one could be sooner."""
    released = threading.Event()

    def slow(received: Received, link: Link) -> bool:
        released.wait(10)
        return echo(received, link)

    arena.upstream.answers[b"/things/pipe-0"] = slow
    for number in range(1, 30):
        arena.upstream.answers[b"/things/pipe-%d" % number] = echo
    with arena.connect() as connection:
        connection.send(*[request("GET", f"/things/pipe-{number}") for number in range(30)])
        released.set()
        bodies = [connection.read().body for _ in range(30)]
    assert bodies == [b"/things/pipe-%d" % number for number in range(30)]


def test_pipelining_with_bodies_and_refusals(arena: Arena) -> None:
    with arena.connect() as connection:
        connection.send(
            post_json(b'{"name":"a"}'),
            request("GET", "/nowhere"),
            post_chunked(b'c\r\n{"name":"a"}\r\n0\r\n\r\n'),
            request("GET", "/admin"),
            post_json(b'{"name":1}'),
            request("HEAD", "/health"),
            request("GET", "/health"),
        )
        methods = ["POST", "GET", "POST", "GET", "POST", "HEAD", "GET"]
        statuses = [connection.read(method).status for method in methods]
    assert statuses == [200, 404, 200, 401, 400, 200, 200]


def test_pipelined_requests_before_a_half_close_are_all_answered(arena: Arena) -> None:
    with arena.connect() as connection:
        connection.send(*[request("GET", f"/things/half-{number}") for number in range(5)])
        connection.end_of_sending()
        assert [reply.status for reply in connection.read_all()] == [200] * 5


def test_a_half_close_inside_a_pipelined_body(arena: Arena) -> None:
    """The rest of that body will never come: the connection ends at once, with a record."""
    arena.gateway.new_records()
    cut = post_json(b'{"name":"a"}')[:-1]
    with arena.connect() as connection:
        connection.send(request("GET", "/things/half"), cut)
        connection.end_of_sending()
        assert [reply.status for reply in connection.read_all()] == [200]
    decisions = [record["decision"] for record in arena.gateway.new_records()]
    assert decisions == ["allow", "aborted"]


def test_a_flood_of_pipelined_requests_is_bounded(arena: Arena) -> None:
    """A client that sends and never reads stops being read."""
    before = arena.gateway.rss_bytes()
    raw = request("GET", "/things/flood") * 1000
    with RawConnection(arena.gateway.port, timeout=2, receive_buffer=4096) as connection:
        with suppress(TimeoutError):
            for _ in range(2000):
                connection.send(raw)
                assert not connection.is_reset
        assert arena.gateway.rss_bytes() - before < 20 * MIB
    arena.good()


def test_byte_by_byte(arena: Arena) -> None:
    mark = arena.upstream.mark()
    raw = post_chunked(b'5;x=y\r\n{"nam\r\n7\r\ne":"a"}\r\n0\r\nX: y\r\n\r\n')
    with arena.connect() as connection:
        connection.send_each(raw[index : index + 1] for index in range(len(raw)))
        assert connection.read().status == 200
        connection.send_each(bytes([byte]) for byte in request("GET", "/health"))
        assert connection.read().status == 200
    assert arena.upstream.requests_since(mark)[0].body == b'{"name":"a"}'


@pytest.mark.parametrize("size", [2, 3, 5, 7, 11, 64])
def test_split_anywhere(arena: Arena, size: int) -> None:
    raw = post_json(b'{"name":"a"}') + post_chunked(b'c\r\n{"name":"b"}\r\n0\r\n\r\n')
    with arena.connect() as connection:
        connection.send_each(raw[start : start + size] for start in range(0, len(raw), size))
        assert [connection.read().status, connection.read().status] == [200, 200]


def test_expect_100_continue(arena: Arena) -> None:
    head = request(
        "POST",
        "/things",
        "Content-Type: application/json",
        "Expect: 100-continue",
        "Content-Length: 12",
    )
    with arena.connect() as connection:
        connection.send(head)
        assert connection.read().status == 100
        connection.send(b'{"name":"a"}')
        assert connection.read().status == 200
        connection.send(head, b'{"name":"a"}')
        assert connection.read_final().status == 200
        connection.send(request("GET", "/health"))
        assert connection.read().status == 200


def test_expect_100_continue_for_a_stream(arena: Arena) -> None:
    mark = arena.upstream.mark()
    head = request(
        "PUT",
        "/blobs/expected",
        "Content-Type: application/octet-stream",
        "Expect: 100-continue",
        "Transfer-Encoding: chunked",
    )
    with arena.connect() as connection:
        connection.send(head)
        assert connection.read().status == 100
        connection.send(b"5\r\nhello\r\n0\r\n\r\n")
        assert connection.read().status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.body == b"hello"
    assert "expect" not in received.names()


def test_expect_100_continue_is_not_promised_before_a_refusal(arena: Arena) -> None:
    with arena.connect() as connection:
        connection.send(
            request(
                "POST",
                "/private",
                "Content-Type: text/plain",
                "Expect: 100-continue",
                "Content-Length: 5",
            )
        )
        assert connection.read().status == 401


def test_head(arena: Arena) -> None:
    arena.upstream.answers[b"/things/head"] = answer(body=b"x" * 1234)
    with arena.connect() as connection:
        connection.send(request("HEAD", "/things/head"))
        reply = connection.read("HEAD")
        assert (reply.status, reply.get("content-length")) == (200, "1234")
        connection.send(request("HEAD", "/nowhere"))
        assert connection.read("HEAD").status == 404
        connection.send(request("GET", "/things/head"))
        assert len(connection.read().body) == 1234


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body(arena: Arena, status: str) -> None:
    arena.upstream.answers[b"/things/none"] = raw_answer(
        f"HTTP/1.1 {status}\r\nETag: x\r\n\r\n".encode(), keep=True
    )
    with arena.connect() as connection:
        for _ in range(2):
            connection.send(request("GET", "/things/none"))
            reply = connection.read()
            assert reply.status == int(status[:3])
            assert not reply.all("transfer-encoding")
        connection.send(request("GET", "/health"))
        assert connection.read().status == 200


def test_chunked_answer(arena: Arena) -> None:
    arena.upstream.answers[b"/things/chunks"] = raw_answer(
        JSON_HEAD,
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"5;x=y\r\nhello\r\n006\r\n world\r\n0\r\nX-Trailer: secret\r\n\r\n",
        keep=True,
    )
    with arena.connect() as connection:
        for _ in range(2):
            connection.send(request("GET", "/things/chunks"))
            assert connection.read().body == b"hello world"


def test_answer_that_ends_with_the_connection(arena: Arena) -> None:
    arena.upstream.answers[b"/things/close"] = raw_answer(JSON_HEAD, b"\r\n", b"x" * 100_000)
    with arena.connect() as connection:
        for _ in range(2):
            connection.send(request("GET", "/things/close"))
            assert connection.read().body == b"x" * 100_000


def test_interim_answers_of_the_upstream_are_dropped(arena: Arena) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    arena.upstream.answers[b"/things/hints"] = raw_answer(
        hints, hints, JSON_HEAD, b"Content-Length: 2\r\n\r\n{}", keep=True
    )
    assert arena.send(request("GET", "/things/hints")).status == 200


def test_every_answer_carries_the_security_headers(arena: Arena) -> None:
    """BR-3: on answers of the upstream and on our own, malformed requests too."""
    raws = [
        request("GET", "/health"),
        request("GET", "/nowhere"),
        request("GET", "/admin"),
        post_json(b"{"),
        b"GET  / HTTP/1.1\r\n\r\n",
        request("GET", "/health", host="evil.example"),
    ]
    for raw in raws:
        reply = arena.send(raw)
        assert reply.get("x-content-type-options") == "nosniff", reply
        assert "default-src 'none'" in reply.get("content-security-policy")
        assert reply.get("referrer-policy") == "no-referrer"
        assert reply.get("x-request-id")
        assert not reply.all("server")
