"""One client connection: reads requests in order, asks the engine, hands them to an upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import TYPE_CHECKING, cast

from vallum.core.problems import Denied
from vallum.core.request import Client, Request
from vallum.engine.filter import Check
from vallum.filters.cors import is_preflight
from vallum.gateway.answering import AnsweringConnection
from vallum.gateway.body import BodyReader, check_declared_body, held_size
from vallum.gateway.faults import failed_control, report_exception
from vallum.gateway.flight import Flight, no_request
from vallum.gateway.forward import derived, upstream_head
from vallum.gateway.replying import BODY, BUSY, CLOSING, LINGER_SECONDS, READING
from vallum.gateway.routing import locate, match
from vallum.telemetry.trace import new_request_id, trace_context
from vallum.wire.http1 import (
    RequestFields,
    malformed,
    parse_request_fields,
    split_request_line,
)

if TYPE_CHECKING:
    from vallum.gateway.worker import Worker

_MAX_PIPELINED = 64 * 1024
_MAX_QUEUED = 64
"""Answers that may wait for their records before more requests are read."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Downstream(AnsweringConnection):
    """The server side of one connection."""

    __slots__ = (
        "_block",
        "_fields",
        "_minor",
        "_partial",
        "_runtime",
        "_task",
        "client",
        "no_request",
    )

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker)
        self._block: bytes | None = None
        self._fields: RequestFields | None = None
        self._minor = 1
        self._runtime = worker.runtime
        """The policy by which `_fields` was judged."""
        self._partial = False
        """Whether a head has begun to arrive."""
        self._task: asyncio.Task[None] | None = None

    # --- asyncio.Protocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        self.client = Client(peer[0], peer[0], peer[1])
        self.no_request = no_request(self.client, self.worker.runtime.scheme)
        self.deadline = monotonic() + self.worker.runtime.timeouts.headers
        if not self.worker.welcome(self):
            self._state = CLOSING
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.worker.farewell(self)
        if self._task is not None:
            self._task.cancel()
        flight = self._flight
        if flight is not None:
            self._give_up_upstream(flight)
            flight.decision, flight.reason = "aborted", "client.disconnected"
            self._end_flight(flight)
        elif self._state == READING and self._buffer:
            self._record_partial()
        self._state = CLOSING
        self.transport = None

    def eof_received(self) -> bool:
        # A client that half-closes gets the answers to what it has sent whole; nothing else comes.
        self._eof = True
        if self._state == READING:
            self.data_received(b"")
        return self._state == BUSY or self._queued > 0

    def pause_writing(self) -> None:
        self._writing_paused = True
        self.deadline = monotonic() + self.worker.runtime.timeouts.write
        if self._state != BODY:
            self._pause_reading()
        if self._flight is not None and self._flight.handle is not None:
            self._flight.handle.pause()

    def resume_writing(self) -> None:
        self._writing_paused = False
        timeouts = self.worker.runtime.timeouts
        flight = self._flight
        if self._state == CLOSING:
            seconds = LINGER_SECONDS
        else:
            seconds = timeouts.idle if flight is None else timeouts.upstream
        self.deadline = monotonic() + seconds
        if flight is not None and flight.handle is not None:
            flight.handle.resume()
        if self._state == READING:
            if not self._buffer:
                self._resume_reading()
            self._read_held()

    def data_received(self, data: bytes) -> None:
        try:
            if self._state == READING:
                self._buffer = self._buffer + data if self._buffer else data
                self._read()
                if self._state == READING and len(self._buffer) > _MAX_PIPELINED:
                    # Requests that must wait do so outside: each is cut off the front of this.
                    self._pause_reading()
            elif self._state == BODY:
                self._read_body(data)
            elif self._state == BUSY:
                self._buffer += data
                if len(self._buffer) > _MAX_PIPELINED:
                    self._pause_reading()
            else:
                self._discard(data)
        except Exception:  # noqa: BLE001  The outermost catcher of this connection.
            self._crash()

    # --- reading heads ---------------------------------------------------------------------------

    def _read(self) -> None:
        """Start exchanges from the buffer until one is in flight or more bytes must arrive."""
        while self._state == READING and not self._writing_paused and self._queued < _MAX_QUEUED:
            data = self._buffer
            if not data:
                self._resume_reading()
                if self._eof:
                    self._close_after_eof()
                return
            if data[:2] == b"\r\n":
                # RFC 9112 §2.2: at least one empty line before the request line is ignored.
                data = data[2:]
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._resume_reading()
                self._judge_partial(data)
                return
            self._partial = False
            self._buffer = data[end + 4 :]
            started = monotonic()
            line_end = data.find(b"\r\n")
            line = data[:line_end]
            try:
                flight = self._begin(line, data[line_end + 2 : end], started)
                flight.request_bytes = end + 4
                if self._route(flight):
                    self._decide(flight)
            except Denied as denied:
                self.refuse(self._flight or self._unread_flight(line, started), denied)

    def _begin(self, line: bytes, block: bytes, started: float) -> Flight:
        """Parse a head and start its exchange.

        Raises:
            Denied: the head is malformed; no exchange was started.
        """
        worker = self.worker
        runtime = worker.runtime
        method, raw_target, minor = split_request_line(line)
        fields = self._fields
        # Clients on a kept-alive connection send the same fields again and again.
        if (
            fields is None
            or block != self._block
            or minor != self._minor
            or runtime is not self._runtime
        ):
            caps = runtime.caps
            if len(block) > caps.header_bytes or block.count(b"\r\n") >= caps.header_count:
                raise Denied("headers-too-large", "http.headers-too-large", close=True)
            if len(block) > caps.header_line and max(map(len, block.split(b"\r\n"))) > (
                caps.header_line
            ):
                raise Denied("headers-too-large", "http.header-line-too-long", close=True)
            fields = parse_request_fields(block, minor, runtime.underscored)
            self._block, self._fields, self._minor = block, fields, minor
            self._runtime = runtime
        if len(raw_target) > runtime.caps.target:
            raise Denied("target-too-long", "http.target-too-long", close=True)
        self._flight = flight = Flight(self, runtime, method, minor, started)
        flight.request_id = new_request_id()
        flight.trace_id, flight.trace_parent = trace_context(fields.get(b"traceparent"))
        flight.raw_target = raw_target
        # RFC 9112 §9.3: `close` wins over everything; HTTP/1.0 stays open only when it asks.
        options = fields.connection_options
        flight.keep_alive = b"close" not in options and (minor == 1 or b"keep-alive" in options)
        known = derived(fields, self.client, runtime)
        flight.request = Request(
            method, self.no_request.target, fields, runtime.scheme, known.host, known.client
        )
        return flight

    def _route(self, flight: Flight) -> bool:
        """Find the operation; False where the gateway has answered by itself.

        Raises:
            Denied: the target is not canonical, or nothing is declared there.
        """
        runtime = flight.runtime
        self.worker.check_records()
        request, router = locate(runtime, flight.request, flight.raw_target)
        flight.request = request
        target = request.target
        flight.path = target.path
        if request.method == "OPTIONS" and is_preflight(request):
            routes = router.methods_at(target.segments)
            if routes:
                fields = cast("RequestFields", request.fields)
                if fields.content_length > 0 or fields.chunked:
                    raise malformed("preflight-with-body")
                self._answer_preflight(flight, *runtime.preflight(routes, request))
                return False
        flight.route, flight.parameters = match(router, request)
        if target.query:
            # SECURITY: an undeclared name may be a secret that was sent in the wrong place (B-326).
            known = flight.route.query_names
            flight.query_names = tuple([name if name in known else "?" for name, _ in target.query])
        return True

    def _close_after_eof(self) -> None:
        """Everything that the client sent is answered, and it sends no more."""
        self._state = CLOSING
        if not self._queued and self.transport is not None:
            self.transport.close()
        else:
            self._enqueue(b"", close=True)

    def _judge_partial(self, data: bytes) -> None:
        """Refuse early what can never become a valid head, and what is too long to be one."""
        if self._eof:
            self._record_partial()
            self._close_after_eof()
            return
        if len(data) < 2:
            return
        runtime = self.worker.runtime
        caps = runtime.caps
        line_end = data.find(b"\r\n")
        try:
            if data.count(b"\n") != data.count(b"\r\n"):
                raise malformed("bare-cr-or-lf")
            if line_end >= 0:
                split_request_line(data[:line_end])
            elif len(data) > caps.target + 64:
                raise Denied("target-too-long", "http.target-too-long", close=True)
            elif not 0x20 < data[0] < 0x7F:
                raise malformed("method")
            if len(data) > caps.target + caps.header_bytes:
                raise Denied("headers-too-large", "http.headers-too-large", close=True)
        except Denied as denied:
            line = data[:line_end] if line_end >= 0 else data
            self.refuse(self._unread_flight(line, monotonic()), denied)
            return
        if not self._partial:
            self._partial = True
            self.deadline = monotonic() + runtime.timeouts.headers

    def _unread_flight(self, line: bytes, started: float) -> Flight:
        """An exchange for a message that could not be read, so that it is recorded (B-329)."""
        flight = Flight(self, self.worker.runtime, "", 1, started)
        flight.request_id = new_request_id()
        flight.trace_id, _ = trace_context(None)
        method, _, target = line.partition(b" ")
        if method.isalpha() and len(method) <= 16:
            flight.method = method.decode("ascii")
            flight.head_only = method == b"HEAD"
        path = target.partition(b" ")[0].partition(b"?")[0]
        flight.path = path[:256].decode("ascii", "backslashreplace")
        flight.request_bytes = len(line)
        self._flight = flight
        return flight

    def _record_partial(self) -> None:
        """A connection that ended in the middle of a head leaves a record too (B-329)."""
        flight = self._unread_flight(self._buffer.partition(b"\r\n")[0], monotonic())
        flight.decision, flight.reason = "aborted", "client.disconnected"
        flight.request_bytes = len(self._buffer)
        self._buffer = b""
        self._end_flight(flight)

    # --- deciding --------------------------------------------------------------------------------

    def _decide(self, flight: Flight) -> None:
        """Run the head's checks and go on to the body."""
        if self._passes(flight, flight.route.head_checks, after_head=True):
            self._after_head(flight)

    def _passes(self, flight: Flight, checks: tuple[Check, ...], *, after_head: bool) -> bool:
        """Run checks; False where one must wait, and the chain goes on in a task.

        Raises:
            Denied: a check refuses, or fails.
        """
        index = 0
        try:
            for check in checks:
                index += 1
                waiting = check(flight)
                if waiting is not None:
                    self._suspend(flight, waiting, checks[index:], after_head=after_head)
                    return False
        except Denied:
            raise
        except Exception:  # noqa: BLE001
            raise failed_control("in a control") from None
        return True

    def _after_head(self, flight: Flight) -> None:
        fields = cast("RequestFields", flight.request.fields)
        length = fields.content_length
        if length <= 0 and not fields.chunked:
            self._after_body(flight)
            return
        if 0 < length <= len(self._buffer) and flight.route.body_checks:
            # The common case: the body came with its head.
            check_declared_body(flight.route, flight.method, length)
            self.worker.hold_body(flight, held_size(flight.route, fields))
            flight.body = self._buffer[:length]
            self._buffer = self._buffer[length:]
            flight.request_bytes += length
            flight.body_was_read = True
            self._after_body(flight)
            return
        self._body = body = BodyReader(flight, fields)
        self.worker.hold_body(flight, body.expected)
        self._state = BODY
        self.deadline = monotonic() + flight.runtime.timeouts.body
        data, self._buffer = self._buffer, b""
        self._resume_reading()  # It may have been paused while a check had to wait.
        if fields.expects_continue and not data:
            self._write(_CONTINUE)
        if not flight.route.body_checks:
            flight.body_complete = False
            self._forward(flight)
        if data and self._state == BODY:
            self._read_body(data)
        if self._eof and self._state == BODY:
            # The rest of this body will never come; the answers before it still go out.
            self._give_up_upstream(flight)
            flight.decision, flight.reason = "aborted", "client.disconnected"
            self._end_flight(flight)
            self._close_after_eof()

    def _after_body(self, flight: Flight) -> None:
        if self._passes(flight, flight.route.body_checks, after_head=False):
            self._forward(flight)

    def _suspend(
        self,
        flight: Flight,
        waiting: Awaitable[None],
        checks: tuple[Check, ...],
        *,
        after_head: bool,
    ) -> None:
        self._state = BUSY
        self.deadline = monotonic() + flight.runtime.timeouts.upstream
        self._task = asyncio.get_running_loop().create_task(
            self._finish_checks(flight, waiting, checks, after_head=after_head)
        )

    async def _finish_checks(
        self,
        flight: Flight,
        waiting: Awaitable[None],
        checks: tuple[Check, ...],
        *,
        after_head: bool,
    ) -> None:
        """Await what a check waits for, then go on where the chain was left."""
        try:
            await _finish_chain(flight, waiting, checks)
            if self._flight is not flight:
                return
            if after_head:
                self._after_head(flight)
            else:
                self._forward(flight)
        except Denied as denied:
            if self._flight is flight:
                self.refuse(flight, denied)
        except Exception:  # noqa: BLE001  The outermost catcher of this task.
            self._crash()
        finally:
            if self._task is asyncio.current_task():
                self._task = None

    # --- the body --------------------------------------------------------------------------------

    def _read_body(self, data: bytes) -> None:
        body = cast("BodyReader", self._body)
        flight = cast("Flight", self._flight)
        try:
            piece = body.feed(data)
            flight.request_bytes += len(piece)
            if not flight.body_complete:
                self._relay_body(flight, body.frame(piece))
            if body.done:
                self._end_body(flight, body)
            elif monotonic() > body.latest_end:
                raise Denied("request-timeout", "client.body-too-slow", close=True)
            else:
                self.deadline = monotonic() + flight.runtime.timeouts.body
        except Denied as denied:
            if self._flight is flight:
                self.refuse(flight, denied)

    def _end_body(self, flight: Flight, body: BodyReader) -> None:
        self._body = None
        self._state = BUSY
        self._buffer = body.rest
        flight.body_was_read = True
        self.deadline = monotonic() + flight.runtime.timeouts.upstream
        if flight.body_complete:
            flight.body = body.whole()
            self._after_body(flight)
            return
        flight.body_complete = True
        if flight.handle is not None:
            flight.handle.end_body()

    def _relay_body(self, flight: Flight, framed: bytes) -> None:
        if framed and flight.handle is not None:
            flight.handle.write_body(framed)

    def pause_body(self) -> None:
        """The upstream is not there yet, or does not keep up with the body."""
        if self._state == BODY:
            self._pause_reading()
            self.deadline = monotonic() + self.worker.runtime.timeouts.upstream

    def upstream_ready(self) -> None:
        """The upstream takes what of the request has not been sent yet."""
        flight = cast("Flight", self._flight)
        if flight.handle is not None:
            flight.outgoing.clear()
        self.resume_body()

    def resume_body(self) -> None:
        """The upstream takes more of the body."""
        if self._state == BODY and self._reading_paused:
            self._resume_reading()
            self.deadline = monotonic() + self.worker.runtime.timeouts.body

    def _forward(self, flight: Flight) -> None:
        if flight.body_complete:
            self._state = BUSY
        outgoing = upstream_head(flight)
        if flight.once is not None:
            kept = flight.once.begin()
            if kept is not None:
                self.answer_again(flight, kept)
                return
        now = monotonic()
        flight.upstream_started = now
        self.deadline = now + flight.runtime.timeouts.upstream
        flight.outgoing = outgoing
        flight.runtime.origins[flight.route.api].send(flight)

    # --- faults and time -------------------------------------------------------------------------

    def _crash(self) -> None:
        """An exception that nobody expected: refuse, record, end the connection."""
        report_exception("on a client connection")
        flight = self._flight
        if flight is None:
            self._state = CLOSING
            self.abort()
            return
        self._give_up_upstream(flight)
        flight.keep_alive = False
        flight.body_complete = True
        self.answer_failed(flight, "internal-error", "gateway.exception")

    def check_deadline(self, now: float) -> None:
        """Called about twice a second: end what takes too long (B-049)."""
        if now < self.deadline or self.transport is None:
            return
        flight = self._flight
        if self._state == CLOSING:
            self.abort()
        elif flight is None:
            if self._partial:
                line = self._buffer.partition(b"\r\n")[0]
                self._overdue(self._unread_flight(line, now), "client.head-timeout")
            else:
                self._state = CLOSING
                self.transport.close()
        elif self._state == BODY and not self._reading_paused:
            self._overdue(flight, "client.body-timeout")
        else:
            if self._task is not None:
                self._task.cancel()
            self._give_up_upstream(flight)
            if not self._skip_body(flight):
                flight.keep_alive = False  # A check had to wait, and nobody has read the body.
            self.answer_failed(flight, "upstream-timeout", "upstream.timeout")

    def _overdue(self, flight: Flight, reason: str) -> None:
        self.refuse(flight, Denied("request-timeout", reason, close=True))

    def drain(self) -> None:
        """The worker is stopping: end unless an exchange is in flight."""
        if self._flight is None and not self._queued and self.transport is not None:
            self._state = CLOSING
            self.transport.close()


async def _finish_chain(
    flight: Flight, waiting: Awaitable[None], checks: tuple[Check, ...]
) -> None:
    """Await a check, then run those behind it.

    Raises:
        Denied: one refuses, or fails.
    """
    try:
        await waiting
        for check in checks:
            more = check(flight)
            if more is not None:
                await more
    except Denied:
        raise
    except Exception:  # noqa: BLE001
        raise failed_control("in a control") from None
