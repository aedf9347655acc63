"""A small HTTP server on loopback that publishes keys, well or badly."""

from __future__ import annotations

import asyncio
import ssl
from types import TracebackType
from typing import Self

from vallum.store.jwks_fetch import from_url
from vallum.store.jwks_file import Loader


class KeyServer:
    """Answers every GET alike; its attributes say how."""

    def __init__(self, body: bytes = b"", *, tls: ssl.SSLContext | None = None) -> None:
        self.body = body
        self.status = 200
        self.fields: dict[str, str] = {}
        self.hangs = False
        self.paths: dict[str, tuple[int, bytes]] = {}
        """Other answers by path."""
        self.seen: list[str] = []
        """Paths that were asked for."""
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def requests(self) -> int:
        """How often anything was asked for."""
        return len(self.seen)

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.port}"

    def loader(self) -> Loader:
        """Fetches `/keys`."""
        return from_url(f"{self.url}/keys", insecure_http=True)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("ascii")
            self.seen.append(path)
            if self.hangs:
                await asyncio.Event().wait()
            status, body = self.paths.get(path, (self.status, self.body))
            fields = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Connection": "close",
                **self.fields,
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            writer.write(f"HTTP/1.1 {status} -\r\n{lines}\r\n".encode() + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._tasks.discard(task)
            writer.close()
