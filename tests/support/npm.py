"""Packages of npm for tests: installed when a test asks, into a cache outside of the repository."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

_SECONDS = 240


def node_packages(*packages: str) -> Path:
    """The `node_modules` with these packages (`name@version`).

    Skips the calling test, with the reason, where they cannot be had.
    """
    found = _installed(packages)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@cache
def _installed(packages: tuple[str, ...]) -> Path | str:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "Node and npm are not installed"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vallum-tests"
    folder = home / sha256(" ".join(packages).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Other test runs wait for this one.
        if not done.exists():
            (folder / "package.json").write_text('{"private": true}')
            command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages]
            try:
                subprocess.run(
                    command, cwd=folder, check=True, capture_output=True, timeout=_SECONDS
                )
            except (subprocess.SubprocessError, OSError) as error:
                return f"npm cannot install {' '.join(packages)}: {type(error).__name__}"
            done.touch()
    return folder / "node_modules"
