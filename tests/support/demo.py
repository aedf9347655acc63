"""The demo of `make run`, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEMO = [sys.executable, str(Path(__file__).resolve().parents[2] / "examples/bookshop/demo.py")]

needs_installation = pytest.mark.skipif(
    not (Path(sysconfig.get_path("scripts")) / "vallum").exists(),
    reason="the project is not installed; `make test` installs it",
)


@contextmanager
def running_demo() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demo once it is up, and what it has printed until then."""
    with subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        try:
            yield demo, "".join(lines)
        finally:
            if demo.poll() is None:
                stop_demo(demo, signal.SIGINT)


def stop_demo(demo: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal; what the demo prints until it has ended."""
    demo.send_signal(number)
    return demo.communicate()[0]
