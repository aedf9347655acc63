"""From a finished exchange to its line on disk, and what the operator hears when that fails."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.proxy import get, make_flight, make_runtime, run, serving
from tests.support.routes import make_route

from vallum.config.model import Records
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Client, Request, Target
from vallum.gateway.flight import Flight
from vallum.gateway.recorder import NoRecorder, check_records, open_recorder
from vallum.gateway.worker import Worker
from vallum.wire.http1 import parse_request_fields


def _flight() -> Flight:
    route = make_route("GET", "/x/{id}")
    flight = make_flight(make_runtime([route]), route)
    fields = parse_request_fields(
        b"Host: a\r\nUser-Agent: agent/1\r\nX-Request-Id: abc-1\r\nAuthorization: Bearer secret", 1
    )
    flight.request = Request(
        "GET",
        Target("/x/1", ("x", "1"), b"/x/1", (), b""),
        fields,
        "http",
        "api.example",
        Client("198.51.100.7", "203.0.113.9", 5),
    )
    flight.principal = Principal(kind="user", issuer="i", subject="alice", credential="k1")
    flight.request_id, flight.trace_id, flight.path = "1" * 32, "2" * 32, "/x/1"
    flight.status, flight.upstream_status = 200, 201
    flight.started, flight.upstream_started, flight.upstream_ended = 10.0, 10.001, 10.003
    flight.notes.append("jwt.would-refuse")
    return flight


def _lines(folder: Path) -> list[Mapping[str, Any]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]


def test_a_record_says_who_did_what_and_when(tmp_path: Path) -> None:
    recorder = open_recorder(Records(path=tmp_path / "records"), "w1")
    recorder.check()
    before = time.time()
    recorder.record(_flight(), 10.005)
    recorder.flush()
    (line,) = _lines(tmp_path / "records")
    recorder.close()
    assert line["request_id"] == "1" * 32
    assert line["client_request_id"] == "abc-1"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/x/1", 200)
    assert line["decision"] == "allow"
    text = json.dumps(line)
    for part in ("198.51.100.7", "alice", "k1", "agent/1", "api.example", "GET /x/{id}", "r1"):
        assert part in text
    assert "secret" not in text
    assert "203.0.113.9" not in text or "peer" in text
    assert line["time"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before))
    assert {line["duration_us"], line["upstream_us"]} <= {4_999, 5_000, 5_001, 1_999, 2_000, 2_001}


def test_a_record_needs_no_upstream_and_no_caller(tmp_path: Path) -> None:
    recorder = open_recorder(Records(path=tmp_path), "w1")
    flight = _flight()
    flight.principal, flight.upstream_ended = None, 0.0
    flight.request = flight.downstream.no_request
    recorder.record(flight, 11.0)
    recorder.close()
    (line,) = _lines(tmp_path)
    assert line["upstream_us"] == 0


def test_b278_the_operator_hears_once_that_records_are_lost_and_once_that_they_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "records"
    folder.write_text("in the way")
    recorder = open_recorder(Records(path=folder, on_failure="deny"), "w1")
    for _ in range(3):
        recorder.record(_flight(), 10.005)
        recorder.flush()
    said = capsys.readouterr().err
    assert said.count("vallum: cannot write records: ") == 1
    with pytest.raises(Denied) as caught:
        recorder.check()
    assert caught.value.status == 503
    folder.unlink()
    for _ in range(2):
        recorder.record(_flight(), 10.005)
        recorder.flush()
    recorder.check()
    assert capsys.readouterr().err == "vallum: records are written again\n"
    recorder.close()
    lost = [line for line in _lines(folder) if "lost" in json.dumps(line)]
    assert len(lost) == 1
    assert "3" in json.dumps(lost[0])


def test_b278_the_policy_may_prefer_to_serve(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.write_text("in the way")
    recorder = open_recorder(Records(path=folder), "w1")
    recorder.record(_flight(), 10.005)
    recorder.flush()
    recorder.check()


@pytest.mark.parametrize("obstacle", ["file", "below a file"])
def test_records_that_cannot_be_kept_are_noticed_at_the_start(
    tmp_path: Path, obstacle: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" if obstacle == "file" else tmp_path / "file" / "records"
    with pytest.raises(OSError, match="cannot write records in"):
        check_records(Records(path=path))


def test_the_directory_of_records_is_for_its_owner_alone(tmp_path: Path) -> None:
    check_records(Records(path=tmp_path / "a" / "records"))
    assert (tmp_path / "a" / "records").stat().st_mode & 0o077 == 0
    assert list((tmp_path / "a" / "records").iterdir()) == []
    check_records(Records(path=None))


def test_recording_can_be_off(tmp_path: Path) -> None:
    recorder = open_recorder(Records(path=None), "w1")
    assert isinstance(recorder, NoRecorder)
    recorder.check()
    recorder.record(_flight(), 1.0)
    recorder.flush()
    recorder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_written_before_its_answer_leaves() -> None:
    order: list[str] = []

    class Watched(NoRecorder):
        def flush(self) -> None:
            order.append("flush")

    async def test() -> None:
        runtime = make_runtime([make_route("GET", "/x")])
        async with serving(runtime) as served:
            worker: Worker = served.worker
            worker._recorder = Watched()
            write = worker._flush

            def flush() -> None:
                queued = len(worker._queue)
                order.append(f"before {queued}")
                write()
                order.append(f"after {len(worker._queue)}")

            worker._flush = flush  # type: ignore[method-assign]
            await served.talk(get("/none", b"Connection: close"))
        assert order[:3] == ["before 1", "flush", "after 0"]

    run(test())
