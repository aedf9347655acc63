"""`make run`: the demo answers as it says, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from tests.support.demo import DEMO, needs_installation, running_demo, stop_demo

pytestmark = [
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
    needs_installation,
]


def test_the_six_commands_answer_as_printed_and_leave_no_files_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--check"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = [line.split()[0] for line in done.stdout.splitlines()]
    assert verdicts == ["ok"] * 6
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_shop_and_gateway(number: signal.Signals) -> None:
    with running_demo() as (demo, output):
        rest = stop_demo(demo, number)
    assert demo.returncode == 0, output + rest
    assert "Traceback" not in rest
    address = re.search(r"ready https://127\.0\.0\.1:(\d+)", output)
    assert address is not None, output
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address[1]))) != 0
