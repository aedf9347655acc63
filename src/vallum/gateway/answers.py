"""Heads of answers: an upstream's field block made safe for a client, once per distinct block."""

from __future__ import annotations

from http import HTTPStatus

from vallum.core.fields import FieldLine
from vallum.filters.headers import (
    NO_STORE,
    REMOVED_FROM_ANSWERS,
    harden_set_cookie,
    screen_location,
)
from vallum.wire.forwarding import HOP_BY_HOP
from vallum.wire.http1 import ResponseHead, malformed, parse_response_head
from vallum.wire.media_type import MediaType, parse_media_type

_UTF8 = ("utf-8", "utf8")
_PAGES = ("text/html", "application/xhtml+xml")
_REMOVED = REMOVED_FROM_ANSWERS | HOP_BY_HOP | {b"content-length", b"x-request-id", b"via"}


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


NO_STORE_LINE = b"%b: %b\r\n" % NO_STORE
"""For answers to a known caller whose upstream says nothing about caching, and for problems."""

STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}


class PreparedHead:
    """An upstream's head, judged and ready to be sent on."""

    __slots__ = (
        "coding",
        "fields",
        "lines",
        "location",
        "media_type",
        "names_caching",
        "page_policy",
        "plan",
        "plan_route",
        "raw",
        "response",
    )

    def __init__(self, raw: bytes) -> None:
        """
        Raises:
            Denied: the head's framing is in doubt (B-031).
        """
        self.raw = raw
        self.response: ResponseHead = parse_response_head(raw)
        self.fields: list[FieldLine] = []
        self.location: bytes | None = None
        """Held apart: whether it may pass depends on the request's host."""
        self.page_policy = b""
        """Its content security policy, which only the own provider sets itself."""
        self.media_type: MediaType | None = None
        """None where the upstream names none, or none that can be read."""
        self.coding = ""
        """Its content codings, in lower case; empty for none."""
        self.plan_route: object = None
        self.plan: object = None
        """What the screens of `plan_route` want of such an answer."""
        for name, value in self.response.fields.items:
            if name == b"content-security-policy":
                self.page_policy = value
            if name in _REMOVED or name.startswith(b"access-control-"):
                continue
            if name == b"location":
                if self.location is not None:
                    raise malformed("duplicate-location")
                self.location = value
            elif name == b"content-type":
                value = self._read_type(value)
                self.fields.append((name, value))
            elif name == b"set-cookie":
                self.fields.append((name, harden_set_cookie(value)))
            else:
                if name == b"content-encoding":
                    self._note_coding(value)
                self.fields.append((name, value))
        self.lines = field_lines(self.fields)
        self.names_caching = b"cache-control" in self.response.fields

    def _read_type(self, value: bytes) -> bytes:
        """The Content-Type value for the client (B-095, B-295)."""
        if self.media_type is not None:
            raise malformed("duplicate-content-type")
        try:
            media_type = self.media_type = parse_media_type(value)
        except ValueError:
            return value
        charset = media_type.parameter("charset") if media_type.parameters else None
        if media_type.is_json and charset is not None and charset.lower() not in _UTF8:
            # RFC 8259 §8.1: UTF-8 only, and no parameter says otherwise.
            return media_type.essence.encode("ascii")
        if charset is None and media_type.essence in _PAGES:
            # Without one a browser guesses, by what the page says.
            return value + b"; charset=utf-8"
        return value

    def _note_coding(self, value: bytes) -> None:
        coding = value.strip().lower().decode("latin-1")
        # RFC 9110 §8.4.1.3: another name of the same.
        coding = "gzip" if coding == "x-gzip" else coding
        if coding != "identity":
            self.coding = f"{self.coding}, {coding}" if self.coding else coding

    def location_line(self, upstream_authority: str, public_origin: str) -> bytes:
        """The Location line for the client; empty where there is none.

        Raises:
            Denied: it names a host that clients must not learn (B-293).
        """
        if self.location is None:
            return b""
        value = screen_location(self.location, upstream_authority, public_origin)
        if value is None:
            raise malformed("location")
        return b"location: " + value + b"\r\n"

    def location_as_sent(self) -> bytes:
        """The Location line of an upstream that may send clients anywhere."""
        return b"" if self.location is None else b"location: " + self.location + b"\r\n"


def field_lines(fields: list[FieldLine]) -> bytes:
    """Field lines as they go over the wire."""
    return b"".join([name + b": " + value + b"\r\n" for name, value in fields])
