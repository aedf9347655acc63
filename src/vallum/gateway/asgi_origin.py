"""An ASGI application in the worker's own process as an upstream (`asgi:package.module:app`)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from vallum.core.problems import Denied
from vallum.gateway.answers import PreparedHead
from vallum.gateway.faults import report_exception
from vallum.gateway.flight import Flight
from vallum.wire.chunked import ChunkedDecoder
from vallum.wire.http1 import parse_field_lines

Message = MutableMapping[str, Any]
ASGIApplication = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

_LIFESPAN_SECONDS = 30.0
_MAX_QUEUED = 64 * 1024
"""Bytes of a request body that wait for the application before the client has to."""
_BREAKS = b"\r\n\x00"


class ASGIOrigin:
    """Runs each exchange as a task of the application."""

    def __init__(self, application: ASGIApplication, authority: str) -> None:
        self.authority = authority
        self._application = application
        self._tasks: set[asyncio.Task[None]] = set()
        self._lifespan: _Lifespan | None = None
        self._state: Message = {}
        """What the application's start-up left for its requests."""

    def send(self, flight: Flight) -> None:
        """Begin the exchange."""
        call = _Call(self._application, flight, self._state)
        task = asyncio.get_running_loop().create_task(call.run())
        call.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not flight.body_complete:
            flight.downstream.upstream_ready()
            call.hold_back()

    async def start(self) -> None:
        """Run the application's start-up (the lifespan protocol); once, however often it is called.

        Raises:
            RuntimeError: the application says that its start-up failed.
        """
        if self._lifespan is not None:
            return
        lifespan = _Lifespan(self._application, self._state)
        await lifespan.start()
        self._lifespan = lifespan

    async def stop(self) -> None:
        """Cancel what is in flight and run the application's shutdown."""
        for task in self._tasks:
            task.cancel()
        if self._lifespan is not None:
            await self._lifespan.stop()


class _Call:
    """One exchange with the application; the handle that the proxy holds of it."""

    def __init__(self, application: ASGIApplication, flight: Flight, state: Message) -> None:
        self.task: asyncio.Task[None] | None = None
        self._application = application
        self._flight = flight
        head, _, body = b"".join(flight.outgoing).partition(b"\r\n\r\n")
        self._scope = {**_scope(flight, head), "state": dict(state)}
        self._pieces: deque[bytes] = deque()
        self._queued = 0
        self._body_ended = False
        self._body_delivered = False
        self._news = asyncio.Event()
        """Something came that `receive` may wait for."""
        self._decoder = (
            ChunkedDecoder()
            if not flight.body_complete and b"\r\ntransfer-encoding: chunked" in head
            else None
        )
        flight.handle = self
        if body:
            self.write_body(body)
        if flight.body_complete:
            self.end_body()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._prepared: PreparedHead | None = None
        self._began = False
        """Whether a piece of the answer has been handed on."""

    def write_body(self, data: bytes) -> None:
        """A piece of the request's body."""
        if self._decoder is not None:
            data = self._decoder.feed(data)
        if data:
            self._pieces.append(data)
            self._queued += len(data)
            self._news.set()
            self.hold_back()

    def hold_back(self) -> None:
        """Let the client wait while the application does not keep up with the body."""
        if self._queued > _MAX_QUEUED:
            self._flight.downstream.pause_body()

    def end_body(self) -> None:
        """The request's body is complete."""
        self._body_ended = True
        self._news.set()

    def abort(self) -> None:
        """The client is gone."""
        if self.task is not None:
            self.task.cancel()

    def pause(self) -> None:
        """The client does not keep up."""
        self._may_send.clear()

    def resume(self) -> None:
        """The client keeps up again."""
        self._may_send.set()

    async def run(self) -> None:
        """Call the application and see to it that the exchange ends."""
        try:
            await self._application(self._scope, self._receive, self._send)
        except Denied as denied:
            self._fail("upstream-failed", f"upstream.{denied.reason.partition('.')[2]}")
        except Exception:  # noqa: BLE001  The application's own failure: told as an upstream error.
            report_exception("in the ASGI application")
            self._fail("upstream-error", "upstream.exception")
        else:
            self._fail("upstream-failed", "upstream.no-answer")
        finally:
            self._news.set()

    def _fail(self, slug: str, reason: str) -> None:
        if self._flight.handle is self:
            self._flight.handle = None
            self._flight.downstream.answer_failed(self._flight, slug, reason)

    async def _receive(self) -> Message:
        # ASGI: once the body is delivered, this waits until the exchange is over.
        while True:
            if self._flight.handle is not self:
                return {"type": "http.disconnect"}
            if self._pieces:
                piece = self._pieces.popleft()
                self._queued -= len(piece)
                if self._queued <= _MAX_QUEUED:
                    self._flight.downstream.resume_body()
                self._body_delivered = self._body_ended and not self._pieces
                return {
                    "type": "http.request",
                    "body": piece,
                    "more_body": not self._body_delivered,
                }
            if self._body_ended and not self._body_delivered:
                self._body_delivered = True
                return {"type": "http.request", "body": b"", "more_body": False}
            self._news.clear()
            await self._news.wait()

    async def _send(self, message: Message) -> None:
        flight = self._flight
        if flight.handle is not self:
            return
        if message["type"] == "http.response.start":
            self._prepared = PreparedHead(_response_head(message))
            return
        if message["type"] != "http.response.body" or self._prepared is None:
            raise RuntimeError("the application sends messages out of order")
        await self._may_send.wait()
        body = bytes(message.get("body", b""))
        more = bool(message.get("more_body", False))
        downstream = flight.downstream
        if not flight.has_content(self._prepared.response.status):
            # RFC 9110 §9.3.2, §15.3.5, §15.4.5: no content, whatever the application sends.
            body = b""
            if more:
                return
        if self._began:
            if not more:
                self._end()
                downstream.answer_ends(flight, body)
            elif body:
                downstream.answer_data(flight, body)
        elif more:
            self._began = True
            downstream.answer_begins(flight, self._prepared, -1)
            if body and flight.handle is self:
                downstream.answer_data(flight, body)
        else:
            self._end()
            downstream.answer_whole(flight, self._prepared, body)

    def _end(self) -> None:
        """The answer is complete; `receive` says so."""
        self._flight.handle = None
        self._news.set()


def _response_head(message: Message) -> bytes:
    # The length that an application declares is not passed on: the gateway frames what it sends.
    status = int(message["status"])
    if not 200 <= status <= 599:
        raise RuntimeError(f"the application answers with the status {status}")
    lines = [b"HTTP/1.1 %d" % status]
    for name, value in message.get("headers", ()):
        line = bytes(name) + b": " + bytes(value)
        if line.translate(None, _BREAKS) != line:
            # SECURITY: a line end in a value would begin a field of the client's choice.
            raise RuntimeError("the application sends a line end or NUL in a field")
        if bytes(name).lower() not in (b"transfer-encoding", b"connection"):
            lines.append(line)
    return b"\r\n".join(lines)


def _scope(flight: Flight, head: bytes) -> Message:
    request = flight.request
    client = request.client
    host, _, port = request.host.rpartition(":")
    default_port = 443 if request.scheme == "https" else 80
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.target.path,
        "raw_path": request.target.encoded_path,
        "query_string": request.target.encoded_query,
        "root_path": "",
        "headers": list(parse_field_lines(head.partition(b"\r\n")[2])),
        "client": (client.address, client.port),
        "server": (host, int(port)) if host and port.isdigit() else (request.host, default_port),
    }


class _Lifespan:
    """The application's start-up and shutdown."""

    def __init__(self, application: ASGIApplication, state: Message) -> None:
        self._application = application
        self._state = state
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("lifespan.startup")
        if answer == "lifespan.startup.failed":
            raise RuntimeError("the ASGI application's start-up failed")

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            await self._ask("lifespan.shutdown")
            self._task.cancel()

    async def _ask(self, question: str) -> str:
        self._inbox.put_nowait({"type": question})
        async with asyncio.timeout(_LIFESPAN_SECONDS):
            return str((await self._outbox.get())["type"])

    async def _run(self) -> None:
        scope: Message = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        try:
            await self._application(scope, self._inbox.get, self._outbox.put)
        except Exception:  # noqa: BLE001, S110  ASGI: without support for lifespans it raises.
            pass
        finally:
            self._outbox.put_nowait({"type": "lifespan.ended"})
