"""HTTP/1.1 connections to an upstream: pooled, bounded, and never trusted about framing."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import cast

from vallum.core.problems import Denied
from vallum.gateway.answers import PreparedHead
from vallum.gateway.faults import report_exception
from vallum.gateway.flight import Flight
from vallum.wire.chunked import ChunkedDecoder

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_START = b"HTTP/1."
_MAX_HEAD = 64 * 1024
_MAX_HELD_ANSWER = 64 * 1024
"""Answers up to this size are held until they are whole, so that a lie about the length is a clean
502 and not a broken answer."""
_MAX_WAITING = 1024

_HEAD, _LENGTH, _CHUNKED, _UNTIL_CLOSE = range(4)


class UpstreamConnection(asyncio.Protocol):
    """One connection; carries one exchange at a time."""

    __slots__ = (
        "_buffer",
        "_decoder",
        "_flight",
        "_holds",
        "_left",
        "_paused",
        "_prepared",
        "_reused",
        "_state",
        "pool",
        "transport",
    )

    def __init__(self, pool: UpstreamPool) -> None:
        self.pool = pool
        self.transport: asyncio.Transport | None = None
        self._flight: Flight | None = None
        self._state = _HEAD
        self._buffer = b""
        self._left = 0
        self._holds = False
        """Whether the body is kept here until it is whole."""
        self._decoder: ChunkedDecoder | None = None
        self._prepared: PreparedHead | None = None
        """The last head seen; the next one is often the same bytes."""
        self._reused = False
        self._paused = False

    # --- sending -------------------------------------------------------------------------------

    def start(self, flight: Flight) -> None:
        """Send what `flight` has so far and take its answer."""
        self._flight = flight
        flight.handle = self
        self._state = _HEAD
        self._send(flight.outgoing[0] if len(flight.outgoing) == 1 else b"".join(flight.outgoing))
        if not flight.body_complete:
            flight.downstream.upstream_ready()

    def _send(self, data: bytes) -> None:
        assert self.transport is not None  # noqa: S101  (a connection in use has a transport)
        self.transport.write(data)

    def write_body(self, data: bytes) -> None:
        """Send a piece of the request's body as it is framed by the caller."""
        self._send(data)

    def end_body(self) -> None:
        """Nothing to do: the framing says it."""

    def abort(self) -> None:
        """Give the exchange up and the connection with it."""
        self._flight = None
        self.pool.forget(self)
        if self.transport is not None:
            self.transport.abort()

    def pause(self) -> None:
        """Stop reading the answer."""
        if self.transport is not None and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Go on reading the answer."""
        if self.transport is not None and self._paused:
            self._paused = False
            self.transport.resume_reading()

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        if self._flight is not None:
            self._flight.downstream.pause_body()

    def resume_writing(self) -> None:
        if self._flight is not None:
            self._flight.downstream.resume_body()

    def data_received(self, data: bytes) -> None:
        try:
            self._receive(data)
        except Denied as denied:
            self._fail("upstream-failed", f"upstream.{denied.reason.partition('.')[2]}")
        except Exception:  # noqa: BLE001  The outermost catcher of this connection.
            report_exception("while reading an upstream's answer")
            self._fail("internal-error", "gateway.exception")

    def eof_received(self) -> bool:
        # It is only lost a moment later; what is sent until then would never arrive.
        self.pool.forget(self)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.pool.forget(self)
        flight = self._flight
        if flight is None:
            return
        if self._state == _UNTIL_CLOSE and exc is None:
            self._finish(flight)
            return
        self._flight = None
        # RFC 9110 §9.2.2: only an idempotent request may be sent again, and only when the
        # connection was an old one that may have been closed before it arrived.
        if (
            self._reused
            and not flight.retried
            and self._state == _HEAD
            and not self._buffer
            and flight.outgoing
            and flight.body_complete
            and flight.method in _IDEMPOTENT
        ):
            flight.retried = True
            flight.handle = None
            self.pool.send_fresh(flight)
            return
        flight.downstream.answer_failed(flight, "upstream-failed", "upstream.connection-lost")

    # --- receiving -----------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        flight = self._flight
        if flight is None:
            # Bytes that nobody asked for would be taken for the next answer (B-031).
            self.abort()
            return
        if self._state == _HEAD:
            self._receive_head(flight, self._buffer + data if self._buffer else data)
        elif self._state == _LENGTH:
            self._receive_length(flight, data)
        elif self._state == _CHUNKED:
            self._receive_chunks(flight, data)
        else:
            flight.downstream.answer_data(flight, data)

    def _receive_head(self, flight: Flight, data: bytes) -> None:
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._keep_partial_head(data)
                return
            self._buffer = b""
            raw = data[:end]
            body = data[end + 4 :]
            prepared = self._prepared
            if prepared is None or prepared.raw != raw:
                prepared = self._prepared = PreparedHead(raw)
            status = prepared.response.status
            if status >= 200:
                break
            if status == 101:
                # Nothing is ever upgraded: the route would become a blind tunnel (B-046).
                self._fail("upstream-failed", "upstream.unasked-upgrade")
                return
            data = body  # RFC 9110 §15.2: an interim response is not for this client.
        self._begin_answer(flight, prepared, body)

    def _keep_partial_head(self, data: bytes) -> None:
        """Wait for the rest of a head, unless it can never become one."""
        start = data[: len(_START)]
        if len(data) > _MAX_HEAD:
            self._fail("upstream-failed", "upstream.head-too-large")
        elif not _START.startswith(start) or data.count(b"\n") != data.count(b"\r\n"):
            self._fail("upstream-failed", "upstream.status-line")
        else:
            self._buffer = data

    def _begin_answer(self, flight: Flight, prepared: PreparedHead, body: bytes) -> None:
        response = prepared.response
        downstream = flight.downstream
        if not flight.has_content(response.status):
            self._left = 0
        elif response.chunked:
            self._state = _CHUNKED
            self._decoder = ChunkedDecoder()
            data = self._decoder.feed(body)
            if self._decoder.done:
                self._end_whole(flight, prepared, data, self._decoder.rest)
                return
            downstream.answer_begins(flight, prepared, -1)
            if data:
                downstream.answer_data(flight, data)
            return
        elif response.content_length < 0:
            self._state = _UNTIL_CLOSE
            downstream.answer_begins(flight, prepared, -1)
            if body:
                downstream.answer_data(flight, body)
            return
        else:
            self._left = response.content_length
        if len(body) >= self._left:
            self._end_whole(flight, prepared, body[: self._left], body[self._left :])
            return
        self._state = _LENGTH
        self._holds = self._left <= _MAX_HELD_ANSWER
        if self._holds:
            self._buffer = body
            return
        downstream.answer_begins(flight, prepared, self._left)
        if body:
            self._left -= len(body)
            downstream.answer_data(flight, body)

    def _end_whole(
        self, flight: Flight, prepared: PreparedHead, body: bytes, excess: bytes
    ) -> None:
        """The answer is here whole before any of it went to the client."""
        if excess:
            self._fail("upstream-failed", "upstream.bytes-after-answer")
            return
        self._release(flight, prepared)
        flight.downstream.answer_whole(flight, prepared, body)

    def _receive_length(self, flight: Flight, data: bytes) -> None:
        if self._holds:
            data = self._buffer + data
            if len(data) < self._left:
                self._buffer = data
                return
            self._buffer = b""
            prepared = cast("PreparedHead", self._prepared)
            self._end_whole(flight, prepared, data[: self._left], data[self._left :])
            return
        if len(data) > self._left:
            self._fail("upstream-failed", "upstream.bytes-after-answer")
            return
        self._left -= len(data)
        if self._left:
            flight.downstream.answer_data(flight, data)
        else:
            self._finish(flight, data)

    def _receive_chunks(self, flight: Flight, data: bytes) -> None:
        decoder = cast("ChunkedDecoder", self._decoder)
        decoded = decoder.feed(data)
        if not decoder.done:
            if decoded:
                flight.downstream.answer_data(flight, decoded)
        elif decoder.rest:
            self._fail("upstream-failed", "upstream.bytes-after-answer")
        else:
            self._finish(flight, decoded)

    def _finish(self, flight: Flight, data: bytes = b"") -> None:
        prepared = cast("PreparedHead", self._prepared)
        self._release(flight, prepared)
        flight.downstream.answer_ends(flight, data)

    def _release(self, flight: Flight, prepared: PreparedHead) -> None:
        self._flight = None
        self._decoder = None
        flight.handle = None
        self.resume()
        transport = self.transport
        # An upstream that answers before it has the whole request leaves the rest of the body in
        # the stream, so that connection cannot carry another exchange (B-030).
        if (
            prepared.response.close
            or not flight.body_complete
            or self._state == _UNTIL_CLOSE
            or transport is None
            or transport.is_closing()
        ):
            self.pool.forget(self)
            if transport is not None:
                transport.close()
        else:
            self._reused = True
            self.pool.release(self)

    def _fail(self, slug: str, reason: str) -> None:
        flight = self._flight
        self.abort()
        if flight is not None:
            flight.handle = None
            flight.downstream.answer_failed(flight, slug, reason)


class _Place:
    """An exchange's place among those that wait for a connection; its handle until then."""

    __slots__ = ("_flight", "_waiting")

    def __init__(self, waiting: deque[Flight], flight: Flight) -> None:
        self._waiting = waiting
        self._flight = flight

    def write_body(self, data: bytes) -> None:
        """Keep the piece for the connection; no further one is read until then."""
        self._flight.outgoing.append(data)
        self._flight.downstream.pause_body()

    def end_body(self) -> None:
        """Nothing to do: the framing says it."""

    def abort(self) -> None:
        """Leave the place, and with it the memory of the request's body, to others (B-277)."""
        self._waiting.remove(self._flight)

    def pause(self) -> None:
        """Nothing to do: there is no answer."""

    def resume(self) -> None:
        """Nothing to do: there is no answer."""


class UpstreamPool:
    """The connections of one worker to one HTTP origin."""

    def __init__(
        self,
        *,
        authority: str,
        host: str,
        port: int,
        unix_path: str | None,
        tls: ssl.SSLContext | None,
        most: int,
        connect_timeout: float,
    ) -> None:
        self.authority = authority
        self._host = host
        self._port = port
        self._unix_path = unix_path
        self._tls = tls
        self._most = most
        self._connect_timeout = connect_timeout
        self._idle: list[UpstreamConnection] = []
        self._all: set[UpstreamConnection] = set()
        self._connecting = 0
        self._waiting: deque[Flight] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connections are made when they are needed."""

    async def stop(self) -> None:
        """Close every connection; exchanges in flight fail."""
        for task in self._tasks:
            task.cancel()
        for connection in tuple(self._all):
            connection.abort()

    def send(self, flight: Flight) -> None:
        """Forward on an idle connection, or on a new one, or wait for the next that is free."""
        if self._idle:
            self._idle.pop().start(flight)
        else:
            self.send_fresh(flight)

    def send_fresh(self, flight: Flight) -> None:
        """Forward on a connection that is not open yet, if another one is allowed."""
        if len(self._waiting) >= _MAX_WAITING:
            flight.downstream.answer_failed(flight, "overloaded", "upstream.queue-full")
            return
        self._waiting.append(flight)
        flight.handle = _Place(self._waiting, flight)
        self._connect_for_waiting()

    def _connect_for_waiting(self) -> None:
        """Open a connection where more exchanges wait than connections are on their way."""
        if self._connecting < len(self._waiting) and len(self._all) + self._connecting < self._most:
            self._connecting += 1
            task = asyncio.get_running_loop().create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def release(self, connection: UpstreamConnection) -> None:
        """Take back a connection that is free again."""
        flight = self._next_waiting()
        if flight is None:
            self._idle.append(connection)
        else:
            connection.start(flight)

    def forget(self, connection: UpstreamConnection) -> None:
        """Drop a connection that is gone, and open another where somebody waits for it."""
        if connection not in self._all:
            return
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._connect_for_waiting()

    def _next_waiting(self) -> Flight | None:
        if not self._waiting:
            return None
        flight = self._waiting.popleft()
        flight.handle = None
        return flight

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                if self._unix_path is not None:
                    _, connection = await loop.create_unix_connection(
                        lambda: UpstreamConnection(self), self._unix_path
                    )
                else:
                    _, connection = await loop.create_connection(
                        lambda: UpstreamConnection(self),
                        self._host,
                        self._port,
                        ssl=self._tls,
                        server_hostname=self._host if self._tls is not None else None,
                    )
        except (OSError, TimeoutError, ssl.SSLError) as error:
            self._connecting -= 1
            self._connection_failed(error)
            self._connect_for_waiting()
            return
        self._connecting -= 1
        if connection.transport is None or connection.transport.is_closing():
            self._connection_failed(ConnectionResetError())
            self._connect_for_waiting()
            return
        self._all.add(connection)
        self.release(connection)

    def _connection_failed(self, error: Exception) -> None:
        flight = self._next_waiting()
        if flight is None:
            return
        if isinstance(error, TimeoutError):
            flight.downstream.answer_failed(flight, "upstream-timeout", "upstream.connect-timeout")
        elif isinstance(error, ssl.SSLError):
            flight.downstream.answer_failed(flight, "upstream-failed", "upstream.tls")
        else:
            flight.downstream.answer_failed(flight, "upstream-unavailable", "upstream.connect")
