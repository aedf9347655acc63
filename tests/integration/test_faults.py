"""Upstreams that are dead, slow, broken or lying: each leads to a clean 502, 503 or 504."""

from __future__ import annotations

import os
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.arena import Arena, post_json, request
from tests.support.gateway import PolicyText, free_port, start
from tests.support.patience import QUICK, assert_problem
from tests.support.raw import Closed, RawConnection, exchange
from tests.support.upstream import (
    FILE_HEAD,
    JSON_HEAD,
    Link,
    Received,
    RecordingUpstream,
    Responder,
    answer,
    raw_answer,
)

from vallum.gateway.tls import local_certificate


def failing(arena: Arena, responder: Responder, status: int = 502) -> None:
    """An upstream that answers like this leads to a clean refusal, a record, and nothing else."""
    arena.upstream.answers[b"/things/fault"] = responder
    arena.gateway.new_records()
    reply = arena.send(request("GET", "/things/fault"))
    assert_problem(reply, status)
    (record,) = arena.gateway.new_records()
    assert record["status"] == status
    assert record["reason"]
    assert record["decision"] != "allow"
    arena.good()


def cut_off(arena: Arena, responder: Responder) -> bytes:
    """An answer that breaks off after it began: the client can tell; what it received."""
    arena.upstream.answers[b"/things/fault"] = responder
    arena.gateway.new_records()
    with arena.connect() as connection:
        connection.send(request("GET", "/things/fault"))
        with pytest.raises(Closed):
            connection.read()
        received = bytes(connection.buffer)
    (record,) = arena.gateway.new_records()
    assert record["decision"] == "error"
    assert record["reason"]
    arena.good()
    return received


def test_dead_upstream(tmp_path: Path) -> None:
    policy = PolicyText(upstream=f"http://127.0.0.1:{free_port()}")
    with start(tmp_path, policy) as gateway, RawConnection(gateway.port) as connection:
        for _ in range(3):
            connection.send(request("GET", "/health"))
            reply = connection.read()
            assert_problem(reply, 503)
            assert int(reply.get("retry-after")) > 0
        assert [record["status"] for record in gateway.new_records()] == [503] * 3


def test_upstream_that_comes_back(tmp_path: Path) -> None:
    upstream = RecordingUpstream()
    port = upstream.port
    with start(tmp_path, PolicyText(upstream=upstream.url)) as gateway:
        arena = Arena(gateway, upstream)
        arena.good()
        upstream.stop()
        assert arena.send(request("GET", "/health")).status in {502, 503}
        with (
            socket.create_server(("127.0.0.1", port)) as listener,
            RawConnection(gateway.port) as connection,
        ):
            connection.send(request("GET", "/health"))
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(65536)
                accepted.sendall(JSON_HEAD + b"Content-Length: 2\r\n\r\n{}")
                assert connection.read().status == 200


def test_upstream_that_does_not_accept(tmp_path: Path) -> None:
    """The connection attempt itself hangs: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(("127.0.0.1", port))
            fillers.append(filler)
        policy = PolicyText(upstream=f"http://127.0.0.1:{port}", more=QUICK)
        with start(tmp_path, policy) as gateway, RawConnection(gateway.port) as connection:
            connection.send(request("GET", "/health"))
            assert_problem(connection.read(), 504)
        for filler in fillers:
            filler.close()


def test_slow_upstream_that_never_answers(quick: Arena) -> None:
    def wait(received: Received, link: Link) -> bool:
        link.socket.recv(1)
        return False

    failing(quick, wait, 504)


def test_slow_upstream_in_its_head(quick: Arena) -> None:
    def wait(received: Received, link: Link) -> bool:
        link.send(JSON_HEAD)
        link.socket.recv(1)
        return False

    failing(quick, wait, 504)


def test_slow_upstream_in_a_small_body(quick: Arena) -> None:
    def wait(received: Received, link: Link) -> bool:
        link.send(JSON_HEAD + b"Content-Length: 100\r\n\r\n{")
        link.socket.recv(1)
        return False

    failing(quick, wait, 504)


def test_slow_upstream_in_a_large_body(quick: Arena) -> None:
    def wait(received: Received, link: Link) -> bool:
        link.send(FILE_HEAD + b"Content-Length: 10000000\r\n\r\n{")
        link.socket.recv(1)
        return False

    cut_off(quick, wait)


def test_slow_upstream_does_not_hold_others_up(quick: Arena) -> None:
    def wait(received: Received, link: Link) -> bool:
        link.socket.recv(1)
        return False

    quick.upstream.answers[b"/things/fault"] = wait
    slow = [quick.connect() for _ in range(20)]
    for connection in slow:
        connection.send(request("GET", "/things/fault"))
    for _ in range(20):
        quick.good()
    for connection in slow:
        assert_problem(connection.read(), 504)
        connection.socket.close()


def test_upstream_that_resets_at_once(tmp_path: Path) -> None:
    """Connections are reset as soon as they are accepted, before a request is read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with start(tmp_path, PolicyText(upstream=url, more=QUICK)) as gateway:
            for _ in range(30):
                with RawConnection(gateway.port) as connection:
                    connection.send(request("POST", "/static", "Content-Length: 0"))
                    accepted, _ = listener.accept()
                    Link(accepted).reset()
                    reply = connection.read()
                    assert_problem(reply, 503 if reply.status == 503 else 502)


def test_upstream_that_resets_after_the_request(quick: Arena) -> None:
    def reset(received: Received, link: Link) -> bool:
        link.reset()
        return False

    failing(quick, reset)


def test_upstream_that_resets_in_its_head(quick: Arena) -> None:
    def reset(received: Received, link: Link) -> bool:
        link.send(JSON_HEAD[:20])
        link.reset()
        return False

    failing(quick, reset)


def test_upstream_that_resets_in_its_body(quick: Arena) -> None:
    def reset(received: Received, link: Link) -> bool:
        link.send(FILE_HEAD, b"Content-Length: 10000000\r\n\r\n", b"x" * 200_000)
        time.sleep(0.05)  # Let the bytes leave before the reset throws them away.
        link.reset()
        return False

    cut_off(quick, reset)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        JSON_HEAD[:9],
        JSON_HEAD,
        JSON_HEAD + b"Content-Length: 10\r\n\r\n",
        JSON_HEAD + b"Content-Len",
    ],
)
def test_upstream_that_closes_early(quick: Arena, sent: bytes) -> None:
    failing(quick, raw_answer(sent))


def test_upstream_that_lies_about_its_length_short(quick: Arena) -> None:
    failing(quick, raw_answer(JSON_HEAD, b"Content-Length: 100\r\n\r\n", b"x" * 99))


def test_upstream_that_lies_about_its_length_short_and_large(quick: Arena) -> None:
    size = 1_000_000
    cut_off(quick, raw_answer(FILE_HEAD, b"Content-Length: %d\r\n\r\n" % size, b"x" * (size - 1)))


def test_what_is_held_to_be_looked_into_never_breaks_off(quick: Arena) -> None:
    size = 1_000_000
    failing(quick, raw_answer(JSON_HEAD, b"Content-Length: %d\r\n\r\n" % size, b"x" * (size - 1)))


def test_upstream_that_lies_about_its_length_long(quick: Arena) -> None:
    quick.upstream.answers[b"/things/fault"] = raw_answer(
        JSON_HEAD, b"Content-Length: 2\r\n\r\n", b"{}canary", keep=True
    )
    reply = quick.send(request("GET", "/things/fault"))
    assert reply.status in {200, 502}
    assert b"canary" not in reply.body
    quick.good()


def test_upstream_that_lies_about_its_length_long_and_large(quick: Arena) -> None:
    size = 300_000
    quick.upstream.answers[b"/things/fault"] = raw_answer(
        FILE_HEAD, b"Content-Length: %d\r\n\r\n" % size, b"x" * size, b"canary", keep=True
    )
    with quick.connect() as connection:
        connection.send(request("GET", "/things/fault"))
        with suppress(Closed):
            assert connection.read().body == b"x" * size
        assert b"canary" not in connection.buffer
    quick.good()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: two\r\n\r\n{}",
        b"Transfer-Encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_upstream_with_broken_framing(quick: Arena, framing: bytes) -> None:
    failing(quick, raw_answer(JSON_HEAD, framing, keep=True))


@pytest.mark.parametrize("rest", [b"2\r\n{", b"2\r\n{}", b"2\r\n{}\r\n", b"2\r\n{}\r\n0\r\n"])
def test_upstream_that_closes_in_a_chunked_body(quick: Arena, rest: bytes) -> None:
    """Never a whole answer."""
    quick.upstream.answers[b"/things/fault"] = raw_answer(
        JSON_HEAD, b"Transfer-Encoding: chunked\r\n\r\n", rest
    )
    with quick.connect() as connection:
        connection.send(request("GET", "/things/fault"))
        try:
            assert_problem(connection.read(), 502)
        except Closed:
            assert b"0\r\n" not in connection.buffer
    quick.good()


def test_upstream_that_speaks_no_http(quick: Arena) -> None:
    failing(quick, raw_answer(b"220 mail.example ESMTP\r\n", keep=True))
    failing(quick, raw_answer(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(100)))
    failing(quick, raw_answer(os.urandom(4096) + b"\r\n\r\n"))


def test_upstream_with_an_endless_head(quick: Arena) -> None:
    def flood(received: Received, link: Link) -> bool:
        link.send(JSON_HEAD)
        for number in range(100_000):
            link.send(b"X-%d: %s\r\n" % (number, b"y" * 100))
        return False

    before = quick.gateway.rss_bytes()
    failing(quick, flood)
    assert quick.gateway.rss_bytes() - before < 10 * 1024 * 1024


def test_upstream_with_endless_interim_answers(quick: Arena) -> None:
    def flood(received: Received, link: Link) -> bool:
        for _ in range(100_000):
            link.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50)
            time.sleep(0.01)
        return False

    quick.upstream.answers[b"/things/fault"] = flood
    assert quick.send(request("GET", "/things/fault")).status in {502, 504}
    quick.good()


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "502 Bad", "599 Odd"])
def test_upstream_error_bodies_never_pass(quick: Arena, status: str) -> None:
    body = b"Traceback (most recent call last): canary db01.internal SELECT * FROM users"
    quick.upstream.answers[b"/things/fault"] = answer(
        status, body, b"Content-Type: text/html\r\nX-Debug: ok\r\n"
    )
    reply = quick.send(request("GET", "/things/fault"))
    assert 500 <= reply.status < 600
    assert_problem(reply, reply.status)
    assert b"canary" not in reply.body


def test_upstream_that_closed_an_idle_connection(quick: Arena) -> None:
    """A kept connection that is gone costs a safe request nothing."""
    for _ in range(20):
        quick.upstream.answers[b"/things/fault"] = answer(keep=False)
        assert quick.send(request("GET", "/things/fault")).status == 200
        assert quick.send(request("GET", "/things/next")).status == 200


def test_upstream_request_is_not_repeated_when_it_may_have_arrived(quick: Arena) -> None:
    """RFC 9110 §9.2.2: a POST is never sent twice."""
    mark = quick.upstream.mark()

    def drop(received: Received, link: Link) -> bool:
        return False

    quick.upstream.answers[b"/things"] = drop
    assert_problem(quick.send(post_json(b'{"name":"a"}')), 502)
    assert len(quick.upstream.requests_since(mark)) == 1


def test_https_upstream_that_cannot_be_verified(tmp_path: Path) -> None:
    """No certificate of a known authority: refused before a byte of a request is sent."""
    ca, chain, key = local_certificate(tmp_path / "tls", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with RecordingUpstream(context=context) as upstream:
        policies = {"one": upstream.url, "two": f"{{url: '{upstream.url}', ca: '{ca}'}}"}
        for name, expected in (("one", 502), ("two", 200)):
            (tmp_path / name).mkdir()
            with start(tmp_path / name, PolicyText(upstream=policies[name])) as gateway:
                mark = upstream.mark()
                reply = exchange(gateway.port, request("GET", "/health"))
                assert reply.status == expected
                assert len(upstream.requests_since(mark)) == (expected == 200)
