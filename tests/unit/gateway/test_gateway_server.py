"""The life of one worker process: what a reload does that meets another one."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Iterator

import pytest
from tests.support.proxy import make_runtime
from tests.support.waiting import eventually

from vallum.gateway.recorder import NoRecorder
from vallum.gateway.runtime import Runtime
from vallum.gateway.server import ReloadPlan, _allow_descriptors, run_server
from vallum.gateway.workers import open_listener


class Policies:
    """A policy on disk: `changed` once for each change, `compile` takes as long as it is told."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.compiled = 0
        self.may_end = threading.Event()

    def changed(self) -> bool:
        return bool(self.changes and self.changes.pop())

    def compile(self) -> Runtime:
        self.compiled += 1
        self.may_end.wait(15)
        return make_runtime([])


@pytest.fixture
def driver() -> Iterator[list[threading.Thread]]:
    """Threads that steer what the main thread runs, which signals reach."""
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join(20)


@pytest.mark.parametrize("by_signal", [False, True])
def test_what_changes_during_a_reload_is_loaded_after_it(
    driver: list[threading.Thread], by_signal: bool
) -> None:
    policies = Policies()
    failures: list[BaseException] = []

    def change() -> None:
        if by_signal:
            os.kill(os.getpid(), signal.SIGHUP)
        else:
            policies.changes.append("a file")

    def steer() -> None:
        try:
            change()
            eventually(lambda: policies.compiled == 1, "the first reload")
            change()
            eventually(lambda: not policies.changes, "the worker has seen the second change")
            policies.may_end.set()
            eventually(lambda: policies.compiled == 2, "the second reload")
        except AssertionError as error:
            failures.append(error)
        finally:
            policies.may_end.set()
            os.kill(os.getpid(), signal.SIGTERM)

    driver.append(threading.Thread(target=steer, daemon=True))
    run_server(
        runtime=make_runtime([]),
        recorder=NoRecorder(),
        listener=open_listener("127.0.0.1", 0),
        tls=None,
        reload=ReloadPlan(changed=policies.changed, compile=policies.compile),
        ready=driver[0].start,
    )
    assert failures == []
    assert policies.compiled == 2


@pytest.mark.parametrize(
    ("soft", "hard", "limit", "is_told"),
    [
        (64, resource.RLIM_INFINITY, 2256, False),
        (64, 5000, 2256, False),
        (64, 2000, 2000, False),
        (64, 900, 900, True),
        (900, 900, None, True),
        (5000, 5000, None, False),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, False),
    ],
)
def test_as_many_descriptors_are_allowed_as_connections_take(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    soft: int,
    hard: int,
    limit: int | None,
    is_told: bool,
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    _allow_descriptors(1000)
    assert asked == ([] if limit is None else [(limit, hard)])
    assert (f"allows {hard} open files" in capsys.readouterr().err) is is_told
