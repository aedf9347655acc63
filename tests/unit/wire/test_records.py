"""Streams of records: cut in whatever pieces they come, and read as their readers do."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.wire.media_type import MediaType
from vallum.wire.records import (
    LONGEST_RECORD,
    Format,
    RecordCutter,
    format_of,
    is_word,
    read_record,
    records_of,
)


@pytest.mark.parametrize(
    ("essence", "form"),
    [
        ("text/event-stream", "events"),
        ("application/x-ndjson", "lines"),
        ("application/jsonl", "lines"),
        ("application/json-seq", "lines"),
        ("application/geo+json-seq", "lines"),
        ("application/json", None),
        ("text/plain", None),
    ],
)
def test_types_of_streams(essence: str, form: Format | None) -> None:
    assert format_of(MediaType(essence)) == form
    assert format_of(None) is None


@pytest.mark.parametrize(
    ("form", "raw", "data"),
    [
        ("lines", b'{"a":1}\r\n', b'{"a":1}'),
        ("lines", b'\x1e{"a":1}\n', b'{"a":1}'),
        ("lines", b" \r\n", b""),
        ("events", b"data: x\n\n", b"x"),
        ("events", b"\xef\xbb\xbfdata:x\r\rdata", b"x\n"),
        ("events", b"id: 7\r\ndata:  {\r\ndata: }\r\n: note\r\n\r\n", b" {\n}"),
        ("events", b"data : x\n\n", b""),
        ("events", b": ping\n\n", b""),
    ],
)
def test_what_a_record_says(form: Format, raw: bytes, data: bytes) -> None:
    assert read_record(form, raw).data == data


@pytest.mark.parametrize("data", [b"[DONE]", b"PING", b"ping", b"keep-alive", b"END_OF_STREAM"])
def test_words_that_are_no_data(data: bytes) -> None:
    assert is_word(data)
    assert not is_word(b'"' + data + b'"')
    assert not is_word(data + b" " + data)


def test_names_are_data() -> None:
    assert not any(map(is_word, (b"Ann", b"ann", b"[1]", b"{}", b"7", b"AAAABBBBCCCCDDDDEEEE")))


def test_a_record_with_other_data() -> None:
    event = read_record("events", b"id: 7\r\ndata: {\r\ndata: }\r\nevent: e\r\n\r\n")
    assert event.with_data(b"[1\n,2]") == b"id: 7\nevent: e\ndata: [1\ndata: ,2]\n\n"
    assert read_record("lines", b"\x1e{}\r\n").with_data(b"[]") == b"\x1e[]\r\n"


def said(form: Format, raws: Iterable[bytes]) -> list[bytes]:
    """What records say."""
    return [read_record(form, raw).data for raw in raws]


def test_an_event_without_an_end_gets_none() -> None:
    record = read_record("events", b"id: 7\ndata: secret")
    assert record.with_data(b"*") == b"id: 7\ndata: *\n"


PIECES = st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"data: x", b"\n\n", b"{}"]))


@given(PIECES, st.sampled_from(["events", "lines"]))
def test_pieces_make_no_difference(pieces: list[bytes], form: Format) -> None:
    cutter = RecordCutter(form)
    found = [record for piece in pieces for record in cutter.feed(piece)]
    found += cutter.rest()
    whole = b"".join(pieces)
    assert b"".join(found) == whole
    assert list(filter(None, said(form, found))) == list(
        filter(None, said(form, records_of(form, whole)))
    )


def test_a_record_without_an_end_is_bounded() -> None:
    cutter = RecordCutter("lines")
    found = []
    for size in (LONGEST_RECORD, 1):
        assert cutter.feed(b"x" * size) == []
        found.append(cutter.is_too_long)
    assert found == [False, True]
    assert [len(raw) for raw in cutter.rest()] == [LONGEST_RECORD + 1]
    assert cutter.rest() == []
