"""Connections to an upstream: pooled, bounded, retried with care, never believed about framing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from tests.support.proxy import get, make_runtime, pool_of, run, serving, until, upstream
from tests.support.routes import make_route

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

_ROUTES = (
    make_route("GET", "/x"),
    make_route("POST", "/x", body_limit=1_000_000),
    make_route("PUT", "/x", body_limit=1_000_000),
)
_CLOSE = b"Connection: close"


def _answering(*answers: bytes) -> Handler:
    """An upstream that gives these answers, one for each request, and then ends."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    return handle


def _ok(body: bytes = b"fine", *lines: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body)
    return head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


async def _one(handle: Handler, request: bytes) -> bytes:
    async with upstream(handle) as port, serving(make_runtime(_ROUTES, pool_of(port))) as served:
        return await served.talk(request)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (_ok(), b"fine"),
        (_ok(b"x" * 200_000), b"x" * 200_000),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", b"old"),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + _ok(), b"fine"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_an_answer_goes_on_whole_however_it_is_framed(answer: bytes, body: bytes) -> None:
    async def test() -> None:
        raw = await _one(_answering(answer), get("/x", _CLOSE))
        head, _, got = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        if b"transfer-encoding: chunked" in head:
            assert got == b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            assert b"\r\ncontent-length: %d" % len(body) in head
            assert got == body

    run(test())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"SSH-2.0-x\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nlong",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore",
        b"HTTP/1.1 204 No Content\r\n\r\nbody",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\nLocation: /a\r\nLocation: /b\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_b031_b046_an_answer_in_doubt_is_a_clean_502(answer: bytes) -> None:
    async def test() -> None:
        raw = await _one(_answering(answer), get("/x", _CLOSE))
        assert raw.startswith(b"HTTP/1.1 502 ")
        assert raw.count(b"HTTP/1.1") == 1
        for inside in (b"okHTTP", b"long", b"short", b"SSH"):
            assert inside not in raw

    run(test())


@pytest.mark.parametrize(
    "rest",
    [b"", b"zz\r\n", b"5\r\nabcdeXX", b"FFFFFFFFF\r\n"],
)
def test_b031_an_answer_that_goes_wrong_on_its_way_is_broken_off(rest: bytes) -> None:
    async def test() -> None:
        begin = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n"
        raw = await _one(_answering(begin + rest), get("/x", _CLOSE))
        assert not raw.endswith(b"0\r\n\r\n"), "the client must see that it is not whole"
        assert raw.count(b"HTTP/1.1") == (1 if b"begun" in raw or raw.startswith(b"HTTP") else 0)

    run(test())


@pytest.mark.parametrize(
    ("head", "length"),
    [(b"Content-Length: 999", b"999"), (b"Transfer-Encoding: chunked", None), (b"X: y", None)],
)
def test_an_answer_to_head_ends_with_its_head(head: bytes, length: bytes | None) -> None:
    async def test() -> None:
        answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n"
        async with (
            upstream(_answering(answer, _ok())) as port,
            serving(make_runtime(_ROUTES, pool_of(port, most=1))) as served,
        ):
            raw = await served.talk(get("/x", method="HEAD"), get("/x", _CLOSE))
        first, _, rest = raw.partition(b"\r\n\r\n")
        assert (b"\r\ncontent-length: 999" in first) is (length is not None)
        assert b"transfer-encoding" not in first
        assert rest.startswith(b"HTTP/1.1 200 OK")

    run(test())


# --- reuse, retries ------------------------------------------------------------------------------


class _Counting:
    """An upstream that counts its connections and drops each after some answers."""

    def __init__(self, answers: int, *, close_silently: bool = True) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._answers = answers
        self._silently = close_silently

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for _ in range(self._answers):
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head + await self._body(head, reader))
                writer.write(_ok())
            # The next request is read and never answered, as by a server that times out.
            self.requests.append(b"unanswered " + await reader.readuntil(b"\r\n\r\n"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _body(self, head: bytes, reader: asyncio.StreamReader) -> bytes:
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return await reader.readexactly(int(line.partition(b":")[2]))
        return b""


@pytest.mark.parametrize(("method", "status"), [("GET", b"200"), ("PUT", b"200"), ("POST", b"502")])
def test_only_what_may_be_repeated_is_sent_again_on_a_fresh_connection(
    method: str, status: bytes
) -> None:
    async def test() -> None:
        backend = _Counting(1)
        async with (
            upstream(backend) as port,
            serving(make_runtime(_ROUTES, pool_of(port))) as served,
        ):
            link = await served.connect()
            link.send(get("/x"))
            await link.until(b"fine")
            link.send(get("/x", b"Content-Length: 0", _CLOSE, method=method))
            raw = await link.rest()
            link.writer.close()
        assert raw.startswith(b"HTTP/1.1 " + status)
        assert backend.connections == (2 if status == b"200" else 1)

    run(test())


def test_a_relayed_body_that_is_gone_is_not_sent_again_as_nothing() -> None:
    async def test() -> None:
        backend = _Counting(1)
        async with (
            upstream(backend) as port,
            serving(make_runtime(_ROUTES, pool_of(port))) as served,
        ):
            link = await served.connect()
            link.send(get("/x"))
            await link.until(b"fine")
            link.send(get("/x", b"Content-Length: 3", _CLOSE, method="PUT"))
            link.send(b"abc")
            raw = await link.rest()
            link.writer.close()
        # Whether the whole request was held when it was sent is a matter of timing.
        assert raw.startswith((b"HTTP/1.1 200", b"HTTP/1.1 502"))
        repeated = [request for request in backend.requests if request.startswith(b"PUT")]
        assert all(request.endswith(b"\r\n\r\nabc") for request in repeated)

    run(test())


def test_a_connection_that_never_carried_an_answer_is_not_retried() -> None:
    async def test() -> None:
        backend = _Counting(0)
        async with (
            upstream(backend) as port,
            serving(make_runtime(_ROUTES, pool_of(port))) as served,
        ):
            raw = await served.talk(get("/x", _CLOSE))
        assert raw.startswith(b"HTTP/1.1 502 ")
        assert backend.connections == 1

    run(test())


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (_ok(), 1),
        (_ok(b"fine", b"Connection: close"), 3),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfine", 3),
    ],
)
def test_a_connection_is_used_again_where_the_answer_lets_it(
    answer: bytes, connections: int
) -> None:
    count = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await _answering(*[answer] * 3)(reader, writer)

    async def test() -> None:
        async with (
            upstream(handle) as port,
            serving(make_runtime(_ROUTES, pool_of(port))) as served,
        ):
            link = await served.connect()
            for _ in range(3):
                link.send(get("/x"))
                await link.until(b"fine")
            link.writer.close()
        assert count == connections

    run(test())


def test_an_idle_connection_that_the_upstream_ends_takes_no_exchange_from_then_on() -> None:
    backend = _Counting(9)

    async def test() -> None:
        async with upstream(backend) as port:
            pool = pool_of(port)
            async with serving(make_runtime(_ROUTES, pool)) as served:
                link = await served.connect()
                link.send(get("/x"))
                await link.until(b"fine")
                (idle,) = pool._idle
                # What the event loop does when the end has come; it says that it is lost later.
                assert not idle.eof_received()
                link.send(get("/x", b"Content-Length: 0", _CLOSE, method="POST"))
                raw = await link.rest()
                link.writer.close()
                idle.abort()
        assert raw.startswith(b"HTTP/1.1 200 ")
        assert backend.connections == 2

    run(test())


def test_b031_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    ends: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_ok())
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        try:
            ends.append(await reader.read())
        except ConnectionError:
            ends.append(b"")
        writer.close()

    async def test() -> None:
        async with (
            upstream(handle) as port,
            serving(make_runtime(_ROUTES, pool_of(port))) as served,
        ):
            link = await served.connect()
            link.send(get("/x"))
            await link.until(b"fine")
            await until(lambda: ends == [b""])
            link.send(get("/x", _CLOSE))
            raw = await link.rest()
            link.writer.close()
        assert b"evil" not in raw
        assert raw.endswith(b"fine")

    run(test())


# --- bounds --------------------------------------------------------------------------------------


def test_connections_are_bounded_and_exchanges_wait_for_them() -> None:
    open_now, most_open = 0, 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most_open
        open_now += 1
        most_open = max(most_open, open_now)
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(0.002)
                writer.write(_ok())
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            open_now -= 1
            writer.close()

    async def test() -> None:
        async with (
            upstream(handle) as port,
            serving(make_runtime(_ROUTES, pool_of(port, most=3))) as served,
        ):
            answers = await asyncio.gather(*(served.talk(get("/x", _CLOSE)) for _ in range(40)))
        assert all(answer.endswith(b"fine") for answer in answers)
        assert most_open == 3

    run(test())


def test_every_exchange_that_waits_is_told_when_the_upstream_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def test() -> None:
        async with serving(make_runtime(_ROUTES, pool_of(port, most=1))) as served:
            answers = await asyncio.gather(*(served.talk(get("/x", _CLOSE)) for _ in range(20)))
        assert {answer[:12] for answer in answers} == {b"HTTP/1.1 503"}

    run(test())


def test_an_exchange_whose_client_is_gone_takes_no_connection() -> None:
    backend = _Counting(9)
    gate = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await backend(reader, writer)

    async def test() -> None:
        async with (
            upstream(handle) as port,
            serving(make_runtime(_ROUTES, pool_of(port, most=1))) as served,
        ):
            first = await served.connect()
            first.send(get("/x"))
            gone = await served.connect()
            gone.send(get("/x", b"X-Gone: 1"))
            await until(lambda: len(served.worker._connections) == 2)
            await asyncio.sleep(0.02)
            gone.reset()
            await served.recorded(1)
            gate.set()
            await first.until(b"fine")
            first.send(get("/x", _CLOSE))
            await first.rest()
            first.writer.close()
        assert not any(b"x-gone" in request for request in backend.requests)

    run(test())


def test_a_client_that_gives_up_ends_the_upstream_connection() -> None:
    ended: list[bool] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            await reader.read()
        ended.append(True)
        writer.close()

    async def test() -> None:
        async with (
            upstream(handle) as port,
            serving(make_runtime(_ROUTES, pool_of(port))) as served,
        ):
            link = await served.connect()
            link.send(get("/x"))
            await asyncio.sleep(0.05)
            link.reset()
            await until(lambda: ended == [True])

    run(test())
