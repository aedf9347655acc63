"""The message that an upstream gets: regenerated, never the client's bytes (GW-5)."""

from __future__ import annotations

from base64 import b64encode
from time import time
from typing import TYPE_CHECKING

from vallum.core.request import Client
from vallum.gateway.answers import field_lines
from vallum.tokens.internal import FIELD
from vallum.wire.authority import canonical_host, client_address
from vallum.wire.forwarding import forwardable
from vallum.wire.http1 import RequestFields

if TYPE_CHECKING:
    from vallum.engine.pipeline import Route
    from vallum.gateway.flight import Flight
    from vallum.gateway.runtime import Runtime


# RFC 9110 §12.5.3: without this field any coding would be fine. What is coded cannot be read.
_PLAIN = ((b"accept-encoding", b"identity"),)
_IDENTITY = FIELD + b": "


class Derived:
    """What follows from one field block on one connection; kept while the client repeats it."""

    __slots__ = ("client", "forward", "host", "route", "runtime", "via")

    def __init__(self, fields: RequestFields, peer: Client, runtime: Runtime) -> None:
        self.runtime = runtime
        self.host = canonical_host(fields.host, runtime.scheme) if fields.host else ""
        address = client_address(peer.peer, fields.all(b"x-forwarded-for"), runtime.trusted_proxies)
        self.client = peer if address == peer.address else peer._replace(address=address)
        self.via = b", ".join(fields.all(b"via"))
        self.route: Route | None = None
        self.forward = b""


def derived(fields: RequestFields, peer: Client, runtime: Runtime) -> Derived:
    """What follows from `fields`, remembered with them."""
    known = fields.memo
    if isinstance(known, Derived) and known.runtime is runtime:
        return known
    fields.memo = fresh = Derived(fields, peer, runtime)
    return fresh


def _forwarded_block(flight: Flight, fields: RequestFields, via: bytes) -> bytes:
    """The field lines that depend on the request's fields and route alone.

    Raises:
        Denied: the request asks for a field to be removed that is not its to remove.
    """
    request, route, runtime = flight.request, flight.route, flight.runtime
    withheld = route.withheld | flight.withheld
    declared = route.operation.declared_headers
    lines = forwardable(fields.items, fields.connection_options, withheld, declared)
    own = b"1.1 " + runtime.pseudonym
    lines = [
        (b"host", runtime.origins[route.api].authority.encode("ascii")),
        *lines,
        *(_PLAIN if b"accept-encoding" in withheld else ()),
        (b"x-forwarded-for", request.client.address.encode("ascii")),
        (b"x-forwarded-proto", request.scheme.encode("ascii")),
        (b"x-forwarded-host", request.host.encode("ascii")),
        (b"via", via + b", " + own if via else own),
    ]
    certificate = request.client.certificate
    if certificate is not None and route.api in runtime.shows_certificate:
        # RFC 9440 §2.2: one byte sequence (RFC 8941 §3.3.5). A client's own is never passed on.
        lines.append((b"client-cert", b":%b:" % b64encode(certificate)))
    return field_lines(lines)


def upstream_head(flight: Flight) -> list[bytes]:
    """The request for the upstream, with its body where that was held.

    Raises:
        Denied: the request names protected fields in Connection (B-060).
    """
    request, route = flight.request, flight.route
    fields = request.fields
    assert isinstance(fields, RequestFields)  # noqa: S101  (requests are read by our own parser)
    known = derived(fields, flight.downstream.client, flight.runtime)
    if known.host != request.host:
        forward = _forwarded_block(flight, fields, known.via)  # An absolute-form target decided.
    elif known.route is route:
        forward = known.forward
    else:
        forward = known.forward = _forwarded_block(flight, fields, known.via)
        known.route = route
    target = request.target
    pieces = [
        request.method.encode("ascii"),
        b" ",
        target.encoded_path,
        b"?" + target.encoded_query if target.encoded_query else b"",
        b" HTTP/1.1\r\n",
        forward,
        b"x-request-id: ",
        flight.request_id.encode("ascii"),
        b"\r\ntraceparent: ",
        flight.trace_parent,
        b"\r\n",
    ]
    principal = flight.principal
    if route.identity and principal is not None:
        statement = flight.runtime.statements[route.api]
        pieces += (
            _IDENTITY,
            statement(principal, request.method, target.path, time()),
            b"\r\n",
        )
    pieces.append(_framing(flight, fields))
    return [b"".join(pieces)]


def _framing(flight: Flight, fields: RequestFields) -> bytes:
    """The end of the head that says how long the body is, and the body where it was held."""
    if flight.body_was_read:
        return b"content-length: %d\r\n\r\n%b" % (len(flight.body), flight.body)
    if fields.chunked:
        return b"transfer-encoding: chunked\r\n\r\n"
    if fields.content_length >= 0:
        return b"content-length: %d\r\n\r\n" % fields.content_length
    return b"\r\n"
