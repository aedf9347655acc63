"""Section K of the hostile cases: getting around limits."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest
from tests.support.exchanges import ManualClock, make_exchange, make_operation, make_user
from tests.support.proxy import MemoryRecorder, make_runtime

from vallum.config.model import Caps
from vallum.core.ports import ANYONE, KNOWN
from vallum.core.problems import Denied
from vallum.core.request import Client
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Check
from vallum.filters.auth_failures import AuthFailureLimit
from vallum.filters.limit import CallerLimits, FloodLimits, Limit
from vallum.gateway.downstream import Downstream
from vallum.gateway.worker import Worker
from vallum.limits.gcra import interval_seconds
from vallum.limits.memory import MemoryLimitStore
from vallum.limits.shared import SharedLimitStore, create_table
from vallum.wire.authority import parse_networks

_CONTEXT = multiprocessing.get_context("spawn")
_PROCESSES = 4
_LIMIT = 100
_TRIES = 500
_SIGKILL = -signal.SIGKILL


def _passes(check: Check, exchange: Exchange) -> bool:
    try:
        assert check(exchange) is None
    except Denied as denied:
        if denied.problem.slug != "rate-limited":
            raise
        return False
    return True


def _address_check(units: int) -> Check:
    settings = [Limit(units=units, seconds=3600.0, per="address", burst=units)]
    attachment = FloodLimits(MemoryLimitStore(), ManualClock()).attach(make_operation(), settings)
    assert attachment is not None
    assert attachment.check is not None
    return attachment.check


# --- B-262: new keys for the same caller ----------------------------------------------------------


def test_b262_addresses_of_one_64_are_one_caller() -> None:
    check = _address_check(10)
    passed = sum(
        _passes(check, make_exchange(address=f"2001:db8:0:1::{number:x}")) for number in range(500)
    )
    assert passed == 10


def test_b262_networks_of_one_48_have_a_ceiling() -> None:
    check = _address_check(10)
    passed = sum(
        _passes(check, make_exchange(address=f"2001:db8:0:{number:x}::1")) for number in range(500)
    )
    assert passed == 160
    assert _passes(check, make_exchange(address="2001:db8:1::1"))


def test_b262_a_refused_64_does_not_use_up_its_neighbours_ceiling() -> None:
    check = _address_check(10)
    for _ in range(1000):
        _passes(check, make_exchange(address="2001:db8:0:1::1"))
    assert _passes(check, make_exchange(address="2001:db8:0:2::1"))


def test_b262_connections_of_one_64_are_those_of_one_caller() -> None:
    """One with a /64 does not take every place of the listener, each from another address."""
    runtime = make_runtime(
        [],
        caps=Caps(connections=30, connections_per_address=4),
        trusted_proxies=parse_networks(["10.0.0.0/8"]),
    )
    worker = Worker(runtime, MemoryRecorder())

    def welcomed(address: str) -> tuple[Downstream, bool]:
        connection = Downstream(worker)
        connection.client = Client(address, address, 40_000)
        return connection, worker.welcome(connection)

    many = [welcomed(f"2001:db8:0:1::{number:x}") for number in range(20)]
    assert sum(is_welcome for _, is_welcome in many) == 4
    assert welcomed("2001:db8:0:2::1")[1], "another caller"
    for connection, _ in many:
        worker.farewell(connection)
    assert welcomed("2001:db8:0:1::1")[1], "their places are free again"
    behind_a_proxy = [welcomed("10.0.0.7") for _ in range(40)]
    assert sum(is_welcome for _, is_welcome in behind_a_proxy) == 28, "all but two of the listener"


@pytest.mark.parametrize(
    "spelling",
    ["::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:192.0.2.1"],
)
def test_b262_spellings_of_one_address_are_one_caller(spelling: str) -> None:
    check = _address_check(1)
    assert _passes(check, make_exchange(address="192.0.2.1"))
    assert not _passes(check, make_exchange(address=spelling))


def test_b262_what_a_client_says_of_itself_makes_no_new_caller() -> None:
    check = _address_check(10)
    passed = sum(
        _passes(
            check,
            make_exchange(
                (b"x-forwarded-for", b"203.0.113.%d" % number),
                (b"forwarded", b"for=203.0.113.%d" % number),
                (b"x-api-key", b"key%d " % number),
                (b"user-agent", b"agent %d" % number),
            ),
        )
        for number in range(250)
    )
    assert passed == 10


def test_b262_strangers_in_any_number_do_not_take_a_customers_place() -> None:
    store = MemoryLimitStore(capacity=100)
    for number in range(10_000):
        store.take(ANYONE + b"%d" % number, now=1e9, interval=60.0, burst=1, cost=1)
    assert len(store) <= 100
    assert store.take(KNOWN + b"customer", now=1e9, interval=60.0, burst=1, cost=1) == 0


# --- B-264: parallel requests ---------------------------------------------------------------------


def _take_many(path: Path, started: Connection, results: Connection, now: float | None) -> None:
    """Take as fast as possible from one bucket; tells how often it passed, after each time."""
    store = SharedLimitStore(path)
    interval = interval_seconds(_LIMIT, 86_400.0)
    started.send(True)
    assert started.recv()
    passed = 0
    for _ in range(_TRIES):
        taken_at = time.time() if now is None else now
        if store.take(KNOWN + b"k", now=taken_at, interval=interval, burst=_LIMIT, cost=1) >= 0:
            passed += 1
            # One byte per admission: a pipe keeps it even when its writer is killed.
            os.write(results.fileno(), b"+")
    results.close()


def _race(path: Path, *, now: float | None, kill: bool) -> int:
    create_table(path)
    workers = []
    for _ in range(_PROCESSES):
        started, theirs = _CONTEXT.Pipe()
        results, sink = _CONTEXT.Pipe(duplex=False)
        worker = _CONTEXT.Process(target=_take_many, args=(path, theirs, sink, now))
        worker.start()
        sink.close()
        workers.append((worker, started, results))
    for _, started, _ in workers:
        assert started.recv()
    for _, started, _ in workers:
        started.send(True)
    if kill:
        # Wait until the race is on, then kill one in the middle of it.
        wait([workers[0][2]])
        workers[0][0].kill()
    admitted = 0
    for worker, _, results in workers:
        worker.join()
        assert worker.exitcode in (0, _SIGKILL)
        while chunk := os.read(results.fileno(), 65_536):
            admitted += len(chunk)
        results.close()
    return admitted


def test_b264_four_processes_admit_exactly_the_limit(tmp_path: Path) -> None:
    """The clock stands still, so that not one more and not one fewer may pass."""
    assert _race(tmp_path / "limits", now=1_760_000_000.0, kill=False) == _LIMIT


def test_b264_four_processes_with_their_own_clocks_admit_exactly_the_limit(tmp_path: Path) -> None:
    """The rate gives one unit back in 864 seconds, so that none comes back during the race."""
    assert _race(tmp_path / "limits", now=None, kill=False) == _LIMIT


def test_b264_a_worker_killed_in_the_race_gives_nothing_away(tmp_path: Path) -> None:
    """The rest goes on: nothing stays locked. What the killed one took last may be lost with it."""
    admitted = _race(tmp_path / "limits", now=1_760_000_000.0, kill=True)
    assert _LIMIT - 1 <= admitted <= _LIMIT


# --- B-267: the same action by another way --------------------------------------------------------


def test_b267_head_and_get_share_a_limit() -> None:
    """The router gives both the one operation, and no filter looks at the method."""
    check = _address_check(2)
    assert _passes(check, make_exchange(method="GET"))
    assert _passes(check, make_exchange(method="HEAD"))
    assert not _passes(check, make_exchange(method="GET"))
    assert not _passes(check, make_exchange(method="HEAD"))


def test_b267_old_versions_and_aliases_of_a_group_share_a_limit() -> None:
    store, clock = MemoryLimitStore(), ManualClock()
    base = Limit(units=3, seconds=60.0, per="principal", burst=3)
    checks = []
    for api, operation in (("v1", "login"), ("v2", "login"), ("beta", "signIn")):
        attachment = CallerLimits(store, clock, api=api).attach(
            make_operation(operation), [replace(base, group="login")]
        )
        assert attachment is not None
        assert attachment.check is not None
        checks.append(attachment.check)
    user = make_user()
    passed = [_passes(check, make_exchange(principal=user)) for check in checks * 3]
    assert passed == [True] * 3 + [False] * 6


# --- B-268: failures ------------------------------------------------------------------------------


def test_b268_guessing_is_limited_by_address_and_the_victim_is_not() -> None:
    store, clock = MemoryLimitStore(), ManualClock()
    failures = AuthFailureLimit(store, clock)
    settings = [Limit(units=5, seconds=60.0, per="principal", burst=5)]
    attachment = CallerLimits(store, clock).attach(make_operation(), settings)
    assert attachment is not None
    assert attachment.check is not None
    reached = 0
    for number in range(10_000):
        guess = make_exchange((b"authorization", b"Bearer %d" % number), address="203.0.113.9")
        if _passes(lambda each: failures.check(each.request), guess):
            reached += 1
            failures.note_refusal(guess, Denied("unauthenticated", "jwt.bad-signature"))
        clock.now += 0.001
    # Ten seconds of guessing: the burst of 30, and 30 a minute.
    assert 30 <= reached <= 35
    victim = make_user("victim")
    for _ in range(5):
        exchange = make_exchange(principal=victim, address="192.0.2.7")
        assert _passes(lambda each: failures.check(each.request), exchange)
        assert _passes(attachment.check, exchange)


def test_b268_a_refused_address_is_let_in_again() -> None:
    clock = ManualClock()
    failures = AuthFailureLimit(MemoryLimitStore(), clock)
    for _ in range(100):
        failures.note_refusal(make_exchange(), Denied("unauthenticated", "api-key.unknown"))
    assert not _passes(lambda each: failures.check(each.request), make_exchange())
    clock.now += 2.001
    assert _passes(lambda each: failures.check(each.request), make_exchange())
