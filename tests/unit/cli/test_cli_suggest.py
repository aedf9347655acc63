"""`vallum suggest` and `vallum inspect`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tests.support.exchanges import ManualClock
from tests.support.facts import Facts, Found

from vallum.cli.inspect import inspect
from vallum.cli.suggest import suggest
from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.records import RecordWriter


def record(directory: Path, *rows: tuple[str, str, Found]) -> None:
    clock = ManualClock(1_800_000_000.0)
    builder = RecordBuilder("w1")
    writer = RecordWriter(directory, "w1", clock=clock, event=builder.event)
    for caller, operation, found in rows:
        facts = replace(Facts(), findings=(found,))
        scene = ("bookshop", operation, "api.example", "1")
        who = ("192.0.2.1", caller, "", None)
        writer.append(builder.build(facts, clock.now, 1, 1, scene, who))
    writer.close()


def run(directory: Path) -> list[dict[str, object]]:
    result = CliRunner().invoke(suggest, ["--path", str(directory), "--json"])
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.output)
    return found


def test_what_many_callers_send_may_be_harmless(tmp_path: Path) -> None:
    note = Found(location="body", at="/lines/3/note")
    record(tmp_path, *((f"caller{n}", "createOrder", note) for n in range(5)))

    (found,) = run(tmp_path)

    assert found["kind"] == "exclusion"
    change = yaml.safe_load(str(found["change"]))
    (exclusion,) = change["exclude"]
    assert (exclusion["rule"], exclusion["field"]) == ("sql.tautology", "/lines/*/note")
    assert found["evidence"] == ["' or 1=1"]


def test_several_families_in_one_field_say_what_it_holds(tmp_path: Path) -> None:
    rules = ("sql.tautology", "shell.command", "code.php")
    rows = [
        (
            f"caller{n}",
            "createGist",
            Found(family=r.split(".")[0], rule=r, location="body", at="/x"),
        )
        for r in rules
        for n in range(4)
    ]
    record(tmp_path, *rows)

    (found,) = run(tmp_path)

    assert yaml.safe_load(str(found["change"])) == {"fields": {"/x": "code"}}


@pytest.mark.parametrize("rules", [["sql.tautology"], ["sql.tautology", "shell.command"]])
def test_a_name_of_a_request_says_no_more_than_a_name(tmp_path: Path, rules: list[str]) -> None:
    name = 'q", until: 2099-01-01}, {rule: "*", field: "/"}], inspect: off, x: ["\n# \u2028: {'
    rows = [
        (f"caller{n}", "find", Found(family=r.split(".")[0], rule=r, location="query", at=name))
        for r in rules
        for n in range(4)
    ]
    record(tmp_path, *rows)

    (found,) = run(tmp_path)

    change = yaml.safe_load(str(found["change"]))
    assert change.keys() <= {"exclude", "fields"}
    places = change.get("fields") or [each["field"] for each in change["exclude"]]
    assert list(places) == [f"query:{name}"]


@pytest.mark.parametrize(
    ("at", "schema"), [("order_id", "pattern"), ("email", "format: email"), ("q", "maxLength")]
)
def test_what_one_caller_attacks_should_be_tighter(tmp_path: Path, at: str, schema: str) -> None:
    record(tmp_path, *[("mallory", "search", Found(at=at))] * 50)

    (found,) = run(tmp_path)

    assert found["kind"] == "schema"
    assert schema in str(found["change"])


def test_the_terminal_shows_evidence_without_obeying_it(tmp_path: Path) -> None:
    record(tmp_path, ("m", "search", Found(evidence="\x1b[2J' or 1=1")))
    result = CliRunner().invoke(suggest, ["--path", str(tmp_path)])

    assert "\\x1b[2J' or 1=1" in result.output
    assert "\x1b" not in result.output


def test_nothing_recorded_is_nothing_to_suggest(tmp_path: Path) -> None:
    result = CliRunner().invoke(suggest, ["--path", str(tmp_path)])
    assert (result.exit_code, "nothing to suggest" in result.output) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "stopped"),
    [
        (["<script>alert(1)</script>"], True),
        (["%3Cscript%3Ealert(1)%3C/script%3E", "--as", "query"], True),
        (['{"a": ["<script>alert(1)</script>"]}', "--as", "json"], True),
        (["<p>hello <b>you</b></p>", "--as", "html"], False),
        (["<p onclick=alert(1)>hello</p>", "--as", "html"], True),
        (["User-Agent: sqlmap/1.7#stable", "--as", "header"], True),
        (["<script>alert(1)</script>", "--content", "code"], False),
        (["having friends over is nice"], False),
    ],
)
def test_inspect_tries_a_text(arguments: list[str], stopped: bool) -> None:
    result = CliRunner().invoke(inspect, [*arguments, "--json"])
    told = json.loads(result.stdout)

    assert (told["stopped"], result.exit_code) == (stopped, 2 if stopped else 0), told
    plain = CliRunner().invoke(inspect, arguments)
    assert plain.exit_code == result.exit_code
    assert ("it would be stopped" in plain.output) == stopped


def test_inspect_names_rule_place_layers_and_meaning() -> None:
    text = '{"a": ["%3Cscript%3Ealert(1)%3C/script%3E"]}'
    told = json.loads(CliRunner().invoke(inspect, [text, "--as", "json", "--json"]).stdout)
    best = max(told["findings"], key=lambda finding: finding["score"])

    assert (best["family"], best["at"], best["layers"]) == ("xss", "/a/0", ["url"])
    assert best["rule"].startswith("xss.")
    assert best["meaning"]


def test_inspect_reads_standard_input_and_explains_bad_json() -> None:
    result = CliRunner().invoke(inspect, ["-", "--json"], input="<script>alert(1)</script>")
    assert result.exit_code == 2
    result = CliRunner().invoke(inspect, ["{", "--as", "json"])
    assert "not JSON" in result.output
