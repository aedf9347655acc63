"""Two parsers that are not ours, as witnesses of how the world reads a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import h11
import httptools


class Reading(NamedTuple):
    """What a parser understood of one request."""

    method: str
    target: bytes
    minor: int
    fields: tuple[tuple[bytes, bytes], ...]
    """Names in lower case, and codings too; values without surrounding whitespace."""
    body: bytes


def lowered(
    fields: Iterable[tuple[bytes, bytes]],
) -> tuple[tuple[bytes, bytes], ...]:
    """The field lines with the transfer coding in lower case, as h11 reports it."""
    return tuple(
        (name, value.lower() if name == b"transfer-encoding" else value) for name, value in fields
    )


class _Callbacks:
    """Collects what llhttp reports; the names are httptools'."""

    def __init__(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.is_complete = False

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field line, or a trailer."""
        self.fields.append((name.lower(), value.strip(b" \t")))

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """The end of the message."""
        self.is_complete = True


def read_with_llhttp(message: bytes) -> Reading | None:
    """The one message as llhttp reads it; None where more bytes would be needed.

    Raises:
        ValueError: llhttp refuses it.
    """
    seen = _Callbacks()
    parser = httptools.HttpRequestParser(seen)
    try:
        parser.feed_data(message)
    except httptools.HttpParserUpgrade:
        pass  # The message was read; what follows it would belong to another protocol.
    except httptools.HttpParserError as error:
        raise ValueError(f"llhttp: {error!r}") from error
    if not seen.is_complete:
        return None
    major, _, minor = parser.get_http_version().partition(".")
    if major != "1":
        raise ValueError("llhttp: not HTTP/1")
    return Reading(
        parser.get_method().decode("ascii"),
        seen.target,
        int(minor),
        lowered(seen.fields),
        seen.body,
    )


def read_with_h11(message: bytes) -> Reading | None:
    """The one message as h11 reads it; None where more bytes would be needed.

    Raises:
        ValueError: h11 refuses it, or takes less than all of it.
    """
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(message)
    head: h11.Request | None = None
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise ValueError(f"h11: {error}") from error
        if isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            break
        else:
            return None
    if connection.trailing_data[0]:
        raise ValueError("h11: the message ended before its bytes")
    return Reading(
        head.method.decode("ascii"),
        bytes(head.target),
        int(head.http_version.partition(b".")[2]),
        lowered((bytes(name), bytes(value)) for name, value in head.headers),
        body,
    )
