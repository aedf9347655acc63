"""One worker process's data plane: its connections, its queue of answers, its records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from time import monotonic, time
from typing import TYPE_CHECKING, Protocol

from vallum.core.problems import Denied
from vallum.gateway.faults import report_exception
from vallum.limits.address import address_keys
from vallum.wire.authority import is_trusted

if TYPE_CHECKING:
    from vallum.gateway.downstream import Downstream
    from vallum.gateway.flight import Flight
    from vallum.gateway.replying import ReplyingConnection
    from vallum.gateway.runtime import Runtime

_SWEEP_SECONDS = 0.5


class Recorder(Protocol):
    """Keeps one record per exchange."""

    def record(self, flight: Flight, ended: float) -> None:
        """Take the record of a finished exchange; `ended` is monotonic seconds."""
        ...

    def flush(self) -> None:
        """Write what was taken; called before the answers leave."""
        ...

    def check(self) -> None:
        """Raises `Denied` where the policy refuses what cannot be recorded."""
        ...

    def close(self) -> None:
        """Write the rest and close."""
        ...


class Worker:
    """What the connections of one process share."""

    def __init__(self, runtime: Runtime, recorder: Recorder) -> None:
        self.runtime = runtime
        self.draining = False
        self._drained_by = 0.0
        self._recorder = recorder
        self.check_records = recorder.check
        self._connections: set[Downstream] = set()
        self._by_caller: dict[bytes, int] = {}
        self._held_bytes = 0
        self._held_by_caller: dict[bytes, int] = {}
        self._queue: list[tuple[ReplyingConnection, bytes, bool]] = []
        self._flush_scheduled = False
        self._date_second = 0
        self._date_line = b""

    # --- connections -----------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._connections)

    def welcome(self, connection: Downstream) -> bool:
        """Count a new connection; False where there are too many of them (B-050)."""
        # As for limits, whoever has an IPv6 /64 is one caller (B-262).
        peer = connection.client.peer
        caller, _ = address_keys(peer)
        count = self._by_caller.get(caller, 0)
        caps = self.runtime.caps
        self._by_caller[caller] = count + 1
        self._connections.add(connection)
        if len(self._connections) > caps.connections:
            return False
        if count < caps.connections_per_address:
            return True
        return _is_of_many(peer, self.runtime)

    def farewell(self, connection: Downstream) -> None:
        """Count a connection that has ended."""
        self._connections.discard(connection)
        caller, _ = address_keys(connection.client.peer)
        _take_off(self._by_caller, caller, 1)

    def hold_body(self, flight: Flight, size: int) -> None:
        """Reserve memory for a body.

        Raises:
            Denied: all the bodies in flight would be too much (B-277), or the caller has others
                and all of theirs would be more than what is left.
        """
        if size == 0:
            return
        left = self.runtime.caps.in_flight_body_bytes - self._held_bytes - size
        address = flight.request.client.address
        caller, _ = address_keys(address)
        held = self._held_by_caller.get(caller, 0)
        # SECURITY: what is reserved need never come, so whoever opens connections could reserve
        # everything. With this rule one caller gets half at most, two get a third each, and so on.
        is_greedy = held > flight.held_bytes and held + size > left
        if left < 0 or (is_greedy and not _is_of_many(address, flight.runtime)):
            raise Denied("overloaded", "gateway.body-budget")
        self._held_bytes += size
        self._held_by_caller[caller] = held + size
        flight.held_bytes += size

    def release_body(self, flight: Flight) -> None:
        """Give the memory back."""
        caller, _ = address_keys(flight.request.client.address)
        _take_off(self._held_by_caller, caller, flight.held_bytes)
        self._held_bytes -= flight.held_bytes
        flight.held_bytes = 0

    # --- answers and records ---------------------------------------------------------------------

    def record(self, flight: Flight) -> None:
        """Keep the record of an exchange that is over; it is written before its answer leaves."""
        self._recorder.record(flight, monotonic())
        if not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def queue(self, connection: ReplyingConnection, data: bytes, close: bool) -> None:
        """Send `data` once the records of this tick are written."""
        self._queue.append((connection, data, close))
        if not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        # INVARIANT: a record is with the kernel before the end of its answer is, so that a worker
        # killed at any moment has lost no record of an answer that a client received whole.
        self._flush_scheduled = False
        self._recorder.flush()
        queue, self._queue = self._queue, []
        for connection, data, close in queue:
            connection.write_queued(data, close)

    def date_line(self) -> bytes:
        """The Date field line of an answer of our own (RFC 9110 §6.6.1)."""
        second = int(time())
        if second != self._date_second:
            self._date_second = second
            self._date_line = f"date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
        return self._date_line

    # --- time ------------------------------------------------------------------------------------

    async def sweep(self, every: Callable[[], None]) -> None:
        """End what is overdue, for as long as the worker runs; `every` runs with each sweep."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = monotonic()
            try:
                for connection in tuple(self._connections):
                    connection.check_deadline(now)
                every()
            except Exception:  # noqa: BLE001  The sweep must go on: without it nothing times out.
                report_exception("in the sweep")

    async def drain(self, seconds: float) -> None:
        """Let the exchanges in flight end, at most for `seconds`, then end every connection."""
        self.draining = True
        self._drained_by = monotonic() + seconds
        while self._connections and monotonic() < self._drained_by:
            for connection in tuple(self._connections):
                connection.drain()
            await asyncio.sleep(0.02)
        latest = monotonic() + 1.0
        while self._connections and monotonic() < latest:
            for connection in tuple(self._connections):
                connection.abort()
            await asyncio.sleep(0)
        self._flush()
        self._recorder.close()

    def end_now(self) -> None:
        """Let `drain` wait no longer."""
        self._drained_by = 0.0


def _take_off(counts: dict[bytes, int], caller: bytes, count: int) -> None:
    """Count a caller down; who is at nothing is forgotten."""
    left = counts.get(caller, 0) - count
    if left > 0:
        counts[caller] = left
    else:
        counts.pop(caller, None)


def _is_of_many(address: str, runtime: Runtime) -> bool:
    """Whether an address is a proxy of ours: what comes from it is from all its clients."""
    # Who is gone already has no address.
    return address != "" and is_trusted(address, runtime.trusted_proxies)
