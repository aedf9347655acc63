"""The supervisor with real processes: what it starts again, passes on, and gives up on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest
from tests.support.gateway import environment
from tests.support.waiting import eventually

from vallum.gateway.workers import open_listener

_PROGRAM = """
import errno, os, signal, socket, sys, time
from pathlib import Path
from vallum.gateway import workers
from vallum.gateway.workers import Supervisor

folder = Path(sys.argv[1])
behaviour = sys.argv[2]

def note(name, number):
    with (folder / name).open("a") as file:
        file.write(f"{number} {os.getpid()}\\n")

def serve(number, ready):
    stopping = []
    if behaviour == "starts for ever" and (folder / "ready").exists():
        note("starting", number)
        time.sleep(60)
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    if behaviour != "reloads nothing":
        signal.signal(signal.SIGHUP, lambda *_: note("reloaded", number))
    if behaviour == "fails" or (behaviour == "dies later" and (folder / "ready").exists()):
        note("failed", number)
        raise SystemExit(3)
    note("served", number)
    ready()
    while not stopping:
        time.sleep(0.01)
    note("stopped", number)
    if behaviour == "ends badly":
        raise SystemExit(4)

def say_ready():
    (folder / "ready").touch()

if behaviour == "no processes":
    fork = os.fork
    refusals = []

    def refuse():
        if (folder / "ready").exists() and not (folder / "room").exists():
            refusals.append(1)
            (folder / "refused").write_text("0 0\\n" * len(refusals))
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        return fork()

    os.fork = refuse
if behaviour == "long lives":
    workers._SHORT_LIFE_SECONDS = 0.0
sys.exit(Supervisor([serve, serve], socket.socket()).run(say_ready))
"""


class _Supervised:
    """A supervisor in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self._folder = folder

    def noted(self, name: str) -> list[tuple[int, int]]:
        """What workers noted under `name`: their number and process id."""
        with suppress(FileNotFoundError):
            lines = (self._folder / name).read_text().splitlines()
            return [(int(line.split()[0]), int(line.split()[1])) for line in lines]
        return []

    @property
    def is_ready(self) -> bool:
        """Whether every worker was ready once."""
        return (self._folder / "ready").exists()

    def await_ready(self) -> dict[int, int]:
        """Wait until it is ready; process id by number of worker."""
        eventually(lambda: self.is_ready, "every worker ready")
        return dict(self.noted("served"))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(15)

    def errors(self) -> str:
        """What it wrote to stderr; after its end."""
        stream: IO[str] | None = self.process.stderr
        return stream.read() if stream is not None else ""


@contextmanager
def _supervised(folder: Path, behaviour: str = "serves") -> Iterator[_Supervised]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_PROGRAM), str(folder), behaviour],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    supervised = _Supervised(process, folder)
    try:
        yield supervised
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)
        if process.stderr is not None:
            process.stderr.close()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_all_workers_have_ended_well(tmp_path: Path, number: int) -> None:
    with _supervised(tmp_path) as supervised:
        workers = supervised.await_ready()
        assert sorted(workers) == [0, 1]
        assert supervised.end(number) == 0
        assert dict(supervised.noted("stopped")) == workers
        assert supervised.errors() == ""


def test_a_worker_that_is_killed_is_started_again_with_its_number(tmp_path: Path) -> None:
    with _supervised(tmp_path) as supervised:
        workers = supervised.await_ready()
        os.kill(workers[1], signal.SIGKILL)
        eventually(lambda: len(supervised.noted("served")) == 3, "a third worker served")
        number, process = supervised.noted("served")[-1]
        assert number == 1
        assert process != workers[1]
        assert _is_running(workers[0]), "the other goes on"
        assert supervised.end() == 0
        assert dict(supervised.noted("stopped")) == {0: workers[0], 1: process}
        assert "worker 1 ended with status -9; starting it again" in supervised.errors()


def test_sighup_goes_to_every_worker(tmp_path: Path) -> None:
    with _supervised(tmp_path) as supervised:
        workers = supervised.await_ready()
        supervised.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(supervised.noted("reloaded")) == 2, "both reloaded")
        assert dict(supervised.noted("reloaded")) == workers
        assert supervised.end() == 0


def test_sighup_ends_nobody_who_does_not_listen_for_it(tmp_path: Path) -> None:
    """The control process has nothing to reload; a worker that starts does not listen yet."""
    with _supervised(tmp_path, "reloads nothing") as supervised:
        workers = supervised.await_ready()
        supervised.process.send_signal(signal.SIGHUP)
        assert supervised.end() == 0
        assert dict(supervised.noted("stopped")) == workers
        assert supervised.errors() == ""


def test_a_worker_that_cannot_start_ends_the_start(tmp_path: Path) -> None:
    with _supervised(tmp_path, "fails") as supervised:
        assert supervised.process.wait(15) == 1
        assert not supervised.is_ready


def test_workers_that_keep_dying_are_given_up(tmp_path: Path) -> None:
    with _supervised(tmp_path, "dies later") as supervised:
        workers = supervised.await_ready()
        os.kill(workers[0], signal.SIGKILL)
        assert supervised.process.wait(15) == 1
        assert not _is_running(workers[1]), "nothing goes on serving without a supervisor"
        assert "workers keep dying at once; giving up" in supervised.errors()


def test_workers_that_have_lived_are_started_again_any_number_of_times(tmp_path: Path) -> None:
    with _supervised(tmp_path, "long lives") as supervised:
        supervised.await_ready()
        for count in range(8):
            number, process = supervised.noted("served")[-1]
            os.kill(process, signal.SIGKILL)
            eventually(
                lambda count=count: len(supervised.noted("served")) == count + 3,  # type: ignore[misc]
                "started again",
            )
            assert supervised.noted("served")[-1][0] == number
        assert supervised.end() == 0


def test_a_system_that_refuses_a_process_does_not_end_the_others(tmp_path: Path) -> None:
    with _supervised(tmp_path, "no processes") as supervised:
        workers = supervised.await_ready()
        os.kill(workers[1], signal.SIGKILL)
        eventually(lambda: len(supervised.noted("refused")) >= 3, "tried again and again")
        assert _is_running(workers[0])
        (tmp_path / "room").touch()
        eventually(lambda: len(supervised.noted("served")) == 3, "a third worker served")
        assert supervised.noted("served")[2][0] == 1
        assert supervised.end() == 0
        assert supervised.errors().count("worker 1 cannot be started") == 1


def test_it_stops_while_the_system_refuses_processes(tmp_path: Path) -> None:
    with _supervised(tmp_path, "no processes") as supervised:
        workers = supervised.await_ready()
        os.kill(workers[1], signal.SIGKILL)
        eventually(lambda: bool(supervised.noted("refused")), "tried once")
        assert supervised.end() == 0
        assert dict(supervised.noted("stopped")) == {0: workers[0]}


def test_a_worker_that_ends_badly_shows_in_the_exit_status(tmp_path: Path) -> None:
    with _supervised(tmp_path, "ends badly") as supervised:
        supervised.await_ready()
        assert supervised.end() == 1


def test_a_worker_that_is_still_starting_is_no_bad_end(tmp_path: Path) -> None:
    with _supervised(tmp_path, "starts for ever") as supervised:
        workers = supervised.await_ready()
        os.kill(workers[0], signal.SIGKILL)
        eventually(lambda: len(supervised.noted("starting")) == 1, "a worker that starts")
        assert supervised.end() == 0


def test_workers_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with _supervised(tmp_path) as supervised:
        workers = supervised.await_ready()
        assert supervised.end(signal.SIGKILL) == -signal.SIGKILL
        eventually(lambda: dict(supervised.noted("stopped")) == workers, "both stopped")


def test_a_worker_that_is_still_starting_ends_with_a_killed_supervisor(tmp_path: Path) -> None:
    with _supervised(tmp_path, "starts for ever") as supervised:
        workers = supervised.await_ready()
        os.kill(workers[0], signal.SIGKILL)
        eventually(lambda: len(supervised.noted("starting")) == 1, "a worker that starts")
        supervised.process.kill()
        # The pipe ends when the last of them is gone.
        _, errors = supervised.process.communicate(timeout=15)
        assert "starting it again" in errors


def test_a_listener_is_bound_and_tells_when_it_cannot_be() -> None:
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert not listener.getblocking()
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            accepted, _ = listener.accept()
            accepted.close()
        with pytest.raises(OSError, match="in use"):
            open_listener("127.0.0.1", port)
    with open_listener("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port
    with pytest.raises(OSError, match="assign"):
        open_listener("203.0.113.1", 0)


def test_a_listener_may_be_an_ipv6_one() -> None:
    with open_listener("::1", 0) as listener:
        assert listener.family is socket.AF_INET6
