"""Serves one worker process: listener, signals, reload, drain."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import uvloop

from vallum.gateway.certified import CertifiedDownstream
from vallum.gateway.downstream import Downstream
from vallum.gateway.memory import settle
from vallum.gateway.runtime import Runtime
from vallum.gateway.worker import Recorder, Worker

_BACKLOG = 2048
_OTHER_DESCRIPTORS = 256
"""Files besides connections: records, state, key sets."""
_NOTE_SECONDS = 60.0
_PATIENCE_SECONDS = 0.5
"""After which whoever stops the gateway is told what it waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadPlan:
    """How a worker gets its next policy."""

    changed: Callable[[], bool]
    """Whether a file of the policy is another one than at the last call."""
    compile: Callable[[], Runtime]
    """Compiles the policy as it is now; raises any exception whose text says why it cannot."""


def run_server(
    *,
    runtime: Runtime,
    recorder: Recorder,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
    reload: ReloadPlan,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain, until a second SIGINT at most. Blocks.

    Args:
        runtime: the first policy.
        recorder: keeps the records.
        listener: a listening socket; several workers may share it.
        tls: None for plain HTTP.
        reload: how to get the next policy.
        ready: called once connections are accepted.
    """
    _allow_descriptors(runtime.caps.connections)
    server = _Server(runtime, recorder, tls, reload)
    uvloop.run(server.run(listener, ready))


def _allow_descriptors(connections: int) -> None:
    """Let this process have the descriptors that so many connections take, one more for each where
    its request goes on.

    Few systems allow them unasked, and without one left neither upstreams nor files can be opened:
    whoever opens enough connections would end the service for everybody (B-050).
    """
    wanted = 2 * connections + _OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < connections + _OTHER_DESCRIPTORS:
        sys.stderr.write(
            f"vallum: the system allows {wanted} open files, too few for the {connections}"
            " connections of `caps:`; lower those, or raise the limit\n"
        )


class _Server:
    def __init__(
        self, runtime: Runtime, recorder: Recorder, tls: ssl.SSLContext | None, reload: ReloadPlan
    ) -> None:
        self._worker = Worker(runtime, recorder)
        self._tls = tls
        self._plan = reload
        self._reloading: asyncio.Task[None] | None = None
        self._is_due = False
        """Whether a reload was asked for that has not begun."""
        self._retiring: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._note_at = monotonic() + _NOTE_SECONDS

    async def run(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, self._begin_reload)
        for origin in self._worker.runtime.origins.values():
            await origin.start()
        asks = self._worker.runtime.trusts is not None
        connection = CertifiedDownstream if asks else Downstream
        server = await loop.create_server(
            lambda: connection(self._worker),
            sock=listener,
            ssl=self._tls,
            ssl_handshake_timeout=10.0 if self._tls is not None else None,
            backlog=_BACKLOG,
        )
        sweep = loop.create_task(self._worker.sweep(self._watch))
        settle()
        ready()
        await self._stop.wait()
        server.close()
        telling = loop.call_later(_PATIENCE_SECONDS, self._tell_waiting)
        await self._worker.drain(self._worker.runtime.timeouts.drain)
        telling.cancel()
        self._worker.runtime.note_usage()
        sweep.cancel()
        for task in (self._reloading, *self._retiring):
            if task is not None:
                task.cancel()
        for origin in self._worker.runtime.origins.values():
            await origin.stop()

    def _interrupt(self) -> None:
        # A terminal sends SIGINT to every process, and the supervisor SIGTERM after it: only a
        # SIGINT of somebody who has waited already ends what is in flight.
        if self._stop.is_set():
            self._worker.end_now()
        self._stop.set()

    def _tell_waiting(self) -> None:
        seconds = self._worker.runtime.timeouts.drain
        sys.stderr.write(
            f"vallum: stopping; requests in flight: {self._worker.connections}, for {seconds:g} s"
            " at most; Ctrl-C once more ends them now\n"
        )

    def _watch(self) -> None:
        if monotonic() >= self._note_at:
            self._note_at = monotonic() + _NOTE_SECONDS
            self._worker.runtime.note_usage()
        if self._plan.changed():
            self._begin_reload()

    def _begin_reload(self) -> None:
        self._is_due = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.get_running_loop().create_task(self._reload_while_due())

    async def _reload_while_due(self) -> None:
        # What changes during a reload may have been read before: it is loaded after it.
        while self._is_due:
            self._is_due = False
            await self._reload()

    async def _reload(self) -> None:
        """Compile beside the running policy, swap one reference; a bad policy changes nothing."""
        loop = asyncio.get_running_loop()
        try:
            runtime = await loop.run_in_executor(None, self._plan.compile)
            for origin in runtime.origins.values():
                await origin.start()
        except Exception as error:  # noqa: BLE001  Whatever is wrong with it, the old one goes on.
            sys.stderr.write(f"vallum: reload refused, the running policy stays:\n{error}\n")
            return
        old, self._worker.runtime = self._worker.runtime, runtime
        old.note_usage()  # Nobody would ask it again.
        settle()
        sys.stderr.write(f"vallum: reloaded, policy revision {runtime.revision}\n")
        task = loop.create_task(_retire(old, runtime))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


async def _retire(old: Runtime, new: Runtime) -> None:
    """Close what only the old policy used, once its exchanges have had time to end."""
    await asyncio.sleep(old.timeouts.upstream)
    kept = list(new.origins.values())
    for origin in old.origins.values():
        if origin not in kept:
            await origin.stop()
