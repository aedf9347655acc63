"""`vallum check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.policies import POLICY, changed, write_policy

from vallum.cli.main import main

UNWISE = changed(POLICY, "records: {path: var/records, keep: 30d}", "records: off")
WRONG = changed(POLICY, "      listBooks:", "      listBook:")


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_a_good_policy(tmp_path: Path) -> None:
    result = _check("-c", str(write_policy(tmp_path)))

    assert result.exit_code == 0
    assert "no errors, no warnings; 4 operations protected" in result.output


def test_the_providers_own_operations_are_not_counted(tmp_path: Path) -> None:
    identity = (
        "identity: {issuer: 'https://localhost:8443', resources: "
        "{bookshop: {identifier: 'https://localhost:8443'}}}\napis:\n"
    )
    result = _check("-c", str(write_policy(tmp_path, changed(POLICY, "apis:\n", identity))))

    assert result.exit_code == 0, result.output
    assert "; 4 operations protected" in result.output


def test_an_error_is_shown_with_its_line_mark_and_help(tmp_path: Path) -> None:
    path = write_policy(tmp_path, WRONG)
    result = _check("-c", str(path))

    line = 1 + WRONG.split("\n").index("      listBook: {scopes: [books:read]}")
    assert result.exit_code == 1
    assert f"{path}:{line}:7: error[unknown-operation]: " in result.output
    assert f"{line:>6} |       listBook: {{scopes: [books:read]}}\n" in result.output
    assert "       |       ^^^^^^^^\n" in result.output
    assert "  help: did you mean `listBooks`?" in result.output
    assert "1 error; the gateway would not start" in result.output


@pytest.mark.parametrize(
    ("policy", "options", "status"),
    [
        (POLICY, [], 0),
        (POLICY, ["--strict"], 0),
        (UNWISE, [], 0),
        (UNWISE, ["--strict"], 1),
        (WRONG, [], 1),
        (WRONG, ["--strict"], 1),
        (UNWISE, ["--json"], 0),
        (UNWISE, ["--json", "--strict"], 1),
        (WRONG, ["--json"], 1),
    ],
)
def test_exit_status(tmp_path: Path, policy: str, options: list[str], status: int) -> None:
    assert _check("-c", str(write_policy(tmp_path, policy)), *options).exit_code == status


def test_strict_says_why_it_fails(tmp_path: Path) -> None:
    result = _check("-c", str(write_policy(tmp_path, UNWISE)), "--strict")

    assert "1 warning, and --strict allows none" in result.output


def test_json(tmp_path: Path) -> None:
    path = write_policy(tmp_path, UNWISE)
    report = json.loads(_check("-c", str(path), "--json").output)

    assert (report["ok"], report["errors"], report["warnings"]) == (True, 0, 1)
    (found,) = report["diagnostics"]
    assert found["code"] == "records-off"
    assert found["file"] == str(path)
    assert found["line"] == 4
    assert found["hint"]


def test_the_policy_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_policy(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert _check().exit_code == 0


def test_a_missing_policy(tmp_path: Path) -> None:
    result = _check("-c", str(tmp_path / "none.yaml"))

    assert result.exit_code == 1
    assert "error[missing-file]" in result.output


def test_schema() -> None:
    schema = json.loads(_check("--schema").output)

    assert schema["properties"]["version"]["const"] == 1


def test_control_characters_of_a_contract_do_not_reach_the_terminal(tmp_path: Path) -> None:
    contract = (
        '{"openapi": "3.1.0", "info": {"title": "\\u001b[31m"}, "paths": {"/\\u001b]0;x": 1}}'
    )
    path = write_policy(tmp_path, contract=contract)
    result = _check("-c", str(path))

    assert result.exit_code == 1
    assert "\x1b" not in result.output


def test_long_lines_are_shown_around_the_place(tmp_path: Path) -> None:
    contract = json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "x" * 5000, "version": "1"},
            "paths": {"/a": {"get": {"operationId": "a", "parameters": [{"in": "nowhere"}]}}},
        }
    )
    result = _check("-c", str(write_policy(tmp_path, contract=contract)))

    assert result.exit_code == 1
    assert "openapi.yaml:1:51" in result.output
    assert all(len(line) < 400 for line in result.output.split("\n"))
