"""The sending half of a client connection: heads, problems, and how a connection ends."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, cast

from vallum.core.problem_json import MEDIA_TYPE, render_problem
from vallum.core.problems import PROBLEMS, Denied, Violation
from vallum.gateway.answers import NO_STORE_LINE, STATUS_LINES
from vallum.gateway.flight import WITHOUT_CONTENT, Flight
from vallum.wire.http1 import RequestFields

if TYPE_CHECKING:
    from vallum.gateway.body import BodyReader
    from vallum.gateway.worker import Worker

READING, BODY, BUSY, CLOSING = range(4)
"""What a connection does: read a head, read a body, wait for an answer, end."""

_MAX_DISCARDED = 64 * 1024
LINGER_SECONDS = 5.0


class ReplyingConnection(asyncio.Protocol):
    """Everything about a client connection that sends."""

    __slots__ = (
        "_body",
        "_buffer",
        "_discarded",
        "_eof",
        "_flight",
        "_queued",
        "_reading_paused",
        "_state",
        "_writing_paused",
        "deadline",
        "transport",
        "worker",
    )

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.transport: asyncio.Transport | None = None
        self.deadline = 0.0
        """Monotonic seconds when whatever this connection waits for is overdue."""
        self._state = READING
        self._buffer = b""
        """Bytes received and not read yet."""
        self._flight: Flight | None = None
        self._body: BodyReader | None = None
        self._queued = 0
        """Writes that wait in the worker's queue for their records."""
        self._reading_paused = False
        self._writing_paused = False
        self._eof = False
        """Whether the client has sent its last byte; what it sent is still answered."""
        self._discarded = 0

    def _head(
        self, flight: Flight, status: int, lines: bytes, fields: bytes | None = None
    ) -> bytes:
        """A head up to the framing; `fields` stand in place of the route's."""
        if not flight.body_complete or self.worker.draining:
            # The rest of the body would be read as the next request (B-030).
            flight.keep_alive = False
        if not flight.keep_alive:
            connection = b"\r\nconnection: close\r\n"
        elif flight.minor:
            connection = b"\r\n"
        else:
            connection = b"\r\nconnection: keep-alive\r\n"
        return b"".join(
            (
                STATUS_LINES[status],
                lines,
                flight.route.reply_fields if fields is None else fields,
                flight.reply_fields,
                b"x-request-id: ",
                flight.request_id.encode("ascii"),
                connection,
            )
        )

    # --- our own answers -------------------------------------------------------------------------

    def _problem(
        self,
        flight: Flight,
        slug: str,
        reason: str,
        *,
        status: int | None = None,
        fields: bytes = b"",
        violations: tuple[Violation, ...] = (),
    ) -> None:
        """Answer with a problem (RFC 9457)."""
        problem = PROBLEMS[slug]
        flight.status = status or problem.status
        flight.reason = reason
        if flight.decision == "allow":
            flight.decision = "error"
        body = render_problem(
            problem, status=flight.status, request_id=flight.request_id, violations=violations
        )
        if flight.status == 503:
            fields += b"retry-after: 1\r\n"
        head = self._head(flight, flight.status, fields + NO_STORE_LINE + self.worker.date_line())
        head += b"content-type: %b\r\ncontent-length: %d\r\n\r\n" % (MEDIA_TYPE, len(body))
        if flight.head_only:
            body = b""
        flight.response_bytes = len(body)
        self._complete(flight, head + body)

    def _answer_preflight(self, flight: Flight, status: int, fields: bytes) -> None:
        flight.status = status
        flight.reason = "cors.preflight"
        head = self._head(flight, status, fields + self.worker.date_line())
        self._complete_whole(flight, head, b"")

    def refuse(self, flight: Flight, denied: Denied) -> None:
        """Answer a refusal; the unread body is skipped, or the connection ends."""
        if flight.answer_started:
            self._break_off(flight, "deny", denied.reason)
            return
        flight.decision = "deny"
        self._give_up_upstream(flight)
        if denied.close or not self._skip_body(flight):
            flight.keep_alive = False
        flight.body_complete = True
        flight.runtime.note_refusal(flight, denied)
        self._problem(
            flight,
            denied.problem.slug,
            denied.reason,
            status=denied.status,
            fields=denied.fields,
            violations=denied.violations,
        )

    def _skip_body(self, flight: Flight) -> bool:
        """Whether the body is off the connection, so that it can go on after it (B-030)."""
        if flight.body_was_read:
            return True
        fields = flight.request.fields
        if self._state == BODY or not isinstance(fields, RequestFields) or fields.chunked:
            return False
        length = max(fields.content_length, 0)
        if length > len(self._buffer) or (length and fields.expects_continue):
            return False
        self._buffer = self._buffer[length:]
        return True

    def _give_up_upstream(self, flight: Flight) -> None:
        if flight.handle is not None:
            flight.handle.abort()
            flight.handle = None

    def _break_off(self, flight: Flight, decision: str, reason: str) -> None:
        """Part of the answer is out: only breaking the connection tells (RFC 9112 §8)."""
        flight.decision, flight.reason = decision, reason
        self._give_up_upstream(flight)
        self._end_flight(flight)
        self._state = CLOSING
        self.abort()

    # --- writing and ending ----------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        if self._queued:
            self._enqueue(data, close=False)
        elif self.transport is not None:
            self.transport.write(data)

    def _enqueue(self, data: bytes, *, close: bool) -> None:
        self._queued += 1
        self.worker.queue(self, data, close)

    def write_queued(self, data: bytes, close: bool) -> None:
        """Called by the worker once the records of this tick are written."""
        self._queued -= 1
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if close:
            self._linger()
        elif self._queued == 0 and (self._buffer or self._eof):
            self._read_held()

    def _end_flight(self, flight: Flight) -> None:
        """Forget the exchange and record it."""
        self._flight = None
        self._body = None
        if flight.held_bytes:
            self.worker.release_body(flight)
        self.worker.record(flight)

    def _complete_whole(self, flight: Flight, head: bytes, body: bytes) -> None:
        """As `_complete`, with a head up to the framing and all of the body."""
        if flight.status in WITHOUT_CONTENT:
            self._complete(flight, head + b"\r\n")
            return
        flight.response_bytes = len(body)
        self._complete(flight, b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))

    def _complete(self, flight: Flight, data: bytes) -> None:
        """Send the end of an answer, after its record, and make ready for the next request."""
        self._end_flight(flight)
        close = not flight.keep_alive
        self._enqueue(data, close=close)
        if close:
            self._state = CLOSING
            self._buffer = b""
            if not self._writing_paused:
                self.deadline = monotonic() + LINGER_SECONDS
            return
        self._state = READING
        if self._writing_paused:
            return  # A client that does not read its answers gets no more of them.
        self.deadline = monotonic() + flight.runtime.timeouts.idle
        if not self._buffer:
            self._resume_reading()

    def _read_held(self) -> None:
        """Go on with bytes that came while an exchange was in flight."""
        if self._state == READING and not self._writing_paused:
            self.data_received(b"")

    def _linger(self) -> None:
        """End the connection without a reset that would destroy the answer on its way.

        RFC 9112 §9.6: close the write side first, go on reading for a bounded while.
        """
        transport = cast("asyncio.Transport", self.transport)
        self._resume_reading()
        if transport.can_write_eof() and not self._eof:
            transport.write_eof()
        else:
            transport.close()

    def _resume_reading(self) -> None:
        if self._reading_paused and self.transport is not None:
            self._reading_paused = False
            self.transport.resume_reading()

    def _pause_reading(self) -> None:
        if not self._reading_paused and self.transport is not None:
            self._reading_paused = True
            self.transport.pause_reading()

    def _discard(self, data: bytes) -> None:
        """Bytes after the last answer of the connection."""
        self._discarded += len(data)
        if self._discarded > _MAX_DISCARDED:
            # Not a reset: it could overtake the answer. The linger time ends it.
            self._pause_reading()

    def abort(self) -> None:
        """End now, whatever is in flight."""
        if self.transport is not None:
            self.transport.abort()
