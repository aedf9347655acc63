"""A terminal in which the commands of a document are run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from examples.bookshop import demo

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
_INSTANCE = re.compile(r"urn:vallum:request:[0-9a-f]{32}")


def _missing() -> str:
    if shutil.which("curl") is None:
        return "curl is not installed"
    return "" if (SCRIPTS / "vallum").exists() else "the project is not installed"


CANNOT_RUN = _missing()
"""Why nothing can be run here, if so."""


def sessions(text: str) -> list[list[tuple[str, list[str]]]]:
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


def _plain(line: str) -> str:
    """A line without the widths of columns."""
    return " ".join(line.split())


def _merge(settings: dict[str, Any], new: dict[str, Any]) -> None:
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(settings.get(name), dict):
            _merge(settings[name], value)
        else:
            settings[name] = value


class Terminal:
    """Runs the commands in a folder of its own, with ports of its own."""

    def __init__(self, home: Path, shop: int) -> None:
        self._home = home
        self._ports = {"127.0.0.1:8000": f"127.0.0.1:{shop}"}
        self._gateway_port = demo.free_port()
        self._ports["127.0.0.1:8443"] = f"127.0.0.1:{self._gateway_port}"
        self._environment = os.environ | {
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
        }
        self._server: subprocess.Popen[str] | None = None
        self._instance = ""

    def _here(self, text: str) -> str:
        for written, actual in self._ports.items():
            text = text.replace(written, actual)
        return _INSTANCE.sub(self._instance, text)

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
            is_refusal = command.startswith(("vallum explain GET", "vallum inspect"))
            assert (done.returncode != 0) == is_refusal, f"`{command}`:\n{output}"
        # What is shown is the refusal of this run, and what is asked about next is that one too.
        self._instance = next(iter(_INSTANCE.findall(output)), self._instance)
        printed = "\n".join(map(_plain, output.splitlines()))
        for line in expected:
            pattern = re.escape(_plain(self._here(line))).replace("…", ".*")
            assert re.search(f"^{pattern}", printed, re.MULTILINE), f"`{command}`:\n{output}"
        policy = self._home / "vallum.yaml"
        if command.startswith("vallum init"):
            policy.write_text(self._here(policy.read_text()))

    def change(self, lines: str) -> None:
        """Put what is new into the policy, and wait until a gateway that serves has taken it."""
        policy = self._home / "vallum.yaml"
        settings = yaml.safe_load(policy.read_text())
        _merge(settings, yaml.safe_load(lines))
        policy.write_text(yaml.safe_dump(settings))
        if self._server is not None:
            self._read_until("vallum: reloaded")

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
        return self._read_until(last_line)

    def _read_until(self, beginning: str) -> str:
        assert self._server is not None
        assert self._server.stdout is not None
        printed = []
        for line in self._server.stdout:
            printed.append(line)
            if line.startswith(beginning):
                return "".join(printed)
        pytest.fail(f"the gateway ended before it said `{beginning}`: {printed}")

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


@contextmanager
def before_the_bookshop(folder: Path) -> Iterator[Terminal]:
    """A terminal in a folder with the contract of the bookshop, which listens."""
    shop = ROOT / "examples/bookshop"
    shutil.copy(shop / "openapi.yaml", folder)
    port = demo.free_port()
    command = [sys.executable, str(shop / "app.py"), "--port", str(port)]
    with demo.running(command, None, folder) as process:
        demo.wait_until_ready(process, port, None)
        terminal = Terminal(folder, port)
        try:
            yield terminal
        finally:
            terminal.close()
