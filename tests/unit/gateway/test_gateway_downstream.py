"""A client connection under odd timing: pauses, pipelines, early answers, half-closes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any

import pytest
from tests.support.proxy import (
    SilentOrigin,
    get,
    make_runtime,
    pool_of,
    run,
    serving,
    until,
    upstream,
)
from tests.support.routes import make_route

from vallum.config.model import Caps, Timeouts
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Answer
from vallum.gateway.answers import PreparedHead
from vallum.wire.authority import parse_networks

_OK = PreparedHead(b"HTTP/1.1 200 OK")


class _Gate:
    """A check that waits until the test lets it go on."""

    def __init__(self, denied: Denied | None = None) -> None:
        self.opened = asyncio.Event()
        self.waiting = 0
        self.cancelled = 0
        self._denied = denied

    def __call__(self, exchange: Exchange) -> Awaitable[None]:
        return self._wait()

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._denied is not None:
            raise self._denied


class EchoOrigin(SilentOrigin):
    """Answers each exchange at once with what it was asked for."""

    def send(self, flight: object) -> None:
        """Answer."""
        super().send(flight)  # type: ignore[arg-type]
        exchange = self.flights[-1]
        body = exchange.path.encode() + b"|" + exchange.body
        exchange.downstream.answer_whole(exchange, _OK, body)


def _pass(exchange: Exchange) -> None:
    """Has nothing against any exchange."""


# --- checks that must wait -----------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 65_537, 400_000])
def test_a_body_that_comes_while_a_check_waits_is_read_afterwards(size: int) -> None:
    async def test() -> None:
        gate = _Gate()
        route = make_route(
            "POST", "/x", head_checks=(gate,), body_checks=(_pass,), body_limit=500_000
        )
        origin = EchoOrigin()
        async with serving(make_runtime([route], origin)) as served:
            link = await served.connect()
            link.send(
                get("/x", b"Content-Length: %d" % size, b"Connection: close", method="POST"),
                b"b" * size,
            )
            await until(lambda: gate.waiting == 1)
            await asyncio.sleep(0.05)  # Lets the whole body come as far as it can.
            gate.opened.set()
            answer = await link.rest()
            link.writer.close()
        assert answer.endswith(b"/x|" + b"b" * size)

    run(test())


def test_requests_behind_one_whose_check_waits_are_answered_in_order() -> None:
    async def test() -> None:
        gate = _Gate()
        routes = [make_route("GET", "/slow", head_checks=(gate,)), make_route("GET", "/quick")]
        async with serving(make_runtime(routes, EchoOrigin())) as served:
            link = await served.connect()
            link.send(get("/slow"), get("/quick"), get("/none"))
            await until(lambda: gate.waiting == 1)
            link.send(get("/quick", b"Connection: close"))
            gate.opened.set()
            answer = await link.rest()
            link.writer.close()
            records = await served.recorded(4)
        assert [record.path for record in records] == ["/slow", "/quick", "/none", "/quick"]
        marks = (b"/slow|", b"/quick|", b"HTTP/1.1 404", b"connection: close")
        order = [answer.find(mark) for mark in marks]
        assert order == sorted(order)
        assert -1 not in order

    run(test())


def test_a_check_that_waits_and_refuses_stops_the_exchange() -> None:
    async def test() -> None:
        gate = _Gate(Denied("forbidden", "test.refused"))
        origin = EchoOrigin()
        route = make_route("GET", "/x", head_checks=(gate, _pass))
        async with serving(make_runtime([route], origin)) as served:
            gate.opened.set()
            answer = await served.talk(get("/x", b"Connection: close"))
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert origin.flights == []

    run(test())


@pytest.mark.parametrize("where", ["head_checks", "body_checks"])
def test_a_check_that_waits_is_cancelled_when_the_client_goes(where: str) -> None:
    async def test() -> None:
        first, second = _Gate(), _Gate()
        checks = {"head_checks": (first,), "body_checks": (_pass,), where: (first, second)}
        if where == "body_checks":
            checks["head_checks"] = (_Opened(),)
        route = make_route("POST", "/x", body_limit=100, **checks)
        origin = EchoOrigin()
        async with serving(make_runtime([route], origin)) as served:
            link = await served.connect()
            link.send(get("/x", b"Content-Length: 1", method="POST"), b"b")
            await until(lambda: first.waiting == 1)
            first.opened.set()
            await until(lambda: second.waiting == 1)
            link.reset()
            await until(lambda: second.cancelled == 1)
            (record,) = await served.recorded(1)
        assert (record.decision, record.reason) == ("aborted", "client.disconnected")
        assert origin.flights == []

    run(test())


class _Opened:
    """A check that waits for nothing, as an awaitable."""

    def __call__(self, exchange: Exchange) -> Awaitable[None]:
        return asyncio.sleep(0)


def test_gw3_a_control_that_raises_denies(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(exchange: Exchange) -> None:
        raise ZeroDivisionError

    async def broken_later(exchange: Exchange) -> None:
        raise ZeroDivisionError

    async def test(check: Callable[[Exchange], Awaitable[None] | None]) -> None:
        origin = EchoOrigin()
        route = make_route("GET", "/x", head_checks=(check,))
        async with serving(make_runtime([route], origin)) as served:
            answer = await served.talk(get("/x", b"Connection: close"))
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"ZeroDivision" not in answer
        assert origin.flights == []

    run(test(broken))
    run(test(broken_later))
    assert capfd.readouterr().err.count("\nZeroDivisionError") == 2


def test_gw3_a_screen_that_raises_denies(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(exchange: Exchange, answer: Answer) -> None:
        raise ZeroDivisionError

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")

    async def test() -> None:
        routes = [
            make_route("GET", "/x", screens=(broken,), screens_from=200),
            make_route("GET", "/y"),
        ]
        async with (
            upstream(_until_closed(handle)) as port,
            serving(make_runtime(routes, pool_of(port))) as served,
        ):
            answer = await served.talk(get("/x"), get("/y", b"Connection: close"))
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert answer.count(b"secret") == 1, "only the answer that no screen spoilt goes out"
        assert b"HTTP/1.1 200 OK" in answer

    run(test())
    assert "ZeroDivisionError" in capfd.readouterr().err


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def _until_closed(handle: Handler) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    return handler


# --- bodies that are relayed ---------------------------------------------------------------------

_RELAYED = make_route("POST", "/up", body_limit=1_000_000)


@pytest.mark.parametrize("fault", [b"zz\r\n", b"5\r\nhelloXX", b"fffffff\r\n", None], ids=str)
def test_b030_a_body_that_goes_wrong_under_a_running_answer_breaks_it_off(
    fault: bytes | None,
) -> None:
    """A second head in the middle of an answer would be read as part of its body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nearly")
        await reader.read()

    async def test() -> None:
        async with upstream(_until_closed(handle)) as port:
            runtime = make_runtime(
                [_RELAYED], pool_of(port), timeouts=Timeouts(body=0.3, upstream=0.3)
            )
            async with serving(runtime, sweeps=True) as served:
                link = await served.connect()
                link.send(get("/up", b"Transfer-Encoding: chunked", method="POST"), b"1\r\na\r\n")
                await link.until(b"early")
                if fault is not None:
                    link.send(fault)
                rest = await link.rest()
                link.writer.close()
                (record,) = await served.recorded(1)
        assert b"HTTP/1.1" not in rest
        assert b"problem" not in rest
        assert record.decision == "deny"

    run(test())


def test_b030_an_answer_before_the_end_of_the_body_ends_the_connection() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        await reader.read()

    async def test() -> None:
        async with (
            upstream(_until_closed(handle)) as port,
            serving(make_runtime([_RELAYED], pool_of(port))) as served,
        ):
            link = await served.connect()
            link.send(get("/up", b"Content-Length: 100", method="POST"), b"part")
            head = await link.until(b"\r\n\r\n")
            assert await link.exactly(2) == b"no"
            # What comes now is the rest of the body, whatever it looks like.
            link.send(get("/up", b"Content-Length: 0", method="POST"))
            rest = await link.rest()
            link.writer.close()
            records = await served.recorded(1)
        assert b"connection: close" in head
        assert rest == b""
        assert [record.status for record in records] == [403]

    run(test())


def test_b028_bytes_after_a_refusal_are_no_request() -> None:
    async def test() -> None:
        route = make_route("POST", "/x", body_limit=10)
        async with serving(make_runtime([route], EchoOrigin())) as served:
            link = await served.connect()
            link.send(get("/x", b"Content-Length: 60", b"Expect: 100-continue", method="POST"))
            head = await link.until(b"\r\n\r\n")
            link.send(get("/x", b"Content-Length: 0", method="POST"))
            rest = await link.rest()
            link.writer.close()
        assert head.startswith(b"HTTP/1.1 413 ")
        assert b"HTTP/1.1" not in rest

    run(test())


def test_b027_a_body_where_none_is_expected_is_refused_and_skipped() -> None:
    async def test() -> None:
        routes = [make_route("GET", "/x"), make_route("DELETE", "/x", body_limit=10)]
        async with serving(make_runtime(routes, EchoOrigin())) as served:
            answer = await served.talk(
                get("/x", b"Content-Length: 5"), b"hello",
                get("/x", b"Content-Length: 5", method="DELETE"), b"hello",
                get("/x", b"Connection: close"),
            )  # fmt: skip
            records = await served.recorded(3)
        assert [record.status for record in records] == [400, 400, 200]
        assert answer.endswith(b"/x|")

    run(test())


def test_b277_bodies_that_would_be_too_much_together_are_refused() -> None:
    async def test() -> None:
        route = make_route("POST", "/x", body_checks=(_pass,), body_limit=100)
        runtime = make_runtime(
            [route],
            EchoOrigin(),
            caps=Caps(in_flight_body_bytes=150),
            trusted_proxies=parse_networks(["127.0.0.0/8"]),
        )
        async with serving(runtime) as served:
            first = await served.connect()
            first.send(get("/x", b"Transfer-Encoding: chunked", method="POST"))
            await until(lambda: served.worker._held_bytes == 100)
            refused = await served.talk(
                get("/x", b"Content-Length: 60", b"Connection: close", method="POST"), b"b" * 60
            )
            fits = await served.talk(
                get("/x", b"Content-Length: 50", b"Connection: close", method="POST"), b"b" * 50
            )
            first.send(b"1\r\na\r\n0\r\n\r\n")
            await first.until(b"/x|a")
            first.writer.close()
            assert served.worker._held_bytes == 0
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert fits.startswith(b"HTTP/1.1 200 ")

    run(test())


# --- pipelines, half-closes, slow readers --------------------------------------------------------


def test_everything_that_was_sent_whole_before_a_half_close_is_answered() -> None:
    async def test() -> None:
        async with serving(make_runtime([make_route("GET", "/x")], EchoOrigin())) as served:
            link = await served.connect()
            link.send(get("/x"), get("/none"), get("/x"), b"GET /part")
            link.writer.write_eof()
            answer = await link.rest()
            link.writer.close()
            records = await served.recorded(4)
        assert answer.count(b"HTTP/1.1 200 ") == 2
        assert answer.count(b"HTTP/1.1 404 ") == 1
        assert [record.decision for record in records] == ["allow", "deny", "allow", "aborted"]

    run(test())


def test_b049_a_client_that_never_reads_its_answers_stops_getting_them() -> None:
    async def test() -> None:
        runtime = make_runtime([make_route("GET", "/x")], timeouts=Timeouts(write=0.6))
        async with serving(runtime, sweeps=True) as served:
            link = await served.connect()
            link.stop_reading()
            flood = get("/none") * 2_000
            for _ in range(40):
                link.send(flood)
            # The gateway stops reading, and ends the connection when that has lasted too long.
            await until(lambda: not served.worker._connections)
            link.reset()
        assert len(served.records) < 40_000, "answers piled up"

    run(test())


def test_b049_requests_that_must_wait_do_so_outside_the_gateway() -> None:
    """Each request is cut off the front of what is held, so that much held costs much time."""

    async def test() -> None:
        count = 20_000
        async with serving(make_runtime([make_route("GET", "/x")])) as served:
            link = await served.connect()
            link.send(get("/none") * count)
            reading = asyncio.ensure_future(link.rest())
            most = 0
            while len(served.records) < count:
                held = [len(connection._buffer) for connection in served.worker._connections]
                most = max(most, *held)
                await asyncio.sleep(0)
            reading.cancel()
            link.reset()
        assert most <= 64 * 1024 + 256_000, "more than the bound and one read"

    run(test())


def test_b049_bytes_of_a_head_that_trickle_in_do_not_extend_its_time() -> None:
    async def test() -> None:
        runtime = make_runtime([make_route("GET", "/x")], timeouts=Timeouts(headers=0.5, idle=30))
        async with serving(runtime, sweeps=True) as served:
            link = await served.connect()
            answer = asyncio.ensure_future(link.rest())
            for byte in b"GET /x HTTP/1.1\r\nX-Long: " + b"a" * 1_000:
                if answer.done() or link.writer.transport.is_closing():
                    break
                link.send(bytes((byte,)))
                await asyncio.sleep(0.01)
            assert (await answer).startswith(b"HTTP/1.1 408 ")
            link.writer.close()
            (record,) = await served.recorded(1)
        assert (record.decision, record.reason) == ("deny", "client.head-timeout")

    run(test())


def test_an_upstream_that_is_silent_is_given_up() -> None:
    async def test() -> None:
        runtime = make_runtime([make_route("GET", "/x")], timeouts=Timeouts(upstream=0.3))
        async with serving(runtime, sweeps=True) as served:
            answer = await served.talk(get("/x", b"Connection: close"))
        assert answer.startswith(b"HTTP/1.1 504 ")

    run(test())


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        ("1.1", None, True),
        ("1.1", b"keep-alive", True),
        ("1.1", b"close", False),
        ("1.1", b"keep-alive, Close", False),
        ("1.0", None, False),
        ("1.0", b"keep-alive", True),
        ("1.0", b"close, keep-alive", False),
    ],
)
def test_a_connection_stays_open_where_rfc_9112_says_so(
    version: str, connection: bytes | None, stays: bool
) -> None:
    lines = () if connection is None else (b"Connection: " + connection,)

    async def test() -> None:
        async with serving(make_runtime([make_route("GET", "/x")], EchoOrigin())) as served:
            link = await served.connect()
            link.send(get("/x", *lines, version=version))
            head = await link.until(b"/x|")
            link.send(get("/x", b"Connection: close"))
            rest = await link.rest()
            link.writer.close()
        assert (b"/x|" in rest) is stays
        assert (b"connection: close" in head) is not stays

    run(test())


def test_b050_connections_are_capped_by_address_and_in_all() -> None:
    async def test(caps: Caps) -> None:
        runtime = make_runtime([make_route("GET", "/x")], EchoOrigin(), caps=caps)
        async with serving(runtime) as served:
            links = [await served.connect() for _ in range(2)]
            for link in links:
                link.send(get("/x"))
                await link.until(b"/x|")
            surplus = await served.connect()
            assert await surplus.rest() in (b"", b"<reset>")
            links.pop().writer.close()
            await until(lambda: len(served.worker._connections) == 1)
            again = await served.connect()
            again.send(get("/x"))
            await again.until(b"/x|")
            for link in (*links, again, surplus):
                link.writer.close()

    run(test(Caps(connections_per_address=2)))
    run(test(Caps(connections=2)))


def test_a_slow_client_gets_the_whole_of_the_last_answer_on_its_connection() -> None:
    """Lingering begins when everything is sent: until then the time for writing counts."""
    body = bytes(20_000_000)

    async def test() -> None:
        origin = SilentOrigin()
        async with serving(make_runtime([make_route("GET", "/x")], origin)) as served:
            link = await served.connect()
            link.stop_reading()
            link.send(get("/x", b"Connection: close"))
            await until(lambda: len(origin.flights) == 1)
            flight = origin.flights[0]
            connection = flight.downstream
            connection.answer_begins(flight, _OK, len(body) + 3)
            connection.answer_data(flight, body)
            connection.answer_ends(flight, b"end")
            await served.recorded(1)
            connection.check_deadline(monotonic() + 20.0)
            link.start_reading()
            raw = await link.rest()
            connection.check_deadline(monotonic() + 20.0)
            link.writer.close()
        assert raw.endswith(bytes(1000) + b"end")

    run(test())


def test_drain_lets_an_exchange_end_and_tells_the_client() -> None:
    async def test() -> None:
        origin = SilentOrigin()
        async with serving(make_runtime([make_route("GET", "/x")], origin)) as served:
            idle = await served.connect()
            busy = await served.connect()
            busy.send(get("/x"))
            await until(lambda: len(origin.flights) == 1)
            draining = asyncio.ensure_future(served.worker.drain(5.0))
            assert await idle.rest() == b""
            flight = origin.flights[0]
            flight.downstream.answer_whole(flight, _OK, b"done")
            answer = await busy.rest()
            await draining
            idle.writer.close()
            busy.writer.close()
        assert answer.endswith(b"done")
        assert b"connection: close" in answer

    run(test())
