"""Streams of records: what is judged of one is what its reader gets, however it is cut."""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise

from tests.fuzz.target import Target, require

from vallum.wire.records import Format, RecordCutter, read_record, records_of

_EVENTS = (
    b"data: a\n\n",
    b": hello\n\nevent: add\ndata: 1\ndata:2\nid: 7\n\n",
    b"\xef\xbb\xbfdata\r\ndata:\r\n\r\ndata: x\r\rretry: 5\n\n",
)
_LINES = (b'{"a": 1}\n{"b": 2}\n', b'\x1e{"a": 1}\n\x1e[]\n', b"1\r\n\r\n2")
_BOM = b"\xef\xbb\xbf"
_WORDS = (
    *(b"data", b"data:", b"data: ", b"event: x", b"id: 1", b": ", b":", b"\n", b"\r", b"\r\n"),
    *(
        b"\n\n",
        b"\r\r",
        b"\r\n\r\n",
        b"\n\r",
        b" ",
        b"\x00",
        b"\xef\xbb\xbf",
        b"\x1e",
        b"{}",
        b"[1]",
    ),
)


def _dispatched(stream: bytes) -> list[bytes]:
    """The data of the events that a browser dispatches (HTML, 9.2.6)."""
    found: list[bytes] = []
    said: list[bytes] = []
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(_BOM))
    for line in lines[:-1]:
        name, _, value = line.partition(b":")
        if name == b"data":
            said.append(value.removeprefix(b" "))
        elif not line:
            data = b"\n".join(said)
            found += [data] if said and data else []
            said = []
    return found


def _values(stream: bytes) -> list[bytes]:
    return [line.strip(b"\x1e \t\r\n") for line in stream.split(b"\n")]


def _run(form: Format, body: bytes) -> None:
    # The first byte says where the stream is cut.
    step, stream = (body[0] % 7) + 1 if body else 1, body[1:]
    if _BOM in stream[1:]:
        return  # Some readers drop the mark there too; we judge what they would get.
    cutter = RecordCutter(form)
    cuts = [*range(0, len(stream), step), len(stream)]
    raws = [raw for start, end in pairwise(cuts) for raw in cutter.feed(stream[start:end])]
    raws += cutter.rest()
    require(b"".join(raws) == stream, "bytes are lost or made up", stream)

    for way in (raws, list(records_of(form, stream))):
        records = [read_record(form, raw) for raw in way]
        judged = [record.data for record in records if record.data]
        written = b"".join(
            record.with_data(record.data) if record.data else raw
            for record, raw in zip(records, way, strict=True)
        )
        read = _dispatched if form == "events" else _values
        wanted = [value for value in read(stream) if value]
        got = [value for value in read(written) if value]
        require(got == wanted, "written anew it says something else", stream, written)
        rest = iter(judged)
        require(all(value in rest for value in wanted), "not judged", stream, judged)


def make_events() -> Target:
    """Server-sent events."""
    return Target(name="events", run=partial(_run, "events"), seeds=_EVENTS, tokens=_WORDS)


def make_lines() -> Target:
    """JSON a line, and JSON text sequences."""
    return Target(name="lines", run=partial(_run, "lines"), seeds=_LINES, tokens=_WORDS)
