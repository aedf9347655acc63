"""A short run of the soak test, so that `make soak` and what it proves do not rot."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset is not installed")
@pytest.mark.skipif(
    not (Path(sysconfig.get_path("scripts")) / "vallum").exists(),
    reason="the project is not installed; `make test` installs it",
)
def test_good_requests_pass_and_hostile_ones_never_reach_the_upstream() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench/soak.py"), "--count", "2000", "--hostile", "0.3"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("all checks hold\n")
