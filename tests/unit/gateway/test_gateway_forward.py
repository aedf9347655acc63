"""The message that an upstream gets: written anew from what was judged (GW-5)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.proxy import HOST, make_flight, make_runtime
from tests.support.readers import Reading, read_with_h11, read_with_llhttp
from tests.support.routes import make_route

from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request, Target
from vallum.engine.pipeline import Route
from vallum.gateway.flight import Flight
from vallum.gateway.forward import derived, upstream_head
from vallum.gateway.runtime import Runtime
from vallum.wire.authority import parse_networks
from vallum.wire.http1 import parse_request_fields
from vallum.wire.target import canonical_target, split_target


def _flight(
    *lines: bytes,
    method: str = "GET",
    target: bytes = b"/x",
    runtime: Runtime | None = None,
    route: Route | None = None,
) -> Flight:
    route = route or make_route(method, "/x")
    flight = make_flight(runtime or make_runtime([route]), route, method)
    block = b"\r\n".join((b"Host: " + HOST.encode(), *lines))
    fields = parse_request_fields(block, 1)
    known = derived(fields, flight.downstream.client, flight.runtime)
    canonical: Target = canonical_target(split_target(target))
    flight.request = Request(method, canonical, fields, "http", known.host, known.client)
    flight.request_id = "0123456789abcdef"
    flight.trace_parent = b"00-trace-parent-01"
    return flight


def _read(flight: Flight) -> Reading:
    """The message as two other parsers read it."""
    message = b"".join(upstream_head(flight))
    reading = read_with_llhttp(message)
    assert reading is not None
    assert read_with_h11(message) == reading
    return reading


def _sent(*lines: bytes, **more: Any) -> dict[bytes, bytes]:
    reading = _read(_flight(*lines, **more))
    assert len(dict(reading.fields)) == len(reading.fields), "a field is there twice"
    return dict(reading.fields)


def test_the_request_is_written_anew() -> None:
    reading = _read(_flight(b"Accept: a", target=b"/%61/b?x=1&y=%26"))
    assert (reading.method, reading.target, reading.minor) == ("GET", b"/a/b?x=1&y=%26", 1)
    assert reading.fields == (
        (b"host", b"upstream.example:8000"),
        (b"accept", b"a"),
        (b"x-forwarded-for", b"203.0.113.9"),
        (b"x-forwarded-proto", b"http"),
        (b"x-forwarded-host", b"api.example"),
        (b"via", b"1.1 vallum-test"),
        (b"x-request-id", b"0123456789abcdef"),
        (b"traceparent", b"00-trace-parent-01"),
    )


def test_b052_b057_claims_of_the_client_are_replaced() -> None:
    sent = _sent(
        b"X-Forwarded-For: 6.6.6.6",
        b"X-Forwarded-Host: evil",
        b"X-Forwarded-Proto: https",
        b"Forwarded: for=6.6.6.6",
        b"X-User-Id: admin",
        b"Vallum-Identity: forged",
        b"X-Request-Id: forged",
        b"Traceparent: forged",
    )
    assert sent[b"x-forwarded-for"] == b"203.0.113.9"
    assert sent[b"x-forwarded-host"] == b"api.example"
    assert sent[b"x-forwarded-proto"] == b"http"
    assert sent[b"x-request-id"] == b"0123456789abcdef"
    assert not {b"forwarded", b"x-user-id", b"vallum-identity"} & set(sent)


def test_b056_the_client_is_whom_trusted_proxies_vouch_for() -> None:
    route = make_route("GET", "/x")
    runtime = make_runtime([route], trusted_proxies=parse_networks(["203.0.113.0/24"]))
    flight = _flight(b"X-Forwarded-For: 1.1.1.1, 198.51.100.7", runtime=runtime, route=route)
    assert flight.request.client.address == "198.51.100.7"
    assert flight.request.client.peer == "203.0.113.9"
    assert dict(_read(flight).fields)[b"x-forwarded-for"] == b"198.51.100.7"


def test_b067_via_grows() -> None:
    sent = _sent(b"Via: 1.0 outer", b"Via: 1.1 inner")
    assert sent[b"via"] == b"1.0 outer, 1.1 inner, 1.1 vallum-test"


def test_b065_credentials_are_withheld_where_the_route_says_so() -> None:
    secret = b"Authorization: Bearer secret"
    assert _sent(secret)[b"authorization"] == b"Bearer secret"
    route = make_route("GET", "/x", withheld=frozenset({b"authorization"}))
    assert b"authorization" not in _sent(secret, route=route)


def test_b060_an_option_that_names_a_protected_field_is_refused() -> None:
    with pytest.raises(Denied):
        upstream_head(_flight(b"Connection: x-forwarded-for"))


def test_only_routes_with_identity_and_a_caller_state_one() -> None:
    def statement(principal: Principal, method: str, path: str, now: float) -> bytes:
        assert now > 1_600_000_000
        return f"{principal.subject} {method} {path}".encode()

    principal = Principal(kind="user", issuer="i", subject="alice")
    for identity, caller, expected in (
        (True, principal, b"alice GET /x"),
        (True, None, None),
        (False, principal, None),
    ):
        route = make_route("GET", "/x", identity=identity)
        runtime = make_runtime([route], statements={"test": statement})
        flight = _flight(b"Vallum-Identity: forged", runtime=runtime, route=route)
        flight.principal = caller
        assert dict(_read(flight).fields).get(b"vallum-identity") == expected


@pytest.mark.parametrize(
    ("framing", "held", "expected"),
    [
        ((), None, {}),
        ((b"Content-Length: 0",), None, {b"content-length": b"0"}),
        ((b"Content-Length: 3",), b"abc", {b"content-length": b"3"}),
        ((b"Transfer-Encoding: Chunked",), b"abc", {b"content-length": b"3"}),
        ((b"Transfer-Encoding: chunked",), b"", {b"content-length": b"0"}),
    ],
)
def test_b001_b011_the_length_is_what_is_sent(
    framing: tuple[bytes, ...], held: bytes | None, expected: dict[bytes, bytes]
) -> None:
    flight = _flight(*framing, method="POST")
    if held is not None:
        flight.body_was_read, flight.body = True, held
    reading = _read(flight)
    names = (b"content-length", b"transfer-encoding")
    assert {name: value for name, value in reading.fields if name in names} == expected
    assert reading.body == (held or b"")


@pytest.mark.parametrize(
    ("framing", "expected"),
    [
        (b"Content-Length: 3", b"content-length: 3\r\n\r\n"),
        (b"Transfer-Encoding: CHUNKED", b"transfer-encoding: chunked\r\n\r\n"),
    ],
)
def test_a_relayed_body_is_framed_as_it_will_be_sent(framing: bytes, expected: bytes) -> None:
    head = b"".join(upstream_head(_flight(framing, method="POST")))
    assert head.endswith(b"\r\n" + expected)


def test_what_is_remembered_of_a_field_block_fits_each_exchange() -> None:
    first, second = (
        make_route("GET", "/x"),
        make_route("GET", "/y", withheld=frozenset({b"authorization"})),
    )
    runtime = make_runtime([first, second])
    flight = _flight(b"Authorization: a", runtime=runtime, route=first)
    assert b"authorization" in dict(_read(flight).fields)
    flight.route = second
    assert b"authorization" not in dict(_read(flight).fields)
    flight.route = first
    assert b"authorization" in dict(_read(flight).fields)
    # An absolute-form target names another host than the remembered Host field.
    flight.request = flight.request._replace(host="other.example")
    assert dict(_read(flight).fields)[b"x-forwarded-host"] == b"other.example"
    flight.request = flight.request._replace(host=HOST)
    assert dict(_read(flight).fields)[b"x-forwarded-host"] == HOST.encode()


def test_a_reload_derives_anew() -> None:
    route = make_route("GET", "/x")
    flight = _flight(b"X-Forwarded-For: 198.51.100.7", route=route)
    fields = flight.request.fields
    trusting = make_runtime([route], trusted_proxies=parse_networks(["203.0.113.0/24"]))
    peer = flight.downstream.client
    known = derived(fields, peer, trusting)  # type: ignore[arg-type]
    assert known.client.address == "198.51.100.7"
    assert derived(fields, peer, trusting) is known  # type: ignore[arg-type]
    assert derived(fields, peer, flight.runtime).client.address == "203.0.113.9"  # type: ignore[arg-type]
