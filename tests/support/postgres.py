"""One real PostgreSQL server for the whole test run, with a database for each test that asks."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")


def postgres_url(name: str) -> str:
    """A new, empty database; skips the calling test, with the reason, where there is no server."""
    server = _server()
    if isinstance(server, str):
        pytest.skip(server)
    tools, sockets, prefix = server
    subprocess.run(
        [*prefix, str(tools / "createdb"), "-h", str(sockets), "-U", "vallum", name],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return f"postgresql://vallum@/{name}?host={sockets}"


@cache
def _server() -> tuple[Path, Path, list[str]] | str:
    """The programs' folder, the socket's folder and how to become its user; or why not."""
    tools = _tools()
    if tools is None:
        return "PostgreSQL is not installed"
    home = Path(tempfile.mkdtemp(prefix="vallum-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        # The server refuses to run as root.
        if shutil.which("setpriv") is None:
            return "PostgreSQL does not run as root, and there is no setpriv"
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(home, 65534, 65534)
    data = home / "data"
    _run(prefix, tools / "initdb", "-D", data, "-U", "vallum", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses='' -c fsync=off -c max_connections=200 -k {home}"
    _run(prefix, tools / "pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "start")
    atexit.register(_stop, prefix, tools, data, home)
    return tools, home, prefix


def _stop(prefix: list[str], tools: Path, data: Path, home: Path) -> None:
    _run(prefix, tools / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(home, ignore_errors=True)


def _run(prefix: list[str], *command: str | Path) -> None:
    subprocess.run(
        [*prefix, *map(str, command)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        cwd="/",
    )


def _tools() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = [
        path for pattern in _PLACES for path in Path("/").glob(pattern.lstrip("/")) if path.is_dir()
    ]
    return max(folders, default=None)
