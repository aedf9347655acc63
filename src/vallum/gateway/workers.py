"""Several supervised worker processes on one listening socket."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

Serve = Callable[[int, Callable[[], None]], None]
"""Runs in a child with its number and a function to call when it is ready, until a signal."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_CLEAN_ENDS: Final = (0, -signal.SIGTERM, -signal.SIGINT)
"""How workers may end when all are asked to: one that was still starting, so served nobody,
ends by the signal itself."""

_SHORT_LIFE_SECONDS = 2.0
_MOST_SHORT_LIVES = 5
_RETRY_SECONDS = (0.05, 1.0)
"""The first pause before a process that the system refused is asked for again, and the longest."""


def open_listener(address: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: the address cannot be used, or the port is taken.
    """
    if address.endswith(".localhost"):
        address = "localhost"  # RFC 6761 §6.3: such names are loopback, whatever a resolver says.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((address, port))
        listener.listen(2048)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


class Supervisor:
    """Starts workers, starts again those that die, passes signals on, waits for all.

    Workers end with it, however it ends: each holds one end of a pipe whose other end is held by
    the supervisor alone. Nobody would start them again or tell them to stop.
    """

    def __init__(self, processes: Sequence[Serve], listener: socket.socket) -> None:
        """
        Args:
            processes: what runs in each child.
            listener: the socket that they share.
        """
        self._processes = processes
        self._listener = listener
        self._workers: dict[int, tuple[int, float]] = {}
        """Process id → worker number and monotonic start time."""
        self._stopping = False
        self._short_lives = 0
        self._watched, self._life = os.pipe()
        """The end that workers watch, and the one that is open while this process lives."""

    def run(self, ready: Callable[[], None]) -> int:
        """Supervise until SIGTERM or SIGINT, or twice SIGINT at once; returns the exit status.

        Args:
            ready: called once every worker accepts connections.
        """
        readable, writable = os.pipe()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        signal.signal(signal.SIGHUP, self._pass_on)
        for number in range(len(self._processes)):
            self._start(number, writable, readable)
        if not self._await_ready(readable):
            self._stop(signal.SIGTERM, None)
            self._reap(writable, readable)
            return 1
        ready()
        return self._reap(writable, readable)

    def _await_ready(self, readable: int) -> bool:
        """Whether every worker said that it is ready."""
        waiting = len(self._processes)
        while waiting and not self._stopping:
            if select.select([readable], [], [], 0.2)[0]:
                waiting -= len(os.read(readable, waiting))
            elif os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return False
        return True

    def _start(self, number: int, writable: int, readable: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        process = self._fork(number)
        if process is None:
            return
        if process:
            self._workers[process] = (number, time.monotonic())
            if self._stopping:
                os.kill(process, signal.SIGTERM)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            return
        status = 1
        try:
            os.close(readable)
            os.close(self._life)
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, signal.SIG_DFL)
            # By default it would end who has nothing to reload, and who has not begun to serve.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            threading.Thread(target=_end_after, args=(self._watched,), daemon=True).start()
            self._processes[number](number, lambda: _say_ready(writable))
            status = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _fork(self, number: int) -> int | None:
        """As `os.fork`, with signals blocked, until it succeeds; None, and signals are not blocked,
        where all is to stop first.

        The other workers serve meanwhile, and would end with the supervisor.
        """
        seconds, longest = _RETRY_SECONDS
        is_told = False
        while True:
            # A signal between fork and the first lines of the child would run the supervisor's own
            # handlers in the child, with the supervisor's list of workers.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            try:
                return os.fork()
            except OSError as error:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
                if not is_told:
                    is_told = True
                    sys.stderr.write(
                        f"vallum: worker {number} cannot be started ({error.strerror}); "
                        "trying again until it can\n"
                    )
            if self._stopping:
                return None
            time.sleep(seconds)
            seconds = min(2 * seconds, longest)

    def _stop(self, number: int, frame: object) -> None:
        # Workers close theirs; while one is open the system takes connections that nobody serves.
        self._listener.close()
        again = self._stopping and number == signal.SIGINT
        self._stopping = True
        self._pass_on(signal.SIGINT if again else signal.SIGTERM, frame)

    def _pass_on(self, number: int, frame: object) -> None:
        for process in tuple(self._workers):
            with suppress(ProcessLookupError):  # It has ended and is about to be reaped.
                os.kill(process, number)

    def _reap(self, writable: int, readable: int) -> int:
        status = 0
        while self._workers:
            process, ended = os.wait()
            if process not in self._workers:
                continue  # A child that is no worker; an application's, say.
            number, started = self._workers.pop(process)
            code = os.waitstatus_to_exitcode(ended)
            if self._stopping:
                status = status or (0 if code in _CLEAN_ENDS else 1)
                continue
            sys.stderr.write(
                f"vallum: worker {number} ended with status {code}; starting it again\n"
            )
            if time.monotonic() - started < _SHORT_LIFE_SECONDS:
                self._short_lives += 1
                if self._short_lives >= _MOST_SHORT_LIVES:
                    sys.stderr.write("vallum: workers keep dying at once; giving up\n")
                    self._stop(signal.SIGTERM, None)
                    status = 1
                    continue
            else:
                self._short_lives = 0
            self._start(number, writable, readable)
        return status


def _say_ready(writable: int) -> None:
    os.write(writable, b"r")


def _end_after(watched: int) -> None:
    """Ask this process to end once the supervisor is gone, whatever it does at that moment."""
    os.read(watched, 1)
    os.kill(os.getpid(), signal.SIGTERM)
