"""`vallum log`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.recorded import principal, write_records

from vallum.cli import log as log_module
from vallum.cli.log import log


@pytest.fixture
def records(tmp_path: Path) -> Path:
    write_records(tmp_path / "records")
    return tmp_path / "records"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(log, [str(each) for each in arguments], env={"COLUMNS": "200"})


def shown(records: Path, *arguments: object) -> str:
    """The request ids' letters of the records that `arguments` leave."""
    result = run("--path", records, "--json", *arguments)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.output.splitlines()]
    return "".join(row["request_id"][0] if "request_id" in row else "!" for row in rows)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "abcde!"),
        (["-n", "3"], "de!"),
        (["-n", "0"], ""),
        (["--status", "403"], "b"),
        (["--status", "4xx"], "bce"),
        (["--status", "5xx"], "d"),
        (["--status", "999"], ""),
        (["--operation", "listBooks"], "acd"),
        (["--operation", "list"], ""),
        (["--principal", "ann"], "ab"),
        (["--principal", "bob:x"], "de"),
        (["--principal", principal("ann")], "ab"),
        (["--principal", "x"], ""),
        (["--decision", "deny"], "bce"),
        (["--reason", "jwt"], "c"),
        (["--reason", "jwt.expired"], "c"),
        (["--reason", "jw"], ""),
        (["--client", "192.0.2.3"], "d"),
        (["--since", "1h"], "de!"),
        (["--since", "7d"], "abcde!"),
        (["--id", "b" * 32], "b"),
        (["--id", "urn:vallum:request:" + "b" * 32], "b"),
        (["--id", "b"], ""),
        (["--decision", "deny", "--status", "4xx", "--principal", "ann"], "b"),
        (["--decision", "deny", "-n", "1"], "e"),
    ],
)
def test_filters(records: Path, arguments: list[str], expected: str) -> None:
    assert shown(records, *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--status", "4x"], "write 403, or 4xx"),
        (["--status", "abc"], "write 403, or 4xx"),
        (["--since", "soon"], "write a time such as"),
        (["--decision", "maybe"], "is not one of"),
        (["-n", "-1"], "range"),
    ],
)
def test_a_filter_that_cannot_be_read(records: Path, arguments: list[str], message: str) -> None:
    result = run("--path", records, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_the_table(records: Path) -> None:
    result = run("--path", records)
    assert result.exit_code == 0
    head, *rows = result.output.splitlines()
    assert head.split() == list(log_module._WIDTHS)
    assert "403    deny" in rows[1]
    assert "GET /books/17" in rows[1]
    assert "createBook" in rows[1]
    assert " ann " in rows[1]
    assert "access.missing-scope" in rows[1]
    assert "1.2" in rows[1]
    assert " 192.0.2.2 " in rows[2]
    assert "records.lost: 3" in rows[5]


def test_follow_goes_on_until_it_is_interrupted(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pause writes more records, the third one interrupts."""
    pauses = 0

    def pause(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 1:
            write_records(records, "w2")
        if pauses == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", pause)
    assert shown(records, "--follow", "--decision", "deny", "-n", "1") == "ebce"


def test_a_directory_without_records(tmp_path: Path) -> None:
    assert run("--path", tmp_path).output == ""
    missing = run("--path", tmp_path / "none")
    assert missing.exit_code == 2
    assert "does not exist" in missing.output


def test_a_policy_that_cannot_be_used(tmp_path: Path) -> None:
    result = run("-c", tmp_path / "none.yaml")
    assert result.exit_code == 1
    assert "`--path DIRECTORY` needs no policy" in result.output


def test_numbers_that_are_none_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "20260101T000000-w1-0.jsonl").write_text(
        '{"time":"2026","status":"x","duration_us":null,"notes":5,"principal":7}\n'
    )
    assert run("--path", tmp_path, "--status", "2xx").output == ""
    result = run("--path", tmp_path)
    assert result.exit_code == 0, result.output


def test_of_many_findings_the_first_are_shown(tmp_path: Path) -> None:
    finding = {"rule": "answers.undeclared-property", "location": "answer"}
    found = [{**finding, "at": f"/items/{number}/cost"} for number in range(12)]
    row = {"time": "2027-01-01T00:00:00.000Z", "findings": found, "decision": "allow"}
    (tmp_path / "20270101T000000-w0-0.jsonl").write_text(json.dumps(row) + "\n")

    shown = " ".join(run("--path", tmp_path).output.split())

    assert "/items/2/cost" in shown
    assert "/items/3/cost" not in shown
    assert "and 9 more" in shown
