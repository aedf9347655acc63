"""`vallum explain` of a request that is refused."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from tests.support.policies import CONTRACT

from vallum.cli.main import main


def test_it_names_the_scope_that_the_caller_lacks(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    config = str(tmp_path / "vallum.yaml")
    files = ("--openapi", str(tmp_path / "openapi.yaml"), "-o", config)
    runner = CliRunner(env={"COLUMNS": "100"})
    assert runner.invoke(main, ["init", *files, "--upstream", "unix:/a"]).exit_code == 0
    key = runner.invoke(main, ["keys", "create", "a", "--scope", "books:read", "-c", config])

    done = runner.invoke(
        main, ["explain", "POST", "/v1/books", "--key", key.stdout.strip(), "-c", config]
    )

    assert done.exit_code == 2, done.output
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    said = [line[1].strip() for line in lines if line[0] == "access"]
    assert said == ["lacks `books:write`", "refuses: access.missing-scope"]
