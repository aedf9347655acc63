"""An upstream that answers everything and searches every byte for the hostile requests' canary."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_longlong
from dataclasses import dataclass
from typing import cast

import httptools
import uvloop

from measure import free_port
from subjects import ANSWER

CANARY = b"H0stile-canary"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """A started recorder. The counters are shared with its process."""

    port: int
    requests: c_longlong
    """Complete requests that it has answered."""
    hostile: c_longlong
    """Reads in which the canary was found, and messages that it could not parse."""


class _Connection(asyncio.Protocol):
    def __init__(self, requests: c_longlong, hostile: c_longlong) -> None:
        self._requests = requests
        self._hostile = hostile
        self._parser = httptools.HttpRequestParser(self)
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it.

    def data_received(self, data: bytes) -> None:
        seen = self._tail + data
        if CANARY in seen:
            self._hostile.value += 1
        self._tail = seen[-len(CANARY) + 1 :]
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._hostile.value += 1
            assert self._transport is not None
            self._transport.abort()

    def on_message_complete(self) -> None:
        self._requests.value += 1
        assert self._transport is not None
        self._transport.write(REPLY)


async def _serve(port: int, requests: c_longlong, hostile: c_longlong) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(requests, hostile), "127.0.0.1", port)
    await server.serve_forever()


def _main(port: int, requests: c_longlong, hostile: c_longlong) -> None:
    uvloop.run(_serve(port, requests, hostile))


@contextmanager
def recorder() -> Iterator[Recorder]:
    """A recorder in a process of its own until the block ends."""
    port = free_port()
    # One process writes and the other only reads: no lock is needed.
    requests = multiprocessing.RawValue(c_longlong, 0)
    hostile = multiprocessing.RawValue(c_longlong, 0)
    process = multiprocessing.Process(target=_main, args=(port, requests, hostile), daemon=True)
    process.start()
    try:
        yield Recorder(port=port, requests=requests, hostile=hostile)
    finally:
        process.terminate()
        process.join()
