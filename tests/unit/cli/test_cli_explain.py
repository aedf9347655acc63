"""`vallum explain` of a request that is refused."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from tests.support.policies import init

from vallum.cli.main import main


def test_it_names_the_scope_that_the_caller_lacks(tmp_path: Path) -> None:
    assert init(tmp_path).exit_code == 0
    config = str(tmp_path / "vallum.yaml")
    runner = CliRunner(env={"COLUMNS": "100"})
    file = str(tmp_path / "a.key")
    made = ["keys", "create", "a", "--scope", "books:read", "-o", file, "-c", config]
    assert runner.invoke(main, made).exit_code == 0

    done = runner.invoke(main, ["explain", "POST", "/v1/books", "-H", f"@{file}", "-c", config])

    assert done.exit_code == 2, done.output
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    said = [line[1].strip() for line in lines if line[0] == "access"]
    assert said == ["lacks `books:write`", "refuses: access.missing-scope"]
