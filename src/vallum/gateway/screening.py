"""Answers that a control looks into before they go out: what its head asks for, then the body."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vallum.engine.filter import AnswerBody, AnswerHead, withheld
from vallum.gateway.answers import PreparedHead
from vallum.gateway.faults import failed_control
from vallum.gateway.streams import AnswerStream, screen_body
from vallum.wire.codings import CODINGS, CodingTooLarge, MalformedCoding, decode
from vallum.wire.records import Format, format_of

if TYPE_CHECKING:
    from vallum.engine.pipeline import Route
    from vallum.gateway.flight import Flight

_OF_THE_BODY = frozenset({b"content-md5", b"digest", b"content-digest", b"repr-digest"})
"""Fields of an answer that say something about the bytes of its body."""
_PARTIAL = 206
_PIECEMEAL = frozenset({"text/plain", "text/event-stream"})
"""Texts that may be shown while they come; others are documents."""


class Plan(NamedTuple):
    """What the body screens of a route want of answers with one head, together."""

    reads: bool
    must_read: bool
    must_undo: bool
    """Whether a coding that cannot be undone keeps the answer from going out."""
    withhold: str
    fields: bytes
    notes: tuple[str, ...]
    coding: str
    """A content coding that is to be undone, or the empty string."""
    form: Format | None
    """How the body is cut into records that are judged one by one; None where it is not."""
    without: frozenset[bytes]
    """Fields that do not go on, with a body or without."""
    field_notes: tuple[str, ...]

    def lines(self, lines: bytes) -> bytes:
        """What of an answer's field lines goes on."""
        return _without(lines, self.without) if self.without else lines


class HeldAnswer:
    """An answer that is kept until its body is whole, or too large for that."""

    __slots__ = ("length", "lines", "pieces", "plan", "prepared", "room")

    def __init__(
        self, prepared: PreparedHead, plan: Plan, lines: bytes, length: int, room: int
    ) -> None:
        """
        Args:
            prepared: the head.
            plan: what is wanted of it.
            lines: its field lines so far.
            length: the body's bytes, or -1.
            room: bytes that may be kept.
        """
        self.prepared = prepared
        self.plan = plan
        self.lines = lines
        self.length = length
        self.room = room
        self.pieces: list[bytes] = []

    def add(self, data: bytes) -> bool:
        """Keep a piece; False where there is no room for it."""
        self.pieces.append(data)
        self.room -= len(data)
        return self.room >= 0


def may_be_stream(prepared: PreparedHead) -> bool:
    """Whether an answer of unknown length may be read piece by piece while it comes."""
    media_type = prepared.media_type
    if prepared.response.status >= 400:
        return False
    if media_type is None:
        return True
    is_text = media_type.essence.startswith("text/") and media_type.essence not in _PIECEMEAL
    return not (is_text or media_type.is_json or media_type.is_xml)


def plan_of(route: Route, prepared: PreparedHead) -> Plan:
    """What the route's screens want of an answer; remembered with its head.

    Raises:
        Denied: a screen fails.
    """
    known = prepared.plan
    if prepared.plan_route is route and isinstance(known, Plan):
        return known
    try:
        plan = _plan(route, prepared)
    except Exception:  # noqa: BLE001
        raise failed_control("in a screen of answers") from None
    prepared.plan_route, prepared.plan = route, plan
    return plan


def _plan(route: Route, prepared: PreparedHead) -> Plan:
    head = AnswerHead(prepared.response.status, prepared.media_type, prepared.fields)
    rulings = [screen.judge(head) for screen in route.body_screens]
    reads = any(ruling.reads for ruling in rulings)
    must_read = any(ruling.must_read for ruling in rulings)
    must_undo = must_read or any(ruling.must_undo for ruling in rulings)
    withhold = next((ruling.withhold for ruling in rulings if ruling.withhold), "")
    notes = [note for ruling in rulings for note in ruling.notes]
    coding = prepared.coding if reads else ""
    if must_read and head.status == _PARTIAL:
        # A part of a JSON text cannot be judged.
        withhold = withhold or "answers.partial"
    elif coding and coding not in CODINGS:
        reads, coding = False, ""
        if must_undo:
            withhold = withhold or "answers.content-coding"
        else:
            notes.append("answers.content-coding")
    lines = b"".join(ruling.fields for ruling in rulings)
    form = format_of(prepared.media_type) if reads else None
    return Plan(
        reads,
        must_read,
        must_undo,
        withhold,
        lines,
        tuple(notes),
        coding,
        form,
        without=frozenset().union(*(ruling.without for ruling in rulings)),
        field_notes=tuple(note for ruling in rulings for note in ruling.field_notes),
    )


def screen_content(
    flight: Flight, prepared: PreparedHead, plan: Plan, lines: bytes, content: bytes, *, whole: bool
) -> tuple[bytes, bytes]:
    """The field lines and the body that go out.

    Raises:
        Denied: nothing of the answer goes out.
    """
    if not content:
        return lines, content
    found = content
    if plan.coding:
        try:
            found = decode(plan.coding, content, flight.route.answer_limit)
        except (MalformedCoding, CodingTooLarge):
            if plan.must_undo:
                raise withheld("answers.content-coding") from None
            flight.notes.append("answers.content-coding")
            return lines, content
    status = prepared.response.status
    if plan.form is not None:
        stream = AnswerStream(plan.form, status, prepared.media_type, must_read=plan.must_read)
        left = stream.whole(flight, found) if whole else found
        return (lines, content) if left == content else (_changed(lines, plan), left)
    body = AnswerBody(status, prepared.media_type, found, whole and status != _PARTIAL)
    screen_body(flight, body)
    if body.content is content:
        return lines, content
    return _changed(lines, plan, is_empty=not body.content), body.content


def stream_of(
    prepared: PreparedHead, plan: Plan, lines: bytes
) -> tuple[AnswerStream | None, bytes]:
    """What judges an answer while it comes, and its field lines; None where it must be held."""
    if plan.form is None or plan.coding:
        return None, lines
    status = prepared.response.status
    stream = AnswerStream(plan.form, status, prepared.media_type, must_read=plan.must_read)
    return stream, _changed(lines, plan)


def _changed(lines: bytes, plan: Plan, *, is_empty: bool = False) -> bytes:
    """The field lines that still hold of an answer whose body was changed."""
    gone = _OF_THE_BODY
    if plan.coding:
        gone |= {b"content-encoding"}
    if is_empty:
        gone |= {b"content-type"}
    return _without(lines, gone)


def _without(lines: bytes, gone: frozenset[bytes]) -> bytes:
    every = lines.splitlines(keepends=True)
    return b"".join([line for line in every if line.partition(b":")[0] not in gone])
