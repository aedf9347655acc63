"""The test harness itself: what the raw client and the recording upstream must not overlook."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from tests.support.raw import Closed, MalformedAnswerError, RawConnection
from tests.support.upstream import RecordingUpstream, echo, raw_answer

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def upstream() -> Iterator[RecordingUpstream]:
    with RecordingUpstream() as made:
        yield made


def test_the_upstream_keeps_bytes_and_requests(upstream: RecordingUpstream) -> None:
    upstream.default = echo
    mark = upstream.mark()
    post = b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    with RawConnection(upstream.port) as connection:
        connection.send(GET, post)
        assert [connection.read().body, connection.read().body] == [b"/a", b"/b"]
    assert upstream.raw_size_since(mark) == len(GET + post)
    first, second = upstream.requests_since(mark)
    assert (first.method, second.body) == ("GET", b"hi")
    assert first.connection == second.connection
    assert upstream.contains(b"POST /B")
    assert upstream.faults == []


def test_the_upstream_sees_half_a_request(upstream: RecordingUpstream) -> None:
    mark = upstream.mark()
    with RawConnection(upstream.port) as connection:
        connection.send(GET[:-2])
        assert upstream.raw_size_since(mark) == len(GET) - 2
    assert upstream.requests_since(mark) == []


def test_the_upstream_reports_what_a_strict_parser_refuses(upstream: RecordingUpstream) -> None:
    with RawConnection(upstream.port) as connection:
        connection.send(b"GET /a HTTP/1.1\r\nHost : x\r\n\r\n")
        assert connection.is_ended()
    assert len(upstream.faults) == 1


def test_the_upstream_answers_early_without_reading(upstream: RecordingUpstream) -> None:
    upstream.early_answers[b"/a"] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with RawConnection(upstream.port) as connection:
        connection.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        assert connection.read().status == 200
    assert upstream.requests_since(upstream.mark()) == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_the_client_is_strict(upstream: RecordingUpstream, answer: bytes) -> None:
    upstream.default = raw_answer(answer)
    with RawConnection(upstream.port) as connection:
        connection.send(GET)
        with pytest.raises(MalformedAnswerError):
            connection.read()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
)
def test_the_client_notices_a_cut(upstream: RecordingUpstream, answer: bytes) -> None:
    upstream.default = raw_answer(answer)
    with RawConnection(upstream.port) as connection:
        connection.send(GET)
        with pytest.raises(Closed):
            connection.read()


def test_the_client_reads_all_answers_and_the_end(upstream: RecordingUpstream) -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
    upstream.default = raw_answer(b"HTTP/1.1 100 Continue\r\n\r\n", ok, ok)
    with RawConnection(upstream.port) as connection:
        connection.send(GET)
        assert [reply.status for reply in connection.read_all()] == [100, 200, 200]


def test_the_client_never_waits_for_ever() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        RawConnection(silent.getsockname()[1], timeout=0.05) as connection,
    ):
        connection.send(GET)
        with pytest.raises(TimeoutError):
            connection.read()
