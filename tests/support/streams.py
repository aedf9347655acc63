"""Large bodies for streaming tests."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.arena import request
from tests.support.upstream import Link, Received

MIB = 1024 * 1024
OCTETS = b"Content-Type: application/octet-stream\r\n"


def put(size: int, *, chunked: bool = False) -> bytes:
    """The head of an upload."""
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    return request("PUT", "/blobs/stream", "Content-Type: application/octet-stream", framing)


def stream_down(size: int, framing: bytes) -> Callable[[Received, Link], bool]:
    """Answers with `size` bytes, as they are or in chunks of 1 MiB."""

    def respond(received: Received, link: Link) -> bool:
        link.send(b"HTTP/1.1 200 OK\r\n", OCTETS, framing, b"\r\n")
        piece = b"d" * MIB
        for _ in range(size // MIB):
            link.send(b"100000\r\n" + piece + b"\r\n" if b"chunked" in framing else piece)
        if b"chunked" in framing:
            link.send(b"0\r\n\r\n")
        return bool(framing)

    return respond
