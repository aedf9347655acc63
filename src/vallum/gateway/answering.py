"""An upstream's answer on its way to the client: whole, in pieces, or held until it is whole."""

from __future__ import annotations

from time import monotonic

from vallum.core.ports import KeptAnswer
from vallum.core.problems import Denied
from vallum.engine.filter import Answer, withheld
from vallum.filters.headers import with_page_policy
from vallum.gateway.answers import NO_STORE_LINE, PreparedHead, field_lines
from vallum.gateway.faults import report_exception
from vallum.gateway.flight import Flight
from vallum.gateway.replying import ReplyingConnection
from vallum.gateway.screening import (
    HeldAnswer,
    Plan,
    may_be_stream,
    plan_of,
    screen_content,
    stream_of,
)

_NOT_SENT = frozenset({"upstream.connect", "upstream.connect-timeout", "upstream.tls"})
"""Failures of which an upstream never hears."""


class AnsweringConnection(ReplyingConnection):
    """Everything about a client connection that an upstream calls."""

    __slots__ = ()

    def answer_whole(self, flight: Flight, prepared: PreparedHead, body: bytes) -> None:
        """An upstream's complete answer."""
        if self._flight is not flight:
            return
        flight.upstream_ended = monotonic()
        lines = self._screened_lines(flight, prepared)
        if lines is None:
            return
        if flight.route.body_screens:
            screened = self._screened_body(flight, prepared, lines, body)
            if screened is None:
                return
            lines, body = screened
        head = self._answer_head(flight, prepared, lines, body)
        if head is None:
            return
        if flight.head_only:
            length = _length_of_get(flight, prepared)
            head += b"content-length: %d\r\n\r\n" % length if length >= 0 else b"\r\n"
            self._complete(flight, head)
        else:
            self._complete_whole(flight, head, body)

    def answer_again(self, flight: Flight, kept: KeptAnswer) -> None:
        """An answer that went out before; the upstream is not asked."""
        flight.status = kept.status
        flight.reason = "idempotency.replayed"
        head = self._head(flight, kept.status, kept.lines + b"idempotency-replayed: true\r\n")
        self._complete_whole(flight, head, kept.body)

    def answer_begins(self, flight: Flight, prepared: PreparedHead, length: int) -> None:
        """An upstream's answer that comes in pieces; `length` is -1 where it is not known."""
        lines = self._screened_lines(flight, prepared)
        if lines is None:
            return
        if flight.route.body_screens:
            kept = self._hold(flight, prepared, lines, length)
            if kept is None:
                return
            lines = kept
            if flight.answer_stream is not None:
                length = -1  # What of it goes out, nobody knows.
        self._begin_answer(flight, prepared, lines, length)

    def _begin_answer(
        self, flight: Flight, prepared: PreparedHead, lines: bytes, length: int
    ) -> None:
        if length < 0 and not flight.minor:
            flight.keep_alive = False  # HTTP/1.0: only the end of the connection ends it.
        head = self._answer_head(flight, prepared, lines, None)
        if head is None:
            return
        if length >= 0:
            head += b"content-length: %d\r\n\r\n" % length
        elif flight.minor:
            head += b"transfer-encoding: chunked\r\n\r\n"
            flight.answer_chunked = True
        else:
            head += b"\r\n"
        flight.answer_started = True
        self._write(head)

    def answer_data(self, flight: Flight, data: bytes) -> None:
        """A piece of the answer's body."""
        if self._flight is not flight:
            return
        self.deadline = monotonic() + flight.runtime.timeouts.upstream
        if flight.held_answer is not None:
            self._hold_data(flight, flight.held_answer, data)
            return
        stream = flight.answer_stream
        if stream is not None:
            try:
                data = stream.feed(flight, data)
            except Denied as denied:
                self._withhold(flight, denied)
                return
            if not data:
                return
        flight.response_bytes += len(data)
        self._write(b"%x\r\n%b\r\n" % (len(data), data) if flight.answer_chunked else data)

    def answer_ends(self, flight: Flight, data: bytes) -> None:
        """The last piece of the answer, possibly empty."""
        if self._flight is not flight:
            return
        flight.upstream_ended = monotonic()
        held = flight.held_answer
        if held is not None:
            if not data or self._hold_data(flight, held, data):
                flight.held_answer = None
                self._end_held(flight, held)
                return
            if self._flight is not flight:
                return
            data = b""
        if flight.answer_stream is not None:
            try:
                data = flight.answer_stream.end(flight, data)
            except Denied as denied:
                self._withhold(flight, denied)
                return
        flight.response_bytes += len(data)
        if flight.answer_chunked:
            data = (b"%x\r\n%b\r\n" % (len(data), data) if data else b"") + b"0\r\n\r\n"
        if not flight.body_complete:
            flight.keep_alive = False  # Its body began to be relayed and never ended (B-030).
        self._complete(flight, data)

    def answer_failed(self, flight: Flight, slug: str, reason: str) -> None:
        """The upstream gave no usable answer, or broke off in the middle of one."""
        if self._flight is not flight:
            return
        flight.upstream_ended = monotonic()
        if not flight.answer_started:
            if flight.once is not None and reason in _NOT_SENT and not flight.retried:
                flight.once.not_sent()
            self._problem(flight, slug, reason)
            return
        self._break_off(flight, "error", reason)

    # --- what controls look into -----------------------------------------------------------------

    def _screened_lines(self, flight: Flight, prepared: PreparedHead) -> bytes | None:
        """The field lines after the head's screens; None where a problem was answered instead."""
        status = flight.upstream_status = prepared.response.status
        if status < flight.route.screens_from:
            return prepared.lines
        answer = Answer(status, list(prepared.fields))
        problem = _screened(flight, answer)
        if problem is not None:
            self._give_up_upstream(flight)
            self._problem(flight, *problem)
            return None
        return field_lines(answer.fields)

    def _screened_body(
        self, flight: Flight, prepared: PreparedHead, lines: bytes, body: bytes
    ) -> tuple[bytes, bytes] | None:
        """Field lines and body as they go out; None where a problem was answered instead."""
        try:
            lines, plan = self._plan(flight, prepared, lines)
            if plan is not None and plan.reads:
                return screen_content(flight, prepared, plan, lines, body, whole=True)
        except Denied as denied:
            self._withhold(flight, denied)
            return None
        return lines, body

    def _plan(
        self, flight: Flight, prepared: PreparedHead, lines: bytes
    ) -> tuple[bytes, Plan | None]:
        """The field lines that go on, and what is wanted of the body; None where there is none.

        Raises:
            Denied: the answer must not go out.
        """
        plan = plan_of(flight.route, prepared)
        flight.notes += plan.field_notes
        if not flight.has_content(prepared.response.status):
            return plan.lines(lines), None
        flight.notes += plan.notes
        if plan.withhold:
            raise withheld(plan.withhold)
        return plan.lines(lines) + plan.fields, plan

    def _withhold(self, flight: Flight, denied: Denied) -> None:
        """Answer a problem in place of an answer that must not go out."""
        self._give_up_upstream(flight)
        flight.held_answer = None
        flight.decision = "deny" if denied.problem.slug == "answer-withheld" else "error"
        if flight.answer_started:
            self._break_off(flight, flight.decision, denied.reason)
            return
        upstream = flight.upstream_status
        # A refusal of the upstream stays one; only its words are withheld.
        status = upstream if 400 <= upstream < 500 and flight.decision == "deny" else None
        self._problem(flight, denied.problem.slug, denied.reason, status=status)

    def _hold(
        self, flight: Flight, prepared: PreparedHead, lines: bytes, length: int
    ) -> bytes | None:
        """Keep an answer that comes in pieces, where a screen asks for its body.

        Returns:
            The field lines of an answer that goes on as it comes; None where there is nothing to
            be done now.
        """
        try:
            lines, plan = self._plan(flight, prepared, lines)
            if plan is None or not plan.reads:
                return lines
            flight.answer_stream, lines = stream_of(prepared, plan, lines)
            if flight.answer_stream is not None:
                return lines
            room = flight.route.answer_limit
            if length > room and plan.must_read:
                raise withheld("answers.too-large")
            if not plan.must_read and length < 0 and may_be_stream(prepared):
                room = 0  # Its reader may wait for each piece.
            self.worker.hold_body(flight, max(0, min(length, room)))
        except Denied as denied:
            self._withhold(flight, denied)
            return None
        flight.held_answer = HeldAnswer(prepared, plan, lines, length, room)
        return None

    def _hold_data(self, flight: Flight, held: HeldAnswer, data: bytes) -> bool:
        """Take a piece of a held answer; False where it is held no longer, and goes on."""
        try:
            if held.length < 0:
                self.worker.hold_body(flight, len(data))
            if held.add(data):
                return True
            if held.plan.must_read:
                raise withheld("answers.too-large")
            flight.held_answer = None
            if held.plan.coding and held.plan.must_undo:
                raise withheld("answers.too-large")
            if not held.plan.coding:
                screen_content(
                    flight, held.prepared, held.plan, held.lines, b"".join(held.pieces), whole=False
                )
        except Denied as denied:
            self._withhold(flight, denied)
            return False
        flight.notes.append("answers.read-in-part")
        self._begin_answer(flight, held.prepared, held.lines, held.length)
        self.answer_data(flight, b"".join(held.pieces))
        return False

    def _end_held(self, flight: Flight, held: HeldAnswer) -> None:
        """The body of a held answer is whole."""
        try:
            lines, body = screen_content(
                flight, held.prepared, held.plan, held.lines, b"".join(held.pieces), whole=True
            )
        except Denied as denied:
            self._withhold(flight, denied)
            return
        head = self._answer_head(flight, held.prepared, lines, body)
        if head is not None:
            self._complete_whole(flight, head, body)

    def _answer_head(
        self, flight: Flight, prepared: PreparedHead, lines: bytes, body: bytes | None
    ) -> bytes | None:
        """The head up to the framing; None where a problem was answered instead.

        `body` is None where it goes on in pieces.
        """
        route = flight.route
        if prepared.location is not None:
            origin = flight.runtime.origins[route.api]
            public = f"{flight.runtime.scheme}://{flight.request.host}"
            try:
                # Applications of a person's own machine, and providers inside, are the inside
                # that B-293 hides; where a sign-in goes on is the provider's to judge.
                if route.is_own:
                    lines += prepared.location_as_sent()
                else:
                    lines += prepared.location_line(origin.authority, public)
            except Denied:
                self._give_up_upstream(flight)
                self._problem(flight, "upstream-failed", "upstream.location")
                return None
        if flight.principal is not None and not prepared.names_caching:
            lines += NO_STORE_LINE
        flight.status = prepared.response.status
        if flight.once is not None and body is not None:
            flight.once.answered(KeptAnswer(flight.status, lines, body))
        fields = route.reply_fields
        if route.is_own and prepared.page_policy:
            fields = with_page_policy(fields, prepared.page_policy)
        return self._head(flight, flight.status, lines, fields)


def _length_of_get(flight: Flight, prepared: PreparedHead) -> int:
    """The body length that GET would have, or -1: screens may shorten what the upstream says."""
    if flight.route.body_screens:
        try:
            if plan_of(flight.route, prepared).must_read:
                return -1
        except Denied:
            return -1
    return prepared.response.content_length


def _screened(flight: Flight, answer: Answer) -> tuple[str, str] | None:
    """Run the screens; the problem and reason to answer with instead, or None."""
    try:
        for screen in flight.route.screens:
            screen(flight, answer)
    except Denied as denied:
        return denied.problem.slug, denied.reason
    except Exception:  # noqa: BLE001  GW-3: a control that raises denies.
        report_exception("in a screen")
        return "internal-error", "gateway.exception"
    return None if answer.replace_with is None else (answer.replace_with, "upstream.status")
