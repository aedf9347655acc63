"""The data plane inside the test's own event loop: real sockets, no processes, no policy file."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

import uvloop
from tests.support.routes import make_operation

from vallum.config.model import Caps, Timeouts
from vallum.core.problems import Denied
from vallum.core.request import Client
from vallum.engine.exchange import Exchange
from vallum.engine.pipeline import Route
from vallum.engine.router import Router
from vallum.gateway.downstream import Downstream
from vallum.gateway.flight import Flight, no_request
from vallum.gateway.runtime import Origin, Runtime
from vallum.gateway.upstream import UpstreamPool
from vallum.gateway.worker import Worker

HOST = "api.example"
WAIT_SECONDS = 10.0
"""How long a test waits for anything; a hang is a failure."""


class Kept(NamedTuple):
    """What a record would say."""

    method: str
    path: str
    status: int
    decision: str
    reason: str


class MemoryRecorder:
    """Keeps the records in a list."""

    def __init__(self) -> None:
        self.records: list[Kept] = []

    def record(self, flight: Flight, ended: float) -> None:
        """Take the record of a finished exchange."""
        self.records.append(
            Kept(flight.method, flight.path, flight.status, flight.decision, flight.reason)
        )

    def flush(self) -> None:
        """Everything is kept already."""

    def check(self) -> None:
        """Nothing can fail."""

    def close(self) -> None:
        """Nothing is open."""


class SilentOrigin:
    """An upstream that takes requests and never answers."""

    def __init__(self, authority: str = "upstream.example:8000") -> None:
        self.authority = authority
        self.flights: list[Flight] = []

    def send(self, flight: Flight) -> None:
        """Keep the exchange."""
        self.flights.append(flight)

    async def start(self) -> None:
        """Nothing to make ready."""

    async def stop(self) -> None:
        """Nothing is open."""


def _no_preflight(routes: Mapping[str, Route], request: object) -> tuple[int, bytes]:
    raise Denied("cors-forbidden", "cors.off")


def _nothing(*_: object) -> None:
    """Has nothing to say."""


def make_runtime(
    routes: Iterable[Route],
    origin: Origin | None = None,
    *,
    scheme: str = "http",
    caps: Caps | None = None,
    timeouts: Timeouts | None = None,
    note_refusal: Callable[[Exchange, Denied], None] = _nothing,
    **more: Any,
) -> Runtime:
    """A policy that serves `routes` of the API `test` at `HOST`."""
    routes = tuple(routes)
    router = Router()
    for route in routes:
        router.add(route.operation.path, route)
    return Runtime(
        revision="r1",
        scheme=scheme,
        hosts={HOST: router},
        origins={"test": origin or SilentOrigin()},
        statements=more.pop("statements", {}),
        preflight=_no_preflight,
        unmatched=Route(api="", operation=make_operation("", "")),
        pseudonym=b"vallum-test",
        trusted_proxies=more.pop("trusted_proxies", ()),
        caps=caps or Caps(),
        timeouts=timeouts or Timeouts(),
        note_refusal=note_refusal,
        note_usage=more.pop("note_usage", lambda: None),
        routes=routes,
        **more,
    )


def make_flight(runtime: Runtime, route: Route, method: str = "GET", *, minor: int = 1) -> Flight:
    """An exchange on a connection that has no socket."""
    downstream = Downstream(Worker(runtime, MemoryRecorder()))
    downstream.client = Client("203.0.113.9", "203.0.113.9", 40_000)
    downstream.no_request = no_request(downstream.client, runtime.scheme)
    flight = Flight(downstream, runtime, method, minor, 0.0)
    flight.route = route
    return flight


def pool_of(port: int, *, most: int = 4, connect_timeout: float = 5.0) -> UpstreamPool:
    """Connections to an upstream on loopback."""
    return UpstreamPool(
        authority=f"127.0.0.1:{port}",
        host="127.0.0.1",
        port=port,
        unix_path=None,
        tls=None,
        most=most,
        connect_timeout=connect_timeout,
    )


class Served(NamedTuple):
    """A worker that is being served."""

    worker: Worker
    records: list[Kept]
    port: int

    async def connect(self, tls: ssl.SSLContext | None = None) -> Link:
        """A connection of a client."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=tls, server_hostname="localhost" if tls else None
        )
        return Link(reader, writer)

    async def talk(self, *parts: bytes) -> bytes:
        """Everything that comes back for `parts` until the gateway ends the connection."""
        link = await self.connect()
        link.writer.write(b"".join(parts))
        answer = await link.rest()
        link.writer.close()
        return answer

    async def recorded(self, count: int) -> list[Kept]:
        """The records, as soon as there are `count` of them."""
        await until(lambda: len(self.records) >= count)
        return self.records


class Link(NamedTuple):
    """The client's side of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, *parts: bytes) -> None:
        """Send without waiting."""
        self.writer.write(b"".join(parts))

    async def until(self, mark: bytes) -> bytes:
        """What comes, up to and with `mark`."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.readuntil(mark)

    async def exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.readexactly(size)

    def stop_reading(self) -> None:
        """Take nothing more from the socket."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    def start_reading(self) -> None:
        """Go on reading."""
        cast("asyncio.Transport", self.writer.transport).resume_reading()

    def reset(self) -> None:
        """End the connection so that the gateway notices at once: a reset, not a half-close."""
        client: socket.socket = self.writer.get_extra_info("socket")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def rest(self) -> bytes:
        """What comes until the gateway ends the connection; a reset ends it too."""
        data = b""
        async with asyncio.timeout(WAIT_SECONDS):
            try:
                while piece := await self.reader.read(65_536):
                    data += piece
            except ConnectionResetError:
                return data + b"<reset>"
        return data


@asynccontextmanager
async def serving(
    runtime: Runtime, *, tls: ssl.SSLContext | None = None, sweeps: bool = False
) -> AsyncIterator[Served]:
    """Serve `runtime` on a free port of loopback; drains at the end."""
    recorder = MemoryRecorder()
    worker = Worker(runtime, recorder)
    loop = asyncio.get_running_loop()
    for origin in runtime.origins.values():
        await origin.start()
    server = await loop.create_server(lambda: Downstream(worker), "127.0.0.1", 0, ssl=tls)
    sweep = loop.create_task(worker.sweep(_nothing)) if sweeps else None
    try:
        yield Served(worker, recorder.records, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        if sweep is not None:
            sweep.cancel()
        await worker.drain(0.0)
        for origin in runtime.origins.values():
            await origin.stop()


@asynccontextmanager
async def upstream(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
) -> AsyncIterator[int]:
    """A TCP server on a free port of loopback; `handle` runs for each connection."""
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.get_running_loop().create_task(handle(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; bounded."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110  (what is waited for sets no event)
            await asyncio.sleep(0.005)


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run one asynchronous test on the event loop that the product uses."""
    uvloop.run(asyncio.wait_for(test, 6 * WAIT_SECONDS))


def get(path: str, *lines: bytes, method: str = "GET", version: str = "1.1") -> bytes:
    """A request head."""
    first = f"{method} {path} HTTP/{version}\r\nHost: {HOST}\r\n".encode()
    return first + b"".join(line + b"\r\n" for line in lines) + b"\r\n"
