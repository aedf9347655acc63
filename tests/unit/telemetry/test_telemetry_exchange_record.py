"""The line of one exchange."""

from __future__ import annotations

import json
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.facts import CALLER, NOW, SCENE, Facts, Found

from vallum.telemetry.exchange_record import (
    LONGEST_PATH,
    LONGEST_QUERY_NAME,
    LONGEST_TEXT,
    LONGEST_USER_AGENT,
    MOST_NOTES,
    MOST_QUERY_NAMES,
    RecordBuilder,
    quoted,
)


def test_a_record_says_what_happened() -> None:
    facts = Facts(
        query_names=("page", "size"),
        status=403,
        decision="deny",
        reason="access.missing-scope",
        upstream_status=0,
        notes=("contract.unknown",),
        findings=(Found(),),
    )
    line = RecordBuilder("w1").build(facts, NOW + 0.0625, 412, 0, SCENE, CALLER, "client-7")
    assert line.endswith(b"}\n")
    assert json.loads(line) == {
        "time": "2025-10-09T08:53:20.062Z",
        "seq": 1,
        "worker": "w1",
        "request_id": "ab" * 16,
        "trace_id": "cd" * 16,
        "client_request_id": "client-7",
        "client": "192.0.2.1",
        "principal": "21:https://login.example:ann",
        "credential": "jti-1",
        "user_agent": "curl/8.5",
        "api": "bookshop",
        "operation": "getBook",
        "host": "api.example",
        "policy": "3f2a",
        "method": "GET",
        "path": "/books/17",
        "query": ["page", "size"],
        "status": 403,
        "decision": "deny",
        "reason": "access.missing-scope",
        "upstream_status": 0,
        "request_bytes": 0,
        "response_bytes": 321,
        "duration_us": 412,
        "upstream_us": 0,
        "notes": ["contract.unknown"],
        "findings": [
            {
                "family": "sql",
                "rule": "sql.tautology",
                "score": 9,
                "location": "query",
                "at": "q",
                "evidence": "' or 1=1",
                "layers": ["url"],
            }
        ],
    }


def test_records_are_numbered() -> None:
    builder = RecordBuilder("w1")
    lines = [builder.build(Facts(), NOW, 1, 1, SCENE, CALLER) for _ in range(3)]
    lines.append(builder.event("records.lost", NOW, 7))
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]
    assert json.loads(lines[3])["event"] == "records.lost"
    assert json.loads(lines[3])["count"] == 7


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (951_782_399.999, "2000-02-28T23:59:59.999Z"),
        (951_782_400.001, "2000-02-29T00:00:00.000Z"),
        (1_483_228_799.5, "2016-12-31T23:59:59.500Z"),
    ],
)
def test_times_are_utc(now: float, text: str) -> None:
    builder = RecordBuilder("w")
    for _ in range(2):
        shown = builder.time_text(now)
        assert shown[:-4] == text[:-4]
        assert abs(int(shown[-4:-1]) - int(text[-4:-1])) <= 1


@given(st.floats(0, 4e9))
def test_every_time_has_the_same_form(now: float) -> None:
    text = RecordBuilder("w").time_text(now)
    assert len(text) == 24
    assert text.endswith("Z")


def test_everything_is_bounded() -> None:
    long = "x" * 100_000
    facts = Facts(
        method=long,
        path=long,
        query_names=(long,) * 500,
        reason=long,
        notes=(long,) * 500,
    )
    builder = RecordBuilder("w1")
    line = builder.build(
        facts, NOW, 1, 1, (long, long, long, long), (long, long, long, long.encode())
    )
    record = json.loads(line)
    assert len(record["path"]) == LONGEST_PATH
    assert len(record["user_agent"]) == LONGEST_USER_AGENT
    assert len(record["query"]) == MOST_QUERY_NAMES
    assert {len(name) for name in record["query"]} == {LONGEST_QUERY_NAME}
    assert len(record["notes"]) == MOST_NOTES
    assert {len(record[name]) for name in ("method", "reason", "api", "client")} == {LONGEST_TEXT}
    assert len(line) < 64 * 1024
    assert not builder._callers
    assert not builder._outcomes


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vallum.telemetry.exchange_record._MOST_REMEMBERED", 8)
    builder = RecordBuilder("w1")
    for number in range(100):
        facts = replace(Facts(), method=f"M{number}", reason=f"r.{number}")
        caller = (f"192.0.2.{number}", "", "", None)
        line = builder.build(facts, NOW, 1, 1, ("a", f"op{number}", "h", "p"), caller)
        record = json.loads(line)
        assert record["method"] == f"M{number}"
        assert record["operation"] == f"op{number}"
        assert record["client"] == f"192.0.2.{number}"
    assert max(len(builder._outcomes), len(builder._callers), len(builder._scenes)) <= 8


@given(st.text() | st.text(st.characters(codec=None)))
def test_quoted_text_reads_back_and_is_inert(text: str) -> None:
    shown = quoted(text)
    assert shown.isascii()
    assert shown.isprintable()
    readable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    assert json.loads(shown) == readable
    assert orjson.loads(shown) == readable
