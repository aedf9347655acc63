"""One client of a real process: requests over kept-alive connections, statuses back."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from efficacy.engines.base import STOPPING, Judged, Verdict
from efficacy.model import Sample
from measure import cpu_seconds

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
_ENDS = re.compile(rb"(?i)\r\nconnection: *close\r\n")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked\r\n")


class Client:
    """Sends requests to a port of loopback."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def status(self, sample: Sample) -> int:
        """The status of the answer to a request.

        Raises:
            OSError: there is no answer, twice.
        """
        try:
            return self._ask(sample.raw(), sample.method)
        except OSError:
            # The server may have ended a connection that it had no more use for.
            self.close()
            return self._ask(sample.raw(), sample.method)

    def close(self) -> None:
        """Give the connection up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, raw: bytes, method: str) -> int:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(raw)
        head, body = self._read_head(self._socket)
        length = _LENGTH.search(head)
        if method == "HEAD" or head[9:12] in (b"204", b"304"):
            pass
        elif length is not None and not _ENDS.search(head):
            left = int(length[1]) - len(body)
            while left > 0:
                left -= len(self._more(self._socket))
        elif not _ENDS.search(head) and _CHUNKED.search(head):
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more(self._socket)
        if _ENDS.search(head) or head.startswith(b"HTTP/1.0"):
            self.close()
        return int(head[9:12])

    def _read_head(self, connection: socket.socket) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        return head + b"\r\n", body

    def _more(self, connection: socket.socket) -> bytes:
        data = connection.recv(65536)
        if not data:
            raise ConnectionResetError("the server ended the connection")
        return data


def judge_over_wire(port: int, pid: int, samples: Sequence[Sample]) -> Judged:
    """Send all samples; the cost is that of the process, with all its children."""
    client = Client(port)
    before = cpu_seconds(pid)
    verdicts = []
    for sample in samples:
        status = client.status(sample)
        verdicts.append(Verdict(status in STOPPING, str(status)))
    client.close()
    return Judged(verdicts, (cpu_seconds(pid) - before) / max(1, len(samples)) * 1e6)
