"""`vallum explain INSTANCE`: what was recorded of one exchange."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.exchanges import ManualClock
from tests.support.facts import CALLER, NOW, SCENE, Facts, Found

from vallum.cli.explain import explain
from vallum.cli.inspect import inspect
from vallum.cli.log import log
from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.records import RecordWriter

INSTANCE = "urn:vallum:request:" + "ab" * 16
CONTRACT = """
openapi: 3.1.0
info: {title: Books, version: "1"}
paths: {/books: {get: {operationId: listBooks, responses: {"200": {description: books}}}}}
"""
POLICY = """
version: 1
apis:
  books: {openapi: openapi.yaml, upstream: "http://127.0.0.1:9", public: true}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    (tmp_path / "vallum.yaml").write_text(POLICY)
    builder = RecordBuilder("w1")
    writer = RecordWriter(
        tmp_path / "var/records", "w1", clock=ManualClock(NOW), event=builder.event
    )
    found = Found(location="body", at="/[red]\x1b[31m/note")
    facts = replace(Facts(), status=403, decision="deny", reason="inspect.sql", findings=(found,))
    writer.append(builder.build(facts, NOW, 1, 1, SCENE, CALLER))
    writer.close()
    return tmp_path / "vallum.yaml"


def run(config: Path, *arguments: str) -> Result:
    command = [*arguments, "-c", str(config)]
    return CliRunner().invoke(explain, command, env={"COLUMNS": "200"})


@pytest.mark.parametrize("instance", [INSTANCE, "ab" * 16])
def test_an_instance_tells_why(config: Path, instance: str) -> None:
    result = run(config, instance)

    assert result.exit_code == 0, result.output
    for told in ("403", "deny inspect.sql", "sql.tautology", "ann from 192.0.2.1", "' or 1=1"):
        assert told in result.output


def test_names_of_strangers_are_shown_and_not_obeyed(config: Path) -> None:
    result = run(config, INSTANCE)

    assert r"/[red]\x1b[31m/note" in result.output
    assert "\x1b" not in result.output


def test_the_record_itself_for_scripts(config: Path) -> None:
    record = json.loads(run(config, INSTANCE, "--json").output)

    assert record["findings"][0]["rule"] == "sql.tautology"


def test_an_instance_that_nothing_has_says_so(config: Path) -> None:
    result = run(config, "urn:vallum:request:" + "00" * 16)

    assert result.exit_code == 1
    assert "no record of" in result.output


def test_a_log_without_a_match_says_so(config: Path) -> None:
    result = CliRunner().invoke(log, ["-c", str(config), "--id", "00" * 16])

    assert result.exit_code == 0
    assert "no record in" in result.output


def test_a_name_in_brackets_is_no_style() -> None:
    text = '{"[red]x": {"[/a]": "<script>alert(1)</script>"}}'

    result = CliRunner().invoke(inspect, [text, "--as", "json"], env={"COLUMNS": "200"})

    assert "/[red]x/[~1a]" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("/books", "GET"), "`GET` is no path and no URL"),
        (("GET", "books"), "`books` is no path and no URL"),
        (("GET", "/books", "-d", "@nowhere"), "cannot read `nowhere`: No such file"),
        (("GET", "/books", "-H", "@nowhere"), "cannot read `nowhere`: No such file"),
    ],
)
def test_a_request_that_is_none_is_told(
    config: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run(config, *arguments)

    assert result.exit_code == 1
    assert message in result.output
