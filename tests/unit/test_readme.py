"""README's commands are run as they stand there, and say what stands under them.

What the other documents name is there, and nothing that they should name is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import sysconfig
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SCRIPTS = Path(sysconfig.get_path("scripts"))
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/answers.md",
    "docs/inspection.md",
    "docs/policy.md",
    "docs/problems.md",
    "docs/sender-constrained.md",
    "docs/signatures.md",
    "examples/bookshop/README.md",
)


def _sessions(text: str) -> list[list[tuple[str, list[str]]]]:
    """Each console block as commands with the output that stands under them."""
    sessions = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        commands: list[tuple[str, list[str]]] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
        sessions.append(commands)
    return sessions


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"{process.args!r} does not listen")


class Terminal:
    """Runs the commands in a folder of its own, with ports of its own."""

    def __init__(self, home: Path, shop: int) -> None:
        self._home = home
        self._ports = {"127.0.0.1:8000": f"127.0.0.1:{shop}"}
        self._gateway_port = _free_port()
        self._ports["127.0.0.1:8443"] = f"127.0.0.1:{self._gateway_port}"
        self._environment = os.environ | {
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
        }
        self._server: subprocess.Popen[str] | None = None

    def _here(self, text: str) -> str:
        for written, actual in self._ports.items():
            text = text.replace(written, actual)
        return text

    def run(self, command: str, expected: list[str]) -> None:
        """Run one command and compare what it prints."""
        if command == "vallum up":
            output = self._serve(self._here(expected[-1]))
        else:
            done = subprocess.run(
                ["bash", "-c", self._here(command)],
                cwd=self._home,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            output = done.stdout + done.stderr
            is_refusal = command.startswith(("vallum explain", "vallum inspect"))
            assert (done.returncode != 0) == is_refusal, f"`{command}`:\n{output}"
        for line in expected:
            pattern = re.escape(self._here(line)).replace("…", ".*")
            assert re.search(f"^{pattern}", output, re.MULTILINE), f"`{command}`:\n{output}"
        policy = self._home / "vallum.yaml"
        if command.startswith("vallum init"):
            policy.write_text(self._here(policy.read_text()))

    def _serve(self, last_line: str) -> str:
        self._server = subprocess.Popen(
            ["vallum", "up"],
            cwd=self._home,
            env=self._environment,
            executable=SCRIPTS / "vallum",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._server.stdout is not None
        printed = []
        for line in self._server.stdout:
            printed.append(line)
            if line.strip() == last_line:
                break
        return "".join(printed)

    def gateway_works(self) -> bool:
        """Whether the gateway answers TLS with the certificate of its local CA."""
        context = ssl.create_default_context(cafile=str(self._home / "var/tls/ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", self._gateway_port)) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as connection,
        ):
            return connection.version() in {"TLSv1.2", "TLSv1.3"}

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.terminate()
            self._server.communicate(timeout=30)


@pytest.fixture
def shop() -> Iterator[int]:
    port = _free_port()
    app = ROOT / "examples/bookshop/app.py"
    process = subprocess.Popen([sys.executable, str(app), "--port", str(port)], text=True)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def terminal(tmp_path: Path, shop: int) -> Iterator[Terminal]:
    shutil.copy(ROOT / "examples/bookshop/openapi.yaml", tmp_path)
    terminal = Terminal(tmp_path, shop)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.skipif(not (SCRIPTS / "vallum").exists(), reason="the project is not installed")
def test_readme_commands_do_what_readme_says(terminal: Terminal) -> None:
    commands = [command for session in _sessions(README) for command in session]
    own = [(text, output) for text, output in commands if not text.startswith("make ")]
    assert len(own) >= 8
    for text, output in own:
        terminal.run(text, output)
    assert terminal.gateway_works()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_in_documents_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"`make ([a-z]+)|^\$ make ([a-z]+)", (ROOT / name).read_text(), re.M)
    for target in (inline or shown for inline, shown in targets):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=~ ]", each)[0] for each in project["dependencies"]}
    _, _, chapter = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Dependencies")
    rows = re.findall(r"^\| ([a-z0-9, -]+) \| \S", chapter, re.MULTILINE)
    explained = {name for row in rows for name in row.split(", ")} - {"package"}
    assert explained == needed


def test_the_map_shows_every_room() -> None:
    _, _, chapter = (ROOT / "ARCHITECTURE.md").read_text().partition("\nsrc/vallum/\n")
    source = ROOT / "src/vallum"
    rooms = {path.parent.name for path in source.glob("**/__init__.py")} - {"vallum"}
    shown = set(re.findall(r"^ +([a-z]+)/", chapter.partition("```")[0], re.MULTILINE))
    assert shown == rooms
