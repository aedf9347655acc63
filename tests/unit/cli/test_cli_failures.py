"""What the system fails a command, the command says in one line; every command says `error:`."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.commands import in_shell
from tests.support.recorded import write_records

from vallum.cli.main import main


@pytest.mark.parametrize(
    "command", ["log --json --path records", "log --path records", "inspect x"]
)
def test_an_output_that_cannot_be_written(tmp_path: Path, command: str) -> None:
    write_records(tmp_path / "records")
    done = in_shell(f"vallum {command} > /dev/full", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: No space left on device\n"


def test_a_reader_of_records_that_has_seen_enough(tmp_path: Path) -> None:
    write_records(tmp_path / "records")
    done = in_shell("vallum log --json --path records | true", folder=tmp_path)
    assert done.stderr == ""


@pytest.mark.parametrize("output", ["", "-o two.key >&-"])
def test_a_state_file_that_cannot_be_written(tmp_path: Path, output: str) -> None:
    state = tmp_path / "state.db"
    assert in_shell("vallum keys create one --state state.db", folder=tmp_path).returncode == 0
    with sqlite3.connect(state) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON api_keys BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    connection.close()
    done = in_shell(f"vallum keys create two --state state.db {output}", folder=tmp_path)
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == ("", "error: the state file cannot be used: full\n")
    assert not (tmp_path / "two.key").exists()


@pytest.mark.parametrize(
    ("content", "says"), [(b"\xff\xfe", "not-utf8"), (b"a" * (4 * 1024**2 + 1), "file-too-large")]
)
def test_of_a_file_that_is_no_text_no_line_is_shown(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "vallum.yaml").write_bytes(content)
    done = in_shell("vallum check", folder=tmp_path)
    assert done.returncode == 1
    assert f"vallum.yaml:1:1: error[{says}]: " in done.stdout
    assert " | " not in done.stdout


@pytest.mark.parametrize(
    "command", ["check -c pipe", "keys list -c pipe", "init --openapi pipe --upstream unix:/a"]
)
def test_nobody_waits_for_what_is_no_regular_file(tmp_path: Path, command: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = in_shell(f"vallum {command}", folder=tmp_path)
    assert done.returncode == 1
    first, *_ = (done.stdout + done.stderr).splitlines()
    assert first == "pipe:1:1: error[missing-file]: the file `pipe` is no regular file"


@pytest.mark.parametrize("command", ["log -c no.yaml", "init --openapi no.yaml --upstream unix:/a"])
def test_errors_begin_alike(tmp_path: Path, command: str) -> None:
    done = in_shell(f"vallum {command}", folder=tmp_path)
    assert done.returncode == 1
    assert "\nerror: " in done.stderr


def test_who_wants_no_colour_gets_none(tmp_path: Path) -> None:
    terminal = f"{sys.executable} -c 'import pty, sys; pty.spawn(sys.argv[1:])' vallum check"
    coloured = in_shell(f"NO_COLOR= {terminal}", folder=tmp_path)
    plain = in_shell(f"NO_COLOR=1 {terminal}", folder=tmp_path)
    assert "\x1b[" in coloured.stdout
    assert "error[missing-file]: " in plain.stdout
    assert "\x1b[" not in plain.stdout


def test_a_command_that_is_interrupted_while_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    found_first = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [tmp_path, *sys.path]))}
    done = subprocess.run(
        [sys.executable, "-m", "vallum", "check"], env=found_first, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_command_that_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vallum.cli.main.import_module", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")
