"""The command line in a process of its own for each command, of which none has to import it first.

One process imports what the commands need and makes a copy of itself for each: what a command does
is done by a process that ends with it, in its folder and with its output, as from a shell.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parents[2]
_LOADED: Final = (
    "vallum.cli.clients",
    "vallum.cli.grants",
    "vallum.cli.keys",
    "vallum.cli.serving",
    "vallum.cli.sessions",
    "vallum.cli.signing_keys",
    "vallum.cli.tokens",
    "vallum.cli.up",
    "vallum.cli.users",
    "vallum.control_process",
)


def run_command(
    *arguments: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """One run of `vallum` to its end."""
    with tempfile.TemporaryDirectory() as place:
        output = [str(Path(place) / name) for name in ("stdout", "stderr")]
        asked = [list(arguments), str(folder), environment, *output]
        answer = _ask(json.dumps(asked))
        texts = [Path(name).read_text() for name in output]
    return subprocess.CompletedProcess(["vallum", *arguments], int(answer), *texts)


def in_shell(line: str, *, folder: Path) -> subprocess.CompletedProcess[str]:
    """One line of a shell, in which `vallum` is the command line under test."""
    vallum = shlex.join([sys.executable, "-m", "vallum"])
    return subprocess.run(
        ["bash", "-c", re.sub(r"(?<!\S)vallum(?!\S)", lambda _: vallum, line)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _ask(line: str) -> str:
    process = _commands()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline()


@cache
def _commands() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.commands"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def _run(
    arguments: list[str], folder: str, environment: dict[str, str], stdout: str, stderr: str
) -> None:
    """Become the command, and end with it."""
    from vallum.cli.main import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["vallum", *arguments]
    main()


def _serve(asked: IO[str], answered: IO[str]) -> None:
    for name in _LOADED:
        import_module(name)
    gc.freeze()
    for line in asked:
        child = os.fork()
        if not child:
            _run(*json.loads(line))
        _, status = os.waitpid(child, 0)
        answered.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answered.flush()


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
