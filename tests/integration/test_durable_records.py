"""Records survive what the process does not, and hold no secret."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from tests.support.arena import Arena, post_json, request
from tests.support.gateway import PolicyText, start
from tests.support.raw import Closed, RawConnection
from tests.support.upstream import (
    RecordingUpstream,
)
from tests.support.waiting import eventually


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_under_load_loses_no_record(tmp_path: Path, workers: int) -> None:
    """Every answer that a client received whole has its record on disk."""
    with RecordingUpstream() as upstream:
        gateway = start(tmp_path, PolicyText(upstream=upstream.url), workers=workers)
        answered: set[str] = set()
        lock = threading.Lock()

        def load(thread: int) -> None:
            number = 0
            with suppress(OSError, Closed), RawConnection(gateway.port) as connection:
                while True:
                    number += 1
                    raw = request("GET", f"/things/kill-{thread}-{number}")
                    if number % 3 == 0:
                        raw = request("GET", f"/nowhere/kill-{thread}-{number}")
                    connection.send(raw)
                    reply = connection.read()
                    with lock:
                        answered.add(reply.get("x-request-id"))

        threads = [threading.Thread(target=load, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(answered) > 300, "some load")
        gateway.kill()
        for thread in threads:
            thread.join(20)
        recorded = set()
        for path in (tmp_path / "records").rglob("*"):
            lines = path.read_bytes().split(b"\n") if path.is_file() else []
            # A line that was being written when the process died is no record, and no answer
            # went out for it.
            recorded |= {orjson.loads(line)["request_id"] for line in lines[:-1]}
        assert len(answered) > 300
        assert answered <= recorded, answered - recorded


def test_one_record_for_each_exchange(arena: Arena) -> None:
    """MO-2, B-329: malformed and aborted ones too; and never a secret (B-326)."""
    arena.gateway.new_records()
    canary = "canary-secret-b326"
    raws = [
        request("GET", "/health", f"Cookie: s={canary}", f"Authorization: Bearer {canary}"),
        request("GET", f"/things?q={canary}"),
        request("GET", "/nowhere", f"X-API-Key: {canary}"),
        request("GET", "/admin", f"X-API-Key: {canary}"),
        post_json(b'{"name":"' + canary.encode() + b'","x":1}'),
        b"GET  /x HTTP/1.1\r\nX: " + canary.encode() + b"\r\n\r\n",
    ]
    for raw in raws:
        arena.send(raw)
    records = arena.gateway.new_records()
    assert len(records) == len(raws)
    assert canary not in orjson.dumps(records).decode()
    assert canary not in arena.gateway.errors
    assert len({record["request_id"] for record in records}) == len(raws)
