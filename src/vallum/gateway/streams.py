"""Answers of many records that go on while they come, each judged as soon as it is whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vallum.core.problems import Denied
from vallum.engine.filter import AnswerBody, withheld
from vallum.gateway.faults import failed_control
from vallum.wire.media_type import MediaType
from vallum.wire.records import Format, Record, RecordCutter, read_record, records_of

if TYPE_CHECKING:
    from vallum.gateway.flight import Flight


def screen_body(flight: Flight, body: AnswerBody) -> None:
    """Have the route's screens judge what of an answer is there: its body, or one record.

    Raises:
        Denied: it may not go out, or a screen fails.
    """
    try:
        for screen in flight.route.body_screens:
            screen.screen(flight, body)
    except Denied:
        raise
    except Exception:  # noqa: BLE001
        raise failed_control("in a screen of answers") from None


class AnswerStream:
    """One answer of an upstream, from its head to its end."""

    __slots__ = ("_cutter", "_form", "_media_type", "_must_read", "_status")

    def __init__(
        self, form: Format, status: int, media_type: MediaType | None, *, must_read: bool
    ) -> None:
        """
        Args:
            form: how it is cut.
            status: of the answer.
            media_type: of the answer.
            must_read: whether a record that cannot be read whole must not go out.
        """
        self._form: Format = form
        self._status = status
        self._media_type = media_type
        self._must_read = must_read
        self._cutter = RecordCutter(form)

    def feed(self, flight: Flight, data: bytes) -> bytes:
        """What of the stream may go out now.

        Raises:
            Denied: nothing more of it may.
        """
        found = self._judged(flight, self._cutter.feed(data))
        if not self._cutter.is_too_long:
            return found
        if self._must_read:
            raise withheld("answers.too-large")
        if "answers.read-in-part" not in flight.notes:
            flight.notes.append("answers.read-in-part")
        return found + self._judged(flight, self._cutter.rest(), is_whole=False)

    def end(self, flight: Flight, data: bytes) -> bytes:
        """What is left of the stream, whose last piece is `data`. Raises Denied."""
        return self.feed(flight, data) + self._judged(flight, self._cutter.rest())

    def whole(self, flight: Flight, content: bytes) -> bytes:
        """All of a stream that is there from its beginning to its end. Raises Denied."""
        return self._judged(flight, records_of(self._form, content))

    def _judged(self, flight: Flight, raws: Iterable[bytes], *, is_whole: bool = True) -> bytes:
        return b"".join([self._record(flight, raw, is_whole=is_whole) for raw in raws])

    def _record(self, flight: Flight, raw: bytes, *, is_whole: bool) -> bytes:
        record: Record = read_record(self._form, raw)
        if not record.data:
            return raw
        body = AnswerBody(self._status, self._media_type, record.data, is_whole, is_record=True)
        screen_body(flight, body)
        return raw if body.content is record.data else record.with_data(body.content)
