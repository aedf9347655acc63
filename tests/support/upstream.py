"""A recording upstream: keeps the raw bytes of every connection and answers as a test says.

Requests are read with h11, a strict parser that the gateway does not use: what h11 refuses, the
gateway should never have sent.
"""

from __future__ import annotations

import array
import fcntl
import select
import socket
import ssl
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import h11
from tests.support.waiting import eventually


@dataclass(slots=True)
class Received:
    """One whole request that reached the upstream."""

    method: str
    target: bytes
    version: bytes
    fields: tuple[tuple[str, bytes], ...]
    """Names in lower case."""
    body: bytes
    connection: int
    """Number of the connection that carried it."""

    def all(self, name: str) -> list[bytes]:
        """Every value of the field `name` (lower case)."""
        return [value for field_name, value in self.fields if field_name == name]

    def get(self, name: str) -> bytes:
        """The only value of `name`, or empty; two lines are an error."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} reached the upstream {len(values)} times")
        return values[0] if values else b""

    def contains(self, canary: bytes) -> bool:
        """Whether it has a canary anywhere, in whatever case."""
        everything = self.target + self.body
        everything += b"".join(name.encode() + value for name, value in self.fields)
        return canary.lower() in everything.lower()

    def names(self) -> list[str]:
        """Names of all fields in order."""
        return [name for name, _ in self.fields]


class Link:
    """What a responder may do with its connection."""

    def __init__(self, link_socket: socket.socket) -> None:
        self.socket = link_socket

    def send(self, *parts: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(b"".join(parts))

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, (1).to_bytes(4, "little") + bytes(4)
        )
        self.socket.close()


Responder = Callable[[Received, Link], bool]
"""Answers one request; returns whether the connection stays open."""


def answer(
    status: str = "200 OK", body: bytes = b'{"ok":true}', fields: bytes = b"", *, keep: bool = True
) -> Responder:
    """A responder with one well-formed answer; `fields` are complete field lines."""

    def respond(request: Received, link: Link) -> bool:
        head = f"HTTP/1.1 {status}\r\n".encode() + fields
        if b"content-type" not in fields.lower():
            head += b"Content-Type: application/json\r\n"
        head += b"Content-Length: %d\r\n\r\n" % len(body)
        link.send(head, b"" if request.method == "HEAD" else body)
        return keep

    return respond


def raw_answer(*parts: bytes, keep: bool = False) -> Responder:
    """A responder that sends these bytes as they are and then closes, unless `keep`."""

    def respond(request: Received, link: Link) -> bool:
        link.send(*parts)
        return keep

    return respond


JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
"""The beginning of an answer, up to its framing."""


FILE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
"""As `JSON_HEAD`, for an answer that nobody looks into: it is relayed as it comes."""


def echo(received: Received, link: Link) -> bool:
    """A responder that answers with the target."""
    link.send(JSON_HEAD, b"Content-Length: %d\r\n\r\n" % len(received.target), received.target)
    return True


@dataclass(slots=True)
class _Connection:
    number: int
    socket: socket.socket
    raw: bytearray = field(default_factory=bytearray)
    raw_size: int = 0
    is_open: bool = True
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the recording."""

    requests: int
    raw: int


BEGINNING = Mark(0, 0)
"""Before anything was received."""


class RecordingUpstream:
    """An origin on a free loopback port."""

    def __init__(self, *, context: ssl.SSLContext | None = None, read_size: int = 65536) -> None:
        self.default: Responder = answer()
        self.answers: dict[bytes, Responder] = {}
        """Responders by exact target; they win over `default`."""
        self.early_answers: dict[bytes, bytes] = {}
        """Answers by exact target that are sent when the head is there, before the body is read;
        nothing more is read from such a connection."""
        self.faults: list[str] = []
        """What h11 refused, with the bytes."""
        self.reading = threading.Event()
        """Cleared: nothing is read from any connection (a slow upstream)."""
        self.reading.set()
        self.keep_bytes = True
        """False: bytes are counted, not kept (for bodies that are larger than a test may hold)."""
        self._context = context
        self._read_size = read_size
        self._lock = threading.RLock()
        self._requests: list[Received] = []
        self._connections: list[_Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._is_stopping = False
        self._acceptor = threading.Thread(target=self._accept, name="upstream", daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """The origin for the policy file."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    @property
    def connection_count(self) -> int:
        """Connections accepted so far."""
        with self._lock:
            return len(self._connections)

    @property
    def open_count(self) -> int:
        """Connections open now."""
        with self._lock:
            return sum(connection.is_open for connection in self._connections)

    def mark(self) -> Mark:
        """Now, when everything that was sent has been read."""
        self._settle()
        with self._lock:
            return Mark(len(self._requests), self._raw_size())

    def requests_since(self, mark: Mark) -> list[Received]:
        """Whole requests that arrived after `mark`."""
        self._settle()
        with self._lock:
            return self._requests[mark.requests :]

    def raw_size_since(self, mark: Mark) -> int:
        """Bytes that arrived after `mark`, whole requests or not."""
        self._settle()
        with self._lock:
            return self._raw_size() - mark.raw

    def contains(self, needle: bytes) -> bool:
        """Whether `needle` is anywhere in what was received, in any case."""
        self._settle()
        with self._lock:
            lowered = needle.lower()
            return any(lowered in bytes(each.raw).lower() for each in self._connections)

    def stop(self) -> None:
        """Close everything."""
        self._is_stopping = True
        self.reading.set()
        self._acceptor.join(5)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> RecordingUpstream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _raw_size(self) -> int:
        return sum(connection.raw_size for connection in self._connections)

    def _settle(self) -> None:
        if self.reading.is_set():
            eventually(self._is_settled, "the upstream has read what was sent to it")

    def _is_settled(self) -> bool:
        with self._lock:
            if not self._is_stopping and select.select([self._listener], [], [], 0)[0]:
                return False
            return all(
                connection.is_paused or not connection.is_open or _unread(connection.socket) == 0
                for connection in self._connections
            )

    def _accept(self) -> None:
        while not self._is_stopping:
            if not select.select([self._listener], [], [], 0.05)[0]:
                continue
            with self._lock:
                accepted, _ = self._listener.accept()
                connection = _Connection(len(self._connections), accepted)
                self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: _Connection) -> None:
        try:
            connection.socket.settimeout(60)
            if self._context is not None:
                connection.socket = self._context.wrap_socket(connection.socket, server_side=True)
            self._serve_requests(connection)
        except (OSError, ValueError):
            pass  # The gateway ended the connection; what it sent is recorded.
        finally:
            with self._lock:
                connection.is_open = False
            with suppress(OSError):
                connection.socket.close()

    def _serve_requests(self, connection: _Connection) -> None:
        rest = b""
        while True:
            parser = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
            if rest:
                parser.receive_data(rest)
            try:
                request = self._read_request(parser, connection)
            except h11.RemoteProtocolError as error:
                with self._lock:
                    self.faults.append(f"{error}: {bytes(connection.raw[-500:])!r}")
                return
            if request is None:
                return
            with self._lock:
                self._requests.append(request)
            responder = self.answers.get(request.target, self.default)
            if not responder(request, Link(connection.socket)):
                return
            rest = parser.trailing_data[0]

    def _read_request(self, parser: h11.Connection, connection: _Connection) -> Received | None:
        head: h11.Request | None = None
        body = bytearray()
        for event in self._events(parser, connection):
            if isinstance(event, h11.Request):
                head = event
                if head.target in self.early_answers:
                    self._answer_early(head.target, connection)
                    return None
                if parser.they_are_waiting_for_100_continue:
                    connection.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            elif isinstance(event, h11.Data):
                if self.keep_bytes:
                    body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return Received(
                    head.method.decode(),
                    head.target,
                    head.http_version,
                    tuple((name.decode(), value) for name, value in head.headers),
                    bytes(body),
                    connection.number,
                )
        return None

    def _answer_early(self, target: bytes, connection: _Connection) -> None:
        with self._lock:
            connection.is_paused = True
        connection.socket.sendall(self.early_answers[target])
        poller = select.poll()
        poller.register(connection.socket, select.POLLRDHUP)
        while not self._is_stopping and not poller.poll(50):
            pass

    def _events(self, parser: h11.Connection, connection: _Connection) -> Iterator[h11.Event]:
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                data = self._receive(connection)
                if not data:
                    return
                parser.receive_data(data)
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return
            elif isinstance(event, h11.Event):
                yield event

    def _receive(self, connection: _Connection) -> bytes:
        """Bytes are taken from the socket and recorded in one step, so that `_settle` is exact."""
        while not self._is_stopping:
            self.reading.wait()
            if isinstance(connection.socket, ssl.SSLSocket):
                data = connection.socket.recv(self._read_size)
                with self._lock:
                    self._record(connection, data)
                return data
            if select.select([connection.socket], [], [], 0.2)[0]:
                with self._lock:
                    data = connection.socket.recv(self._read_size)
                    self._record(connection, data)
                return data
        return b""

    def _record(self, connection: _Connection, data: bytes) -> None:
        connection.raw_size += len(data)
        if self.keep_bytes:
            connection.raw += data


def _unread(open_socket: socket.socket) -> int:
    count = array.array("i", [0])
    try:
        fcntl.ioctl(open_socket.fileno(), termios.FIONREAD, count)
    except (OSError, ValueError):
        return 0
    return count[0]
