"""Records of two callers, of every decision, for commands that read them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from tests.support.exchanges import ManualClock
from tests.support.facts import Facts

from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.records import RecordWriter

ISSUER = "https://login.example"


def principal(subject: str) -> str:
    """Somebody whom the issuer knows, as records name principals."""
    return f"{len(ISSUER)}:{ISSUER}:{subject}"


def write_records(directory: Path, worker: str = "w1") -> None:
    """Five exchanges, `aaa…` to `eee…`, and the event that records were lost."""
    start = time.time() - 7200
    clock = ManualClock(start)
    builder = RecordBuilder(worker)
    writer = RecordWriter(directory, worker, clock=clock, event=builder.event)
    rows = [
        ("a", 200, "allow", "", "listBooks", "ann"),
        ("b", 403, "deny", "access.missing-scope", "createBook", "ann"),
        ("c", 401, "deny", "jwt.expired", "listBooks", ""),
        ("d", 502, "error", "upstream.reset", "listBooks", "bob:x"),
        ("e", 429, "deny", "limit.principal", "createBook", "bob:x"),
    ]
    for number, (name, status, decision, reason, operation, subject) in enumerate(rows):
        clock.now = start + 1500 * number
        facts = replace(
            Facts(), request_id=name * 32, status=status, decision=decision, reason=reason
        )
        caller = (f"192.0.2.{number}", principal(subject) if subject else "", "", None)
        scene = ("bookshop", operation, "api.example", "1")
        writer.append(builder.build(facts, clock.now, 1234, 1000, scene, caller))
    writer.append(builder.event("records.lost", clock.now, 3))
    writer.close()
