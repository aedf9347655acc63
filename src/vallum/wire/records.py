"""Answers that are many records one after another: cut into whole records as they come.

Server-sent events (HTML §9.2) end with an empty line, records of JSON with a line feed: newline
delimited JSON, and JSON text sequences (RFC 7464), whose records also begin with a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from vallum.wire.media_type import MediaType

Format = Literal["events", "lines"]

LONGEST_RECORD: Final = 256 * 1024
"""Bytes of a record that are kept until its end comes."""
_EVENTS: Final = "text/event-stream"
_LINES: Final = re.compile(
    r"(?:application|text)/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json-stream)"
    r"|application/(?:.+\+)?json-seq"
)
_END_OF_LINE: Final = rb"(?:\r\n|\n|\r(?!\n))"
_END: Final = {"events": re.compile(_END_OF_LINE + _END_OF_LINE), "lines": re.compile(rb"\n")}
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_BOM: Final = b"\xef\xbb\xbf"
_OVERLAP: Final = 3
"""Bytes in which an end may begin that the next piece completes."""
_DATA: Final = b"data: "
_AROUND: Final = b"\x1e \t\r\n"
_WORD: Final = re.compile(rb"\[?[A-Z_]{0,16}\]?|ping|pong|heartbeat|keep-?alive|connected|done|end")


class Record(NamedTuple):
    """One record: what it says, between what stands around it."""

    before: bytes
    data: bytes
    """As its reader gets it: the lines of an event's data joined by line feeds."""
    after: bytes

    def with_data(self, data: bytes) -> bytes:
        """The record with other data."""
        return self.before + data.replace(b"\n", b"\n" + _DATA) + self.after


def format_of(media_type: MediaType | None) -> Format | None:
    """How answers of a type are cut into records; None where they are not."""
    if media_type is None:
        return None
    if media_type.essence == _EVENTS:
        return "events"
    return "lines" if _LINES.fullmatch(media_type.essence) else None


def is_word(data: bytes) -> bool:
    """Whether it ends a stream, or keeps it open, in place of an object: `[DONE]`, `PING`."""
    return _WORD.fullmatch(data) is not None


class RecordCutter:
    """Cuts one stream."""

    __slots__ = ("_form", "_pieces", "_size", "_tail")

    def __init__(self, form: Format) -> None:
        self._form = form
        self._pieces: list[bytes] = []
        self._size = 0
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The records that are whole now, each with its end."""
        seen = self._tail + data
        end = max((match.end() for match in _END[self._form].finditer(seen)), default=0)
        end -= len(self._tail)
        if end <= 0:
            self._keep(data)
            return []
        self._pieces.append(data[:end])
        whole = b"".join(self.rest())
        self._keep(data[end:])
        return list(records_of(self._form, whole))

    @property
    def is_too_long(self) -> bool:
        """Whether the record that has begun is longer than may be kept."""
        return self._size > LONGEST_RECORD

    def rest(self) -> list[bytes]:
        """What has no end yet: the last record where the stream ends. It is kept no longer."""
        rest = b"".join(self._pieces)
        self._pieces, self._size, self._tail = [], 0, b""
        return [rest] if rest else []

    def _keep(self, data: bytes) -> None:
        if data:
            self._pieces.append(data)
            self._size += len(data)
            self._tail = (self._tail + data)[-_OVERLAP:]


def read_record(form: Format, raw: bytes) -> Record:
    """What a record says."""
    if form == "lines":
        data = raw.strip(_AROUND)
        start = raw.index(data)
        return Record(raw[:start], data, raw[start + len(data) :])
    said, others = [], []
    for line in _LINE.split(raw.removeprefix(_BOM)):
        name, _, value = line.partition(b":")
        if name == b"data":
            said.append(value.removeprefix(b" "))
        elif line:
            others.append(line + b"\n")
    if not said:
        return Record(raw, b"", b"")
    # Readers drop an event that has no end.
    after = b"\n\n" if _END[form].search(raw) else b"\n"
    return Record(b"".join(others) + _DATA, b"\n".join(said), after)


def records_of(form: Format, whole: bytes) -> Iterator[bytes]:
    """The records of a stream that is there from its beginning to its end."""
    start = 0
    for match in _END[form].finditer(whole):
        yield whole[start : match.end()]
        start = match.end()
    if start < len(whole):
        yield whole[start:]
