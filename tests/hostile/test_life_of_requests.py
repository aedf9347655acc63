"""Who waits out a deadline, or does not wait at all, gets nothing of it."""

from __future__ import annotations

import asyncio
import resource
import socket
import tracemalloc
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.arena import request
from tests.support.gateway import PolicyText, start
from tests.support.minting import ISSUER, Minter
from tests.support.proxy import (
    Link,
    Served,
    SilentOrigin,
    get,
    make_flight,
    make_runtime,
    pool_of,
    run,
    serving,
    until,
    upstream,
)
from tests.support.raw import RawConnection
from tests.support.routes import make_route
from tests.support.upstream import RecordingUpstream

from vallum.config.model import Caps
from vallum.gateway import upstream as pools
from vallum.gateway.body import BodyReader
from vallum.wire.authority import parse_networks
from vallum.wire.http1 import parse_request_fields

HIDDEN = request("GET", "/public/page")


@pytest.mark.parametrize("together", [True, False])
def test_b030_the_body_of_a_request_whose_check_took_too_long(
    tmp_path: Path, together: bool
) -> None:
    """A body that nobody has read when the deadline comes is not read as the next request."""
    with (
        RecordingUpstream() as upstream,
        socket.create_server(("127.0.0.1", 0)) as silent,  # An issuer that never answers.
    ):
        mark = upstream.mark()
        jwks = f"http://127.0.0.1:{silent.getsockname()[1]}/keys"
        policy = PolicyText(
            upstream=upstream.url,
            more=(
                "timeouts: {upstream: 500ms}\n"
                f"issuers: {{corp: {{issuer: '{ISSUER}', audience: bookshop, "
                f"algorithms: [ES256], jwks: '{jwks}', insecure_http_jwks: true}}}}"
            ),
            operations={"privatePost": "authenticate: corp"},
        )
        head = request(
            "POST",
            "/private",
            b"Authorization: Bearer " + Minter().token(),
            b"Content-Type: text/plain",
            b"Content-Length: %d" % len(HIDDEN),
        )
        with start(tmp_path, policy) as gateway, RawConnection(gateway.port) as connection:
            connection.send(head + HIDDEN if together else head)
            reply = connection.read()
            last = request("GET", "/health", b"Connection: close")
            connection.send(last if together else HIDDEN + last)
            later = connection.read_all()
        assert reply.status == 504
        # What is here whole is skipped; after what is not, the connection ends.
        assert len(later) == together
        assert [each.target for each in upstream.requests_since(mark)] == [b"/health"] * together


def test_b277_who_is_gone_keeps_no_place_and_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """While an upstream is busy, clients that send a body and leave at once keep nobody out."""
    monkeypatch.setattr(pools, "_MAX_WAITING", 3)
    answered = asyncio.Event()
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            await answered.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")

    held = make_route("POST", "/x", body_limit=1_000_000, body_checks=(lambda exchange: None,))
    routes = (make_route("GET", "/x"), held)

    async def test() -> None:
        async with upstream(handle) as port:
            pool = pool_of(port, most=1)
            async with serving(make_runtime(routes, pool)) as served:
                busy = await served.connect()
                busy.send(get("/x"))
                await until(lambda: len(seen) == 1)
                for number in range(3):
                    gone = await served.connect()
                    head = get("/x", b"Content-Length: 100000", method="POST")
                    gone.send(head, bytes(100_000))
                    await until(lambda: len(pool._waiting) == 1)
                    gone.reset()
                    await served.recorded(number + 1)
                    assert not pool._waiting
                waiting = await served.connect()
                waiting.send(get("/x"))
                await until(lambda: len(pool._waiting) == 1)
                answered.set()
                for link in (busy, waiting):
                    assert (await link.until(b"fine")).startswith(b"HTTP/1.1 200 ")
                    link.writer.close()
        assert [request.partition(b" ")[0] for request in seen] == [b"GET", b"GET"]

    run(test())


def test_b277_a_body_in_tiny_pieces_takes_the_memory_of_its_bytes() -> None:
    """What is reserved for a body is what it takes, however slowly its client sends it."""
    size = 100_000
    route = make_route("POST", "/x", body_limit=size, body_checks=(lambda exchange: None,))
    fields = parse_request_fields(b"Host: a\r\nContent-Length: %d" % size, 1)
    reader = BodyReader(make_flight(make_runtime([route]), route, "POST"), fields)
    tracemalloc.start()
    for number in range(size // 2):
        reader.feed(number.to_bytes(2, "big"))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.done
    assert taken < 2 * size
    assert len(reader.whole()) == size


def test_b277_one_caller_cannot_reserve_the_memory_of_all() -> None:
    """Bodies that are announced and never sent leave room for the bodies of others."""
    route = make_route("POST", "/x", body_limit=60, body_checks=(lambda exchange: None,))
    origin = SilentOrigin()
    proxies = parse_networks(["127.0.0.0/8"])
    caps = Caps(in_flight_body_bytes=100)
    links: list[Link] = []

    async def announce(served: Served, *callers: bytes, size: int = 10) -> int:
        """Heads without bodies; returns how many bytes were reserved for them."""
        worker = served.worker
        before = worker._held_bytes
        refused = len(served.records)
        for caller in callers:
            link = await served.connect()
            links.append(link)
            said = (b"X-Forwarded-For: " + caller,) if caller else ()
            link.send(get("/x", b"Content-Length: %d" % size, *said, method="POST"))
        asked = size * len(callers)
        await until(
            lambda: asked == worker._held_bytes - before + size * (len(served.records) - refused)
        )
        return worker._held_bytes - before

    async def test() -> None:
        runtime = make_runtime([route], origin, caps=caps, trusted_proxies=proxies)
        async with serving(runtime) as served:
            assert await announce(served, *(b"2001:db8:0:1::%x" % each for each in range(12))) == 50
            assert await announce(served, *(b"2001:db8:0:2::%x" % each for each in range(12))) == 20
            assert await announce(served, b"192.0.2.1") == 10
            links[-1].send(b"b" * 10)
            await until(lambda: len(origin.flights) == 1)
            assert await announce(served, b"", b"", b"") == 20, "a proxy of ours, for its clients"
            assert {record.reason for record in served.records} == {"gateway.body-budget"}
            for link in links:
                link.reset()
            await until(lambda: served.worker._held_bytes == 0)
            assert not served.worker._held_by_caller
            assert await announce(served, b"192.0.2.1", size=60) == 60, "one body may be any size"
            links[-1].writer.close()

    run(test())


def test_b050_the_system_gives_each_connection_its_descriptor(tmp_path: Path) -> None:
    """Who opens connections up to the caps does not keep the gateway from its upstream."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with RecordingUpstream() as upstream, ExitStack() as stack:
        policy = PolicyText(upstream=upstream.url, more="caps: {connections: 200}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, limits[1]))
        try:
            gateway = stack.enter_context(start(tmp_path, policy))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        silent = [stack.enter_context(RawConnection(gateway.port)) for _ in range(150)]
        for connection in (silent[0], silent[-1], stack.enter_context(RawConnection(gateway.port))):
            connection.send(request("GET", "/health"))
            assert connection.read().status == 200
        assert "too few" not in gateway.errors
