"""Large and slow bodies both ways: they stream, and whoever is slow slows the other side down."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.arena import Arena, request
from tests.support.gateway import PolicyText, start
from tests.support.raw import RawConnection
from tests.support.streams import MIB, put, stream_down
from tests.support.upstream import (
    JSON_HEAD,
    Link,
    Received,
    RecordingUpstream,
)
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def _streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, body="256MiB")
        with start(tmp_path_factory.mktemp("streams"), policy) as gateway:
            yield Arena(gateway, upstream)


@pytest.fixture
def streams(_streams: Arena) -> Iterator[Arena]:
    """A gateway that accepts large bodies; the upstream counts bytes and keeps none."""
    _streams.upstream.keep_bytes = False
    yield _streams
    _streams.upstream.reading.set()
    _streams.upstream.answers.clear()
    _streams.gateway.assert_healthy()


@pytest.mark.parametrize("chunked", [False, True])
def test_upload_streams_with_back_pressure(streams: Arena, chunked: bool) -> None:
    """The client is stopped while the upstream does not read; memory stays flat."""
    size, piece = 64 * MIB, b"u" * MIB
    framed = b"100000\r\n" + piece + b"\r\n" if chunked else piece
    before = streams.gateway.rss_bytes()
    mark = streams.upstream.mark()
    streams.upstream.reading.clear()
    with RawConnection(streams.gateway.port, timeout=3) as connection:
        connection.send(put(size, chunked=chunked))
        sent = 0
        with suppress(TimeoutError):
            while sent < size:
                connection.send(framed)
                sent += MIB
        assert sent < size, "somebody swallowed 64 MiB"
    assert streams.gateway.rss_bytes() - before < 16 * MIB
    streams.upstream.reading.set()
    with streams.connect() as connection:
        connection.send(put(size, chunked=chunked))
        connection.send_each([framed] * 64)
        if chunked:
            connection.send(b"0\r\n\r\n")
        assert connection.read().status == 200
    assert streams.upstream.raw_size_since(mark) >= size
    assert streams.gateway.rss_bytes() - before < 16 * MIB


def test_upload_arrives_unchanged(streams: Arena) -> None:
    streams.upstream.keep_bytes = True
    mark = streams.upstream.mark()
    body = os.urandom(3 * MIB + 17)
    with streams.connect() as connection:
        connection.send(put(len(body)), body)
        assert connection.read().status == 200
        connection.send(put(0, chunked=True))
        sizes = [1, 2, 1000, 65536, 99999]
        position = number = 0
        while position < len(body):
            piece = body[position : position + sizes[number % len(sizes)]]
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            position += len(piece)
            number += 1
        connection.send(b"0\r\n\r\n")
        assert connection.read().status == 200
    for received in streams.upstream.requests_since(mark):
        assert hashlib.sha256(received.body).digest() == hashlib.sha256(body).digest()


def test_upload_begins_to_arrive_before_it_ends(streams: Arena) -> None:
    streams.upstream.keep_bytes = True
    mark = streams.upstream.mark()
    with streams.connect() as connection:
        connection.send(put(2 * MIB), b"a" * MIB)
        eventually(lambda: streams.upstream.raw_size_since(mark) > MIB, "the first half")
        connection.send(b"b" * MIB)
        assert connection.read().status == 200


def test_upload_that_breaks_off_is_never_whole(streams: Arena) -> None:
    streams.upstream.keep_bytes = True
    mark = streams.upstream.mark()
    with streams.connect() as connection:
        connection.send(put(2 * MIB), b"a" * MIB)
        eventually(lambda: streams.upstream.raw_size_since(mark) > MIB, "the first half")
    with streams.connect() as connection:
        connection.send(put(0, chunked=True), b"5\r\nhello\r\nzz\r\n")
        assert connection.read().status == 400
        assert connection.is_ended()
    streams.good()
    (good,) = streams.upstream.requests_since(mark)
    assert good.target.startswith(b"/things/good-")


def test_upload_beyond_the_limit(streams: Arena) -> None:
    with streams.connect() as connection:
        connection.send(put(257 * MIB))
        assert connection.read().status == 413
        assert connection.is_ended()
    mark = streams.upstream.mark()
    with streams.connect() as connection:
        connection.send(put(0, chunked=True))
        chunk = b"100000\r\n" + b"c" * MIB + b"\r\n"
        connection.send_each([chunk] * 257)
        assert connection.read().status == 413
    assert streams.upstream.requests_since(mark) == []


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 67108864\r\n", b"Transfer-Encoding: chunked\r\n", b""]
)
def test_download_streams_with_back_pressure(streams: Arena, framing: bytes) -> None:
    """The upstream is stopped while the client does not read; memory stays flat."""
    size = 64 * MIB
    streams.upstream.answers[b"/blobs/stream"] = stream_down(size, framing)
    before = streams.gateway.rss_bytes()
    with streams.connect() as connection:
        connection.send(request("GET", "/blobs/stream"))
        connection.socket.recv(1, socket.MSG_PEEK)
        peak = 0
        for _ in range(50):
            peak = max(peak, streams.gateway.rss_bytes())
            time.sleep(0.01)
        assert peak - before < 16 * MIB
        assert len(connection.read().body) == size
        connection.send(request("GET", "/health"))
        assert connection.read().status == 200


def test_download_begins_to_arrive_before_it_ends(streams: Arena) -> None:
    released = threading.Event()

    def respond(received: Received, link: Link) -> bool:
        link.send(JSON_HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nfirst\r\n")
        released.wait(10)
        link.send(b"4\r\nlast\r\n0\r\n\r\n")
        return True

    streams.upstream.answers[b"/blobs/slow"] = respond
    with streams.connect() as connection:
        connection.send(request("GET", "/blobs/slow"))
        while b"first" not in connection.buffer:
            connection.buffer += connection.socket.recv(65536)
        released.set()
        assert connection.read().body == b"firstlast"


def test_many_connections_at_once(streams: Arena) -> None:
    connections = [streams.connect() for _ in range(200)]
    for number, connection in enumerate(connections):
        connection.send(request("GET", f"/things/many-{number}"))
    assert {connection.read().status for connection in connections} == {200}
    for connection in connections:
        connection.socket.close()


def test_connections_of_one_address_are_capped(tmp_path: Path) -> None:
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, more="caps: {connections_per_address: 5}")
        with start(tmp_path, policy) as gateway:
            arena = Arena(gateway, upstream)
            kept = [arena.connect() for _ in range(5)]
            for connection in kept:
                connection.send(request("GET", "/health"))
                assert connection.read().status == 200
            with arena.connect() as refused:
                refused.send(request("GET", "/health"))
                assert refused.is_ended()
            kept[0].socket.close()
            for connection in kept[1:]:
                connection.send(request("GET", "/health"))
                assert connection.read().status == 200
                connection.socket.close()
