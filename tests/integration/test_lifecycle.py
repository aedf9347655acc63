"""The life of the process: drain, reload, several workers."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from tests.support.arena import Arena, request
from tests.support.gateway import PolicyText, create_key, kill_workers, replace_in_policy, start
from tests.support.raw import Closed, RawConnection, exchange, hammer
from tests.support.upstream import (
    Link,
    Received,
    RecordingUpstream,
    Responder,
    echo,
)
from tests.support.waiting import eventually

from vallum.store.keys import KeyStore


def _held_back() -> tuple[threading.Event, Responder]:
    """A responder that echoes once the event is set."""
    released = threading.Event()

    def slow(received: Received, link: Link) -> bool:
        released.wait(15)
        return echo(received, link)

    return released, slow


def _refuses_connections(port: int) -> bool:
    try:
        RawConnection(port).socket.close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_graceful_drain(tmp_path: Path, workers: int) -> None:
    """SIGTERM: what is in flight is finished, nothing new is taken, the exit status is 0."""
    released, slow = _held_back()
    with RecordingUpstream() as upstream:
        upstream.answers[b"/things/drain"] = slow
        with start(tmp_path, PolicyText(upstream=upstream.url), workers=workers) as gateway:
            arena = Arena(gateway, upstream)
            idle, busy = arena.connect(), arena.connect()
            idle.send(request("GET", "/health"))
            assert idle.read().status == 200
            mark = upstream.mark()
            busy.send(request("GET", "/things/drain"))
            eventually(lambda: len(upstream.requests_since(mark)) == 1, "the request")
            gateway.process.send_signal(signal.SIGTERM)
            assert idle.is_ended(), "an idle connection ends at once"
            # Not held by the system for as long as the drain takes, with nobody to serve them.
            eventually(lambda: _refuses_connections(gateway.port), "refused connections")
            assert gateway.process.poll() is None
            released.set()
            reply = busy.read()
            assert (reply.status, reply.body) == (200, b"/things/drain")
            assert reply.get("connection") == "close"
            assert busy.is_ended()
            gateway.await_end()
            paths = [record["path"] for record in gateway.records()]
            assert paths.count("/things/drain") == 1
            for connection in (idle, busy):
                connection.socket.close()


def test_drain_has_an_end(tmp_path: Path) -> None:
    """What does not end in time is ended."""
    with RecordingUpstream() as upstream:
        upstream.answers[b"/things/drain"] = lambda received, link: bool(link.socket.recv(1))
        policy = PolicyText(upstream=upstream.url, more="timeouts: {drain: 500ms}")
        with start(tmp_path, policy) as gateway:
            arena = Arena(gateway, upstream)
            with arena.connect() as connection:
                mark = upstream.mark()
                connection.send(request("GET", "/things/drain"))
                eventually(lambda: len(upstream.requests_since(mark)) == 1, "the request")
                gateway.stop()
                with pytest.raises(Closed):
                    connection.read()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_interrupt_waits_no_longer(tmp_path: Path, workers: int) -> None:
    """Ctrl-C tells what it waits for; Ctrl-C again is an end."""
    with RecordingUpstream() as upstream:
        upstream.answers[b"/things/drain"] = lambda received, link: bool(link.socket.recv(1))
        policy = PolicyText(upstream=upstream.url, more="timeouts: {drain: 1h}")
        with start(tmp_path, policy, workers=workers) as gateway:
            arena = Arena(gateway, upstream)
            with arena.connect() as connection:
                mark = upstream.mark()
                connection.send(request("GET", "/things/drain"))
                eventually(lambda: len(upstream.requests_since(mark)) == 1, "the request")
                # As a terminal does it: to all processes of the group.
                members = {*gateway.worker_pids(), gateway.process.pid}
                for member in members:
                    os.kill(member, signal.SIGINT)
                gateway.wait_for_error("requests in flight: 1, for 3600 s at most")
                assert gateway.process.poll() is None
                gateway.process.send_signal(signal.SIGINT)
                with pytest.raises(Closed):
                    connection.read()
                gateway.await_end()


OPEN, SHUT = "health: {public: true}", "health: {authenticate: [api_key]}"


@pytest.fixture
def reloadable(tmp_path: Path) -> Iterator[Arena]:
    """A gateway of its own, whose policy may be changed."""
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url)) as gateway,
    ):
        yield Arena(gateway, upstream)


def status_of_health(arena: Arena) -> int:
    """What `/health` answers now."""
    return arena.send(request("GET", "/health")).status


def test_reload_on_sighup(reloadable: Arena) -> None:
    gateway = reloadable.gateway
    assert status_of_health(reloadable) == 200
    with reloadable.connect() as kept:
        kept.send(request("GET", "/health"))
        assert kept.read().status == 200
        replace_in_policy(gateway, OPEN, SHUT)
        gateway.process.send_signal(signal.SIGHUP)
        eventually(lambda: status_of_health(reloadable) == 401, "the new policy")
        kept.send(request("GET", "/health"))
        assert kept.read().status == 401, "connections that were open obey it too"
    revisions = {record["policy"] for record in gateway.records()}
    assert len(revisions) == 2


def test_reload_of_a_changed_file(reloadable: Arena) -> None:
    assert status_of_health(reloadable) == 200
    replace_in_policy(reloadable.gateway, OPEN, SHUT)
    eventually(lambda: status_of_health(reloadable) == 401, "the new policy")
    replace_in_policy(reloadable.gateway, SHUT, OPEN)
    eventually(lambda: status_of_health(reloadable) == 200, "the old one again")


@pytest.mark.parametrize("workers", [1, 2])
def test_times_of_last_use_outlive_a_reload_and_the_end(tmp_path: Path, workers: int) -> None:
    """Else a key that works looks as if nobody had it."""
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url), workers=workers) as gateway,
    ):
        arena = Arena(gateway, upstream)
        for name in ("before", "after"):
            line = f"X-API-Key: {create_key(tmp_path, name)}"
            assert arena.send(request("GET", "/private", line)).status == 200
            replace_in_policy(gateway, OPEN if name == "before" else SHUT, SHUT)
            eventually(lambda: status_of_health(arena) == 401, "the new policy")
        gateway.stop()
        store = KeyStore(tmp_path / "state.db")
        assert {key.name for key in store.all() if key.last_used} == {"before", "after"}
        store.close()


def test_reload_of_a_changed_contract(reloadable: Arena) -> None:
    path = reloadable.gateway.folder / "openapi.json"
    contract = orjson.loads(path.read_bytes())
    contract["paths"]["/healthy"] = contract["paths"].pop("/health")
    path.write_bytes(orjson.dumps(contract))
    eventually(lambda: status_of_health(reloadable) == 404, "the new contract")
    assert reloadable.send(request("GET", "/healthy")).status == 200


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: [", "vallum.yaml"),
        ("health:", "helth:", "helth"),
        ("openapi: openapi.json", "openapi: gone.json", "gone.json"),
        ("body: 256KiB", "bodi: 256KiB", "bodi"),
    ],
)
def test_reload_of_a_bad_file_changes_nothing_and_says_why(
    reloadable: Arena, old: str, new: str, expected: str
) -> None:
    gateway = reloadable.gateway
    replace_in_policy(gateway, old, new)
    gateway.process.send_signal(signal.SIGHUP)
    said = gateway.wait_for_error(expected)
    assert "Traceback" not in said
    assert status_of_health(reloadable) == 200
    assert reloadable.send(request("GET", "/admin")).status == 401
    replace_in_policy(gateway, new, old)
    replace_in_policy(gateway, OPEN, SHUT)
    eventually(lambda: status_of_health(reloadable) == 401, "a good file again")


def test_reload_drops_no_request(reloadable: Arena) -> None:
    """B-348: requests in flight and under way see either policy whole."""
    stop = threading.Event()
    statuses: Counter[int] = Counter()

    def load() -> None:
        with reloadable.connect() as connection:
            while not stop.is_set():
                connection.send(request("GET", "/things/reload"))
                statuses[connection.read().status] += 1

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(6):
        old, new = (OPEN, SHUT) if number % 2 == 0 else (SHUT, OPEN)
        replace_in_policy(reloadable.gateway, old, new)
        reloadable.gateway.process.send_signal(signal.SIGHUP)
        expected = 401 if number % 2 == 0 else 200
        eventually(lambda: status_of_health(reloadable) == expected, f"reload {number}")  # noqa: B023
    stop.set()
    for thread in threads:
        thread.join(20)
    assert set(statuses) == {200}, statuses


@pytest.mark.parametrize("workers", [1, 3])
def test_limits_are_exact_over_all_workers(tmp_path: Path, workers: int) -> None:
    """B-264: not one more than the limit, not one fewer."""
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, limit="50/day per address")
        with start(tmp_path, policy, workers=workers) as gateway:
            assert len(gateway.worker_pids()) == workers
            mark = upstream.mark()
            statuses = hammer(gateway.port, 400, request("GET", "/health"))
            assert statuses == {200: 50, 429: 350}
            assert len(upstream.requests_since(mark)) == 50
            records = gateway.records()
            assert len(records) == 400
            if workers > 1:
                served = {record["worker"] for record in records}
                assert len(served) > 1, "every connection went to one worker"


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, limit="50/day per address")
        with start(tmp_path, policy, workers=2) as gateway:
            first = hammer(gateway.port, 24, request("GET", "/health"))
            assert first == {200: 24}
            victim, survivor = gateway.worker_pids()
            os.kill(victim, signal.SIGKILL)
            eventually(
                lambda: len(gateway.worker_pids()) == 2 and victim not in gateway.worker_pids(),
                "a new worker",
            )
            assert survivor in gateway.worker_pids()
            statuses: Counter[int] = Counter()
            for _ in range(80):
                with suppress(OSError, Closed):
                    statuses[exchange(gateway.port, request("GET", "/health")).status] += 1
            assert statuses[200] == 26, "the limit has not forgotten what was used"


def test_a_gateway_may_be_stopped_while_a_worker_starts(tmp_path: Path) -> None:
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url), workers=2) as gateway,
    ):
        before = gateway.worker_pids()
        kill_workers(gateway)
        eventually(
            lambda: (
                len(gateway.worker_pids()) == 2 and not set(before) & set(gateway.worker_pids())
            ),
            "workers that are starting",
        )
        gateway.stop()  # Which asserts exit status 0.


def test_workers_drain_and_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """Else they served for ever a policy that nobody can reload or stop."""
    released, slow = _held_back()
    with RecordingUpstream() as upstream:
        upstream.answers[b"/things/drain"] = slow
        gateway = start(tmp_path, PolicyText(upstream=upstream.url), workers=2)
        try:
            arena = Arena(gateway, upstream)
            with arena.connect() as idle, arena.connect() as busy:
                idle.send(request("GET", "/health"))
                assert idle.read().status == 200
                mark = upstream.mark()
                busy.send(request("GET", "/things/drain"))
                eventually(lambda: len(upstream.requests_since(mark)) == 1, "the request")
                gateway.process.kill()
                assert idle.is_ended(), "an idle connection ends at once"
                released.set()
                reply = busy.read()
                assert (reply.status, reply.body) == (200, b"/things/drain")
                assert busy.is_ended()
            eventually(lambda: _refuses_connections(gateway.port), "the end of both")
        finally:
            gateway.kill()


def test_workers_reload_together(tmp_path: Path) -> None:
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url), workers=2) as gateway,
    ):
        replace_in_policy(gateway, OPEN, SHUT)
        gateway.process.send_signal(signal.SIGHUP)
        eventually(
            lambda: hammer(gateway.port, 16, request("GET", "/health")) == {401: 16},
            "the new policy in both workers",
        )
