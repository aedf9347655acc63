"""A million good and hostile requests at full load: `python bench/soak.py --count 1000000`.

Afterwards memory and descriptors must be where they were after the warm-up, the gateway's log must
hold no exception, every hostile request must have been refused, and the recording upstream must
not have seen a byte of one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from contenders.base import Running, Setting
from contenders.vallum import Vallum
from hostile import ABORTS, ANSWERED, Maker, garbage
from measure import cpu_seconds, process_tree, resident_megabytes
from recorder import Recorder, recorder
from subjects import BODY, ORIGIN, Issuer

PROCESSES = 24
"""Clients; each has one connection for good requests."""
PIPELINED = 16
"""Most good requests that are sent before the answers are read."""
ANSWER_SECONDS = 20.0
CLEARED_SECONDS = 8.0
"""The gateway lingers for 5 seconds on connections that it refuses."""
HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n")
LENGTH = re.compile(rb"(?im)^content-length: (\d+)\r$")


class Broken(Exception):  # noqa: N818  (what the peer did, not an error of ours)
    """The connection ended before the answer did."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a client process sends."""

    port: int
    token: str
    count: int
    seed: int
    hostile_share: float

    @property
    def host(self) -> str:
        """The gateway's authority."""
        return f"127.0.0.1:{self.port}"

    def good(self) -> tuple[bytes, bytes]:
        """A GET and a POST that must pass."""
        common = f"Host: {self.host}\r\nAuthorization: Bearer {self.token}\r\nOrigin: {ORIGIN}\r\n"
        get = f"GET /books/7 HTTP/1.1\r\n{common}\r\n".encode()
        length = f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        return get, f"POST /books HTTP/1.1\r\n{common}{length}".encode() + BODY


class Connection:
    """A socket and what was read from it."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", port), ANSWER_SECONDS, source_address=(address, 0)
        )
        self._data = b""

    def send(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            Broken: the gateway closed the connection.
        """
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Broken(str(error)) from error

    def read_answer(self) -> int:
        """The status of the next answer, read to its end.

        Raises:
            Broken: there is none.
        """
        while (head := HEAD.match(self._data)) is None:
            self._read()
        length = LENGTH.search(head[2])
        if length is None:
            raise Broken(f"an answer without a length: {head[0]!r}")
        end = head.end() + int(length[1])
        while len(self._data) < end:
            self._read()
        self._data = self._data[end:]
        return int(head[1])

    def close(self, *, reset: bool = False) -> None:
        """End the connection, with RST instead of FIN where asked."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _read(self) -> None:
        try:
            data = self._socket.recv(65536)
        except OSError as error:
            raise Broken(str(error)) from error
        if not data:
            raise Broken("closed before the answer")
        self._data += data


class Client:
    """A connection for good requests, and another one for each attack."""

    def __init__(self, script: Script) -> None:
        self.seen: Counter[str] = Counter()
        self._script = script
        self._chance = random.Random(script.seed)
        self._good = script.good()
        # Good requests come in batches, so an attack must be drawn more often than its share.
        batch = (PIPELINED + 1) / 2
        share = script.hostile_share
        self._attack_chance = batch * share / (1 + (batch - 1) * share)

    def run(self) -> None:
        """Send the script's number of requests."""
        count = self._script.count
        connection = Connection(self._script.port)
        while count > 0:
            if self._chance.random() < self._attack_chance:
                self._attack()
                count -= 1
                continue
            size = min(self._chance.randrange(1, PIPELINED + 1), count)
            count -= size
            try:
                connection.send(b"".join(self._chance.choice(self._good) for _ in range(size)))
                for _ in range(size):
                    self.seen[f"good {connection.read_answer()}"] += 1
            except Broken:
                self.seen["good closed"] += 1
                connection.close()
                connection = Connection(self._script.port)
        connection.close()

    def _attack(self) -> None:
        # Bad credentials throttle their address: attackers come from many, the good from their own.
        address = f"127.{self._chance.randrange(1, 255)}.{self._chance.randrange(1, 255)}.1"
        connection = Connection(self._script.port, address)
        kind = self._chance.random()
        try:
            if kind < 0.1:
                connection.send(self._message(ABORTS))
                self.seen["aborted"] += 1
                return
            connection.send(garbage(self._chance) if kind < 0.15 else self._message(ANSWERED))
            self.seen[f"hostile {connection.read_answer()}"] += 1
        except Broken:
            self.seen["hostile closed"] += 1
        finally:
            connection.close(reset=self._chance.random() < 0.5)

    def _message(self, makers: tuple[Maker, ...]) -> bytes:
        return self._chance.choice(makers)(self._script.token, self._script.host)


def client_process(script: Script) -> Counter[str]:
    """The work of one process; what it saw, counted."""
    client = Client(script)
    client.run()
    return client.seen


def load(script: Script) -> Counter[str]:
    """Send the script from several processes."""
    share = script.count // PROCESSES
    scripts = [
        replace(script, count=share, seed=script.seed + number) for number in range(PROCESSES)
    ]
    with multiprocessing.Pool(PROCESSES) as pool:
        return sum(pool.map(client_process, scripts), Counter())


def descriptors(pid: int, upstream: int) -> int:
    """Open descriptors of the process tree, without the bounded pool of upstream connections."""
    found = sum(len(list(Path(f"/proc/{process}/fd").iterdir())) for process in process_tree(pid))
    remote = f":{upstream:04X} 01 "  # Port in hexadecimal and the state ESTABLISHED (proc(5)).
    return found - Path("/proc/net/tcp").read_text().count(remote)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What the gateway holds when nothing is going on."""

    megabytes: float
    descriptors: int

    @classmethod
    def of(cls, running: Running, upstream: int, *, quiet: int = 0) -> Holding:
        """Once closed connections are cleared away: `quiet` descriptors are left, or time is up."""
        deadline = time.monotonic() + CLEARED_SECONDS
        while descriptors(running.pid, upstream) > quiet and time.monotonic() < deadline:
            time.sleep(0.1)
        return cls(
            megabytes=resident_megabytes(running.pid),
            descriptors=descriptors(running.pid, upstream),
        )


def failures(
    seen: Counter[str], before: Holding, after: Holding, upstream: Recorder, log: str
) -> list[str]:
    """What is not as it must be."""
    answered = sum(n for kind, n in seen.items() if kind.startswith("good "))
    checks = {
        f"{answered - seen['good 200']} good requests were not answered 200": answered
        == seen["good 200"],
        "a hostile request was not refused": not any(
            kind.startswith("hostile ") and kind[8] in "123" for kind in seen
        ),
        "an answer was 500": not any(kind.endswith(" 500") for kind in seen),
        f"hostile bytes at the upstream: {upstream.hostile.value}": upstream.hostile.value == 0,
        f"upstream answered {upstream.requests.value}, clients saw {seen['good 200']}": (
            upstream.requests.value == seen["good 200"]
        ),
        "memory has grown": after.megabytes <= before.megabytes * 1.05 + 2,
        "descriptors have grown": after.descriptors <= before.descriptors + 2,
        "the log holds an exception": re.search(r"Traceback|[Uu]nhandled|Error", log) is None,
    }
    return [problem for problem, holds in checks.items() if not holds]


def soak(home: Path, options: argparse.Namespace) -> int:
    """Warm up, load, compare; returns the exit status."""
    issuer = Issuer()
    with ExitStack() as stack:
        upstream = stack.enter_context(recorder())
        setting = Setting(directory=home, upstream=upstream.port, issuer=issuer)
        running = stack.enter_context(Vallum(has_controls=True).start(setting))
        script = Script(
            port=running.port,
            token=issuer.token(),
            count=max(options.count // 10, 2000),
            seed=options.seed,
            hostile_share=options.hostile,
        )
        seen = load(script)
        before = Holding.of(running, upstream.port)
        started, used = time.monotonic(), cpu_seconds(running.pid)
        seen += load(replace(script, count=options.count, seed=options.seed + PROCESSES))
        seconds = time.monotonic() - started
        busy = (cpu_seconds(running.pid) - used) / seconds
        after = Holding.of(running, upstream.port, quiet=before.descriptors)
    log = (home / "log").read_text(errors="replace")
    for kind, count in sorted(seen.items()):
        print(f"{count:>10,}  {kind}")
    print(
        f"{options.count / seconds:,.0f} requests/s for {seconds:.0f} s after the warm-up,", end=""
    )
    print(f" the gateway's core {busy:.0%} busy with it")
    print(f"memory {before.megabytes:.1f} MB before, {after.megabytes:.1f} MB after")
    print(f"descriptors {before.descriptors} before, {after.descriptors} after")
    print(f"upstream: {upstream.requests.value:,} requests, {upstream.hostile.value} hostile")
    problems = failures(seen, before, after, upstream, log)
    print("\n".join(f"FAILED: {problem}" for problem in problems) or "all checks hold")
    if problems:
        print(log[-4000:], file=sys.stderr)
    return 1 if problems else 0


def main() -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="requests after the warm-up")
    parser.add_argument("--hostile", type=float, default=0.1, help="share of hostile requests")
    parser.add_argument("--seed", type=int, default=1)
    with tempfile.TemporaryDirectory(prefix="vallum-soak-") as name:
        return soak(Path(name), parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
