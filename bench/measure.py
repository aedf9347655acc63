"""What a request costs: CPU time of a whole process tree over one run of wrk."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LUA = Path(__file__).parent / "wrk"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PROXY_CORE = 0
LOAD_CORE = 1
"""wrk and the upstream; the proxy has a core for itself."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """One kind of request, as wrk sends it."""

    method: str = "GET"
    path: str = "/books/7"
    body: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)
    """`authorization`, `cookie`, `origin` and `content_type` (JSON otherwise)."""
    operations: int = 0
    """Spread over this many operations and the API keys in `keys`, instead of one request."""
    keys: Path | None = None

    def environment(self) -> dict[str, str]:
        """What the Lua scripts read."""
        environment = {f"BENCH_{name.upper()}": value for name, value in self.fields.items()}
        environment |= {"BENCH_LUA": str(LUA), "BENCH_METHOD": self.method}
        if self.body:
            environment["BENCH_BODY"] = self.body.decode()
        if self.operations:
            environment |= {"BENCH_OPERATIONS": str(self.operations), "BENCH_KEYS": str(self.keys)}
        return environment

    @property
    def script(self) -> Path:
        """The Lua script that sends it."""
        return LUA / ("many.lua" if self.operations else "request.lua")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run."""

    cpu_us: float
    """CPU microseconds (user and system) of the proxy per answered request."""
    requests: int
    requests_per_second: float
    p50_us: int
    p99_us: int


def process_tree(pid: int) -> list[int]:
    """`pid` and all its living descendants."""
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        for task in Path(f"/proc/{current}/task").glob("*/children"):
            todo.extend(int(child) for child in task.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the process tree, with that of children it has reaped."""
    ticks = 0
    for process in process_tree(pid):
        # The name in brackets may hold blanks; fields are counted after it (proc(5)).
        values = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(value) for value in values[11:15])
    return ticks / TICKS_PER_SECOND


def resident_megabytes(pid: int) -> float:
    """Resident memory of the largest process of the tree: the worker."""
    page = os.sysconf("SC_PAGE_SIZE")
    sizes = [int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in process_tree(pid)]
    return max(sizes) * page / 1e6


def measure(pid: int, port: int, load: Load, *, seconds: float, connections: int) -> Sample:
    """Load the proxy `pid` on `port` for `seconds` and return the cost of a request.

    Raises:
        RuntimeError: wrk failed, or an answer was no success: the figure would mean nothing.
    """
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}"]
    command += [
        f"-d{seconds:g}s",
        "--timeout",
        "20s",
        "-s",
        str(load.script),
        f"http://127.0.0.1:{port}{load.path}",
    ]
    before = cpu_seconds(pid)
    done = subprocess.run(
        command, env=os.environ | load.environment(), capture_output=True, text=True, check=False
    )
    used = cpu_seconds(pid) - before
    line = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not line.startswith("{"):
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    report = json.loads(line)
    if not report["requests"] or report["bad_status"] or report["bad_socket"]:
        raise RuntimeError(f"not every answer was a success: {line}")
    return Sample(
        cpu_us=used / report["requests"] * 1e6,
        requests=report["requests"],
        requests_per_second=report["requests"] / report["seconds"],
        p50_us=report["p50_us"],
        p99_us=report["p99_us"],
    )


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def pinned(command: list[str], *, core: int, log: Path, port: int) -> Iterator[int]:
    """Run `command` on one core until the block ends; yields its pid once `port` accepts.

    Raises:
        RuntimeError: it ended, or did not listen in 30 seconds; with the end of its log.
    """
    executable = shutil.which(command[0]) or command[0]
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), executable, *command[1:]],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for_port(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} is not listening on {port}:\n{log.read_text()[-2000:]}")
