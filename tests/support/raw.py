"""A raw HTTP/1.1 client: sends exactly the bytes it is given and reads answers strictly.

It has its own reader, so that nothing which the gateway uses can hide a fault of the gateway.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Any, NamedTuple

import orjson

DEADLINE_SECONDS = 15.0
"""How long any single read may take; a hang is a failure, never a wait."""

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t \x21-\x7e]*)")
_FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_BODILESS = frozenset({204, 304})


class Closed(Exception):  # noqa: N818  (an event of the connection, not an error of the test)
    """The peer ended the connection before a whole answer was there."""


class MalformedAnswerError(AssertionError):
    """The answer itself breaks RFC 9112."""


class Reply(NamedTuple):
    """One answer."""

    status: int
    fields: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of the field `name` (lower case)."""
        return [value for field, value in self.fields if field == name]

    def get(self, name: str) -> str:
        """The only value of `name`, or an empty string; two lines are an error."""
        values = self.all(name)
        if len(values) > 1:
            raise MalformedAnswerError(f"{name} is there {len(values)} times")
        return values[0] if values else ""

    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)


class RawConnection:
    """One connection to the gateway."""

    def __init__(
        self,
        port: int,
        *,
        context: ssl.SSLContext | None = None,
        server_name: str = "localhost",
        timeout: float = DEADLINE_SECONDS,
        receive_buffer: int | None = None,
        source: str = "127.0.0.1",
    ) -> None:
        self.socket: socket.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        try:
            self.socket.bind((source, 0))
            self.socket.connect(("127.0.0.1", port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                self.socket = context.wrap_socket(self.socket, server_hostname=server_name)
        except OSError:
            self.socket.close()
            raise
        self.buffer = bytearray()
        self.is_reset = False

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Leave at once, as a client that crashes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        """Send all parts. A peer that has ended the connection already is noticed when reading."""
        try:
            self.socket.sendall(b"".join(parts))
        except (BrokenPipeError, ConnectionResetError):
            self.is_reset = True

    def send_each(self, parts: Iterable[bytes]) -> None:
        """Send the parts in segments of their own, until the peer ends the connection."""
        for part in parts:
            if self.is_reset:
                return
            self.send(part)

    def end_of_sending(self) -> None:
        """Half-close: nothing more will come from here."""
        self.socket.shutdown(socket.SHUT_WR)

    def read(self, method: str = "GET") -> Reply:
        """The next answer, interim ones included.

        Raises:
            Closed: the connection ended first.
            MalformedAnswerError: the answer is not valid.
        """
        status, fields = self._read_head()
        names = [name for name, _ in fields]
        if names.count("content-length") > 1 or names.count("transfer-encoding") > 1:
            raise MalformedAnswerError("framing fields twice")
        coding = dict(fields).get("transfer-encoding")
        length = dict(fields).get("content-length")
        if coding is not None and length is not None:
            raise MalformedAnswerError("both Content-Length and Transfer-Encoding")
        if method == "HEAD" or status in _BODILESS or status < 200:
            return Reply(status, fields, b"")
        if coding is not None:
            if coding != "chunked":
                raise MalformedAnswerError(f"transfer coding {coding!r}")
            return Reply(status, fields, self._read_chunks())
        if length is not None:
            if not re.fullmatch("0|[1-9][0-9]*", length):
                raise MalformedAnswerError(f"Content-Length {length!r}")
            return Reply(status, fields, self._take(int(length)))
        return Reply(status, fields, self.read_to_end())

    def read_final(self, method: str = "GET") -> Reply:
        """The next answer that is not interim (1xx)."""
        reply = self.read(method)
        while reply.status < 200:
            reply = self.read(method)
        return reply

    def read_all(self, method: str = "GET") -> list[Reply]:
        """Every answer until the peer ends the connection.

        Raises:
            TimeoutError: it does not end it.
            MalformedAnswerError: bytes are left that are no answer.
        """
        replies = []
        while self._has_more():
            replies.append(self.read(method))
        return replies

    def read_to_end(self) -> bytes:
        """Everything until the peer ends the connection."""
        while self._receive():
            pass
        rest = bytes(self.buffer)
        self.buffer.clear()
        return rest

    def is_ended(self) -> bool:
        """Whether the peer ends the connection with nothing more to say; waits for it.

        Raises:
            TimeoutError: the connection stays open.
        """
        return not self._has_more()

    def _has_more(self) -> bool:
        return bool(self.buffer) or self._receive()

    def _receive(self) -> bool:
        try:
            data = self.socket.recv(256 * 1024)
        except (ConnectionResetError, BrokenPipeError):
            self.is_reset = True
            return False
        except ssl.SSLEOFError:
            return False
        self.buffer += data
        return bool(data)

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self._receive():
                raise Closed(f"{len(self.buffer)} of {count} bytes")
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def _take_line(self) -> bytes:
        while (end := self.buffer.find(b"\r\n")) < 0:
            if not self._receive():
                raise Closed(f"in a line, after {bytes(self.buffer[:200])!r}")
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line

    def _read_head(self) -> tuple[int, tuple[tuple[str, str], ...]]:
        line = self._take_line()
        status = _STATUS_LINE.fullmatch(line)
        if status is None:
            raise MalformedAnswerError(f"status line {line!r}")
        fields = []
        while line := self._take_line():
            field = _FIELD_LINE.fullmatch(line)
            if field is None:
                raise MalformedAnswerError(f"field line {line!r}")
            name, value = field.groups()
            fields.append((name.decode().lower(), value.decode("latin-1").rstrip(" \t")))
        return int(status[1]), tuple(fields)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            line = self._take_line()
            if not re.fullmatch(b"[0-9A-Fa-f]{1,8}", line):
                raise MalformedAnswerError(f"chunk size {line!r}")
            size = int(line, 16)
            if size == 0:
                break
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise MalformedAnswerError("chunk data does not end with CRLF")
        if self._take_line():
            raise MalformedAnswerError("trailer fields in an answer")
        return bytes(body)


def exchange(port: int, raw: bytes, method: str = "GET") -> Reply:
    """One request on a connection of its own, and its final answer."""
    with RawConnection(port) as connection:
        connection.send(raw)
        return connection.read_final(method)


def hammer(port: int, total: int, raw: bytes, threads: int = 8) -> Counter[int]:
    """Send `total` requests from several threads, each on a new connection; count the statuses."""
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def work() -> None:
        for _ in range(total // threads):
            reply = exchange(port, raw)
            with lock:
                statuses[reply.status] += 1

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    return statuses
