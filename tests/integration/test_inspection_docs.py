"""The commands of `docs/inspection.md` are run as they stand there, and print what stands there."""

from __future__ import annotations

import http.client
import re
import shlex
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from click.testing import CliRunner
from tests.support.gateway import Gateway, create_key, free_port
from tests.support.upstream import RecordingUpstream

from vallum.cli.main import main

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/inspection.md").read_text("utf-8")
REFUSED = 2
"""Exit status of a command whose subject would be stopped."""


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def _commands() -> list[tuple[str, list[str]]]:
    """Each command with the lines that stand under it."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(_blocks("console")).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


COMMANDS = _commands()


def _write(folder: Path, upstream: str) -> None:
    """The page's policy and contract, with ports of this machine."""
    (policy,) = (block for block in _blocks("yaml") if block.startswith("version:"))
    (contract,) = (block for block in _blocks("yaml") if block.startswith("openapi:"))
    settings = yaml.safe_load(policy)
    settings["apis"]["notes"]["upstream"] = upstream
    settings["listen"] = {"address": f"127.0.0.1:{free_port()}", "tls": "off"}
    (folder / "vallum.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    (folder / "openapi.yaml").write_text(contract, "utf-8")


def _ask(port: int, key: str, method: str, path: str, body: str | None = None) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        fields = {"X-API-Key": key, "Content-Type": "application/json"}
        connection.request(method, path, body, fields)
        assert connection.getresponse().status == 200


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which three people have written notes, and one has attacked, while watched."""
    folder = tmp_path_factory.mktemp("notes")
    with RecordingUpstream() as upstream:
        _write(folder, upstream.url)
        keys = [create_key(folder, name) for name in ("ann", "bob", "eve")]
        with Gateway(folder) as gateway:
            for key in keys:
                _ask(gateway.port, key, "POST", "/notes", '{"title": "=SUM(A1:A9)"}')
            attack = quote("title; drop table notes--")
            _ask(gateway.port, keys[-1], "GET", f"/notes?sort={attack}")
    return folder, keys[0]


def _plain(line: str) -> str:
    """A line without the widths of columns."""
    return " ".join(line.split())


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[each for each, _ in COMMANDS])
def test_the_command_prints_what_the_page_says(
    command: str,
    expected: list[str],
    notes: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, key = notes
    monkeypatch.chdir(folder)
    program, *arguments = (key if word == "$KEY" else word for word in shlex.split(command))
    assert program == "vallum"

    result = CliRunner().invoke(main, arguments, env={"COLUMNS": "200"})

    is_stopped = any("would be stopped" in line for line in expected)
    assert result.exit_code == (REFUSED if is_stopped else 0), result.output
    printed = "\n".join(map(_plain, result.output.splitlines()))
    told = "\n".join(map(_plain, expected))
    pattern = re.escape(told).replace("…", ".*")
    assert re.fullmatch(pattern, printed.strip(), re.DOTALL), result.output


def test_the_page_shows_every_command_of_inspection() -> None:
    shown = {shlex.split(command)[1] for command, _ in COMMANDS}

    assert {"inspect", "explain", "log", "suggest"} <= shown
