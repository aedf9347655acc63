"""A request body on its way in, under the operation's limit."""

from __future__ import annotations

from time import monotonic

from vallum.core.problems import Denied, Violation
from vallum.engine.pipeline import Route
from vallum.gateway.flight import Flight
from vallum.wire.chunked import ChunkedDecoder
from vallum.wire.http1 import RequestFields

_BODILESS = frozenset({"GET", "HEAD", "DELETE"})
_WHOLE_BODY_FACTOR = 10
"""A body may take this many times the time allowed between two reads (B-049)."""


def check_declared_body(route: Route, method: str, content_length: int) -> None:
    """Judge a body by what its head says of it.

    Args:
        route: the operation.
        method: the request's own; HEAD is not GET here.
        content_length: declared bytes, or -1 where none are.

    Raises:
        Denied: the operation takes no body, or not one of this size.
    """
    if route.body_limit == 0 or (method in _BODILESS and not route.body_on_get):
        raise Denied(
            "contract-violation",
            "body.not-expected",
            violations=[Violation("body", "", "unexpected", "no body is accepted here")],
        )
    if content_length > route.body_limit:
        raise Denied("body-too-large", "body.too-large")


def held_size(route: Route, fields: RequestFields) -> int:
    """Bytes of memory that a body may take while it is held."""
    # A coded body may grow to the limit, and one in chunks does not say how long it is.
    if fields.chunked or b"content-encoding" in fields:
        return route.body_limit
    return fields.content_length


class BodyReader:
    """Takes a framed body apart; holds it where controls need it whole."""

    __slots__ = (
        "_decoder",
        "_held",
        "_left",
        "_limit",
        "_taken",
        "expected",
        "latest_end",
        "rest",
    )

    def __init__(self, flight: Flight, fields: RequestFields) -> None:
        """
        Raises:
            Denied: the operation takes no body, or not one of this size.
        """
        route = flight.route
        check_declared_body(route, flight.method, fields.content_length)
        self._limit = route.body_limit
        self._left = fields.content_length
        self._decoder = ChunkedDecoder() if fields.chunked else None
        self._held = bytearray() if route.body_checks else None
        self._taken = 0
        self.rest = b""
        """What came after the body, once it is done."""
        self.expected = 0
        """Bytes to hold in memory for it."""
        if self._held is not None:
            self.expected = held_size(route, fields)
        self.latest_end = monotonic() + _WHOLE_BODY_FACTOR * flight.runtime.timeouts.body

    @property
    def done(self) -> bool:
        """Whether the body is complete."""
        return self._decoder.done if self._decoder is not None else self._left == 0

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body from `data`; returns it without its framing.

        Raises:
            Denied: the coding is broken, or the body is larger than allowed.
        """
        if self._decoder is not None:
            piece = self._decoder.feed(data)
            self.rest = self._decoder.rest
        else:
            piece = data[: self._left]
            self.rest = data[self._left :]
            self._left -= len(piece)
        self._taken += len(piece)
        announced = self._decoder.announced if self._decoder is not None else 0
        if self._taken + announced > self._limit:
            raise Denied("body-too-large", "body.too-large", close=True)
        if self._held is not None:
            # Not a list of pieces: those of a client that sends few bytes at a time would take
            # many times the memory that is reserved for them.
            self._held += piece
        return piece

    def whole(self) -> bytes:
        """The body that was held."""
        return bytes(self._held or b"")

    def frame(self, piece: bytes) -> bytes:
        """A piece as it goes to the upstream: in chunks of ours where it came in chunks."""
        if self._decoder is None:
            return piece
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
        return framed + b"0\r\n\r\n" if self._decoder.done else framed
