"""The real gateway as a process: start it, talk to it, read its records, stop it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from tests.support.commands import run_command
from tests.support.contract import API_HOST, DOCUMENT, SECURED, operation_ids

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 40.0
STOP_SECONDS = 40.0

_READY = re.compile(r"ready\b.*?(https?)://([^\s/]+):([0-9]+)")

Record = dict[str, Any]


class GatewayFailedError(AssertionError):
    """The gateway did not start, died, or ended badly; the message holds its output."""


@dataclass(slots=True, kw_only=True)
class PolicyText:
    """A policy file to be written; every field is text in the grammar of the file."""

    upstream: str
    contract: dict[str, Any] = field(default_factory=lambda: DOCUMENT)
    hosts: str = f"[{API_HOST}]"
    port: int = 0
    tls: str = "off"
    listen_more: str = ""
    limit: str = "1000000/minute per address"
    body: str = "256KiB"
    operations: Mapping[str, str] = field(default_factory=lambda: SECURED)
    """Lines by operation id; every other operation is public."""
    api_more: str = ""
    """More lines of the API, indented by four spaces."""
    more: str = ""
    """More top-level lines."""
    records: str = "records"
    records_more: str = ""

    def render(self) -> str:
        """The policy file."""
        hosts = f", hosts: {self.hosts}" if self.hosts else ""
        more = self.listen_more
        lines = [
            "version: 1",
            f"listen: {{address: '127.0.0.1:{self.port}', tls: {self.tls}{hosts}{more}}}",
            "state: state.db",
            f"records: {{path: '{self.records}'{self.records_more}}}",
            f"defaults: {{limit: {self.limit}, body: {self.body}}}",
            *([self.more] if self.more else []),
            "apis:",
            "  test:",
            "    openapi: openapi.json",
            f"    upstream: {self.upstream}",
            *([self.api_more] if self.api_more else []),
            "    operations:",
        ]
        lines.extend(
            f"      {name}: {{{self.operations.get(name, 'public: true')}}}"
            for name in operation_ids(self.contract)
        )
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> Path:
        """Write the policy and its contract into `folder`; the policy's path."""
        (folder / "openapi.json").write_bytes(orjson.dumps(self.contract))
        policy = folder / "vallum.yaml"
        policy.write_text(self.render())
        return policy


def environment() -> dict[str, str]:
    """The environment of every process that runs the project's code."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "160",
    }


def run_vallum(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """One run of the command line to its end."""
    return run_command(*arguments, folder=folder, environment=environment())


def create_key(folder: Path, name: str, *arguments: str) -> str:
    """A new API key from the command line."""
    done = run_vallum("keys", "create", name, "-c", "vallum.yaml", *arguments, folder=folder)
    if done.returncode != 0:
        raise GatewayFailedError(f"keys create: {done.stdout}{done.stderr}")
    return done.stdout.strip()


class Gateway:
    """One running `vallum up`."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 1,
        arguments: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.output: list[str] = []
        self.errors_path = folder / "stderr.txt"
        self._errors = self.errors_path.open("ab")
        command = [sys.executable, "-m", "vallum", "up", "-c", "vallum.yaml", *arguments]
        if workers != 1:
            command += ["--workers", str(workers)]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment(), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()
        self.scheme, self.host, self.port = self._wait_ready()
        self.pid = self.process.pid
        self._offsets: dict[Path, int] = {}
        self._has_ended = False

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:
            self.kill()

    @property
    def errors(self) -> str:
        """What it wrote to stderr so far."""
        return self.errors_path.read_text(errors="replace")

    def assert_healthy(self) -> None:
        """Alive with the same PID, and no traceback was written."""
        if self.process.poll() is not None:
            raise GatewayFailedError(f"the gateway died: {self._describe()}")
        if "Traceback" in self.errors or "Unhandled" in self.errors:
            raise GatewayFailedError(f"an exception was not handled: {self._describe()}")

    def stop(self) -> None:
        """SIGTERM and a clean end; it must have been healthy until then."""
        if self._has_ended:
            return
        try:
            self.assert_healthy()
            self.process.send_signal(signal.SIGTERM)
            self.await_end()
        finally:
            self.kill()

    def await_end(self) -> None:
        """Wait for a clean end: exit status 0 and no exception on the way."""
        status = self.process.wait(STOP_SECONDS)
        self._has_ended = True
        if status != 0:
            raise GatewayFailedError(f"exit status {status}: {self._describe()}")
        if "Traceback" in self.errors:
            raise GatewayFailedError(f"an exception was not handled: {self._describe()}")
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole process group; for clean-up."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()

    def worker_pids(self) -> list[int]:
        """The processes that serve: the children of the supervisor, or the process itself."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        children = [int(pid) for pid in path.read_text().split()]
        return [pid for pid in children if "vallum" in _command_line(pid)] or [self.pid]

    def rss_bytes(self) -> int:
        """Resident memory of all serving processes."""
        return sum(_rss(pid) for pid in self.worker_pids())

    def records(self) -> list[Record]:
        """Every record on disk."""
        found: list[Record] = []
        for path in self._segments():
            found += [json.loads(line) for line in path.read_bytes().splitlines()]
        return found

    def new_records(self) -> list[Record]:
        """The records written since the last call."""
        found: list[Record] = []
        for path in self._segments():
            with path.open("rb") as segment:
                segment.seek(self._offsets.get(path, 0))
                data = segment.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._offsets[path] = self._offsets.get(path, 0) + len(whole)
            found += [json.loads(line) for line in whole.splitlines()]
        return found

    def wait_for_error(self, text: str, seconds: float = 15.0) -> str:
        """Wait until `text` is in what it wrote to stderr or stdout; all of that."""
        deadline = time.monotonic() + seconds
        while text not in (written := self.errors + "".join(self.output)):
            if time.monotonic() > deadline:
                raise GatewayFailedError(f"never said `{text}`: {self._describe()}")
            time.sleep(0.02)
        return written

    def _segments(self) -> list[Path]:
        folder = self.folder / "records"
        return sorted(path for path in folder.rglob("*") if path.is_file() and "json" in path.name)

    def _read_output(self) -> None:
        if self.process.stdout is not None:
            for line in self.process.stdout:
                self.output.append(line)
                self._lines.put(line)
        self._lines.put(None)

    def _wait_ready(self) -> tuple[str, str, int]:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.kill()
                raise GatewayFailedError(f"the gateway did not start: {self._describe()}")
            ready = _READY.search(line)
            if ready:
                return ready[1], ready[2], int(ready[3])

    def _describe(self) -> str:
        ended = f"exit status {self.process.poll()}"
        output = "".join(self.output)[-4000:]
        return f"{ended}\n{output}\n--- stderr ---\n{self.errors[-6000:]}"


def start(folder: Path, policy: PolicyText, *, workers: int = 1) -> Gateway:
    """Write `policy` into `folder` and start a gateway with it."""
    policy.write(folder)
    return Gateway(folder, workers=workers)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _rss(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def replace_in_policy(gateway: Gateway, old: str, new: str) -> None:
    """Change the policy file as editors do: a new file takes the place of the old one."""
    path = gateway.folder / "vallum.yaml"
    text = path.read_text()
    assert old in text
    fresh = path.with_suffix(".new")
    fresh.write_text(text.replace(old, new))
    fresh.replace(path)


def kill_workers(gateway: Gateway) -> None:
    """SIGKILL to every process that serves, as a crash of each would be."""
    for victim in gateway.worker_pids():
        os.kill(victim, signal.SIGKILL)
