"""Hostile cases C: header trust and forwarding (B-052 … B-070)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.support.arena import Arena, post_json, request
from tests.support.contract import API_HOST, document, operation
from tests.support.gateway import PolicyText, free_port, start
from tests.support.raw import RawConnection
from tests.support.upstream import RecordingUpstream

ADDRESS_FIELDS = [
    "X-Forwarded-For",
    "Forwarded",
    "X-Real-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Forward-For",
    "Client-IP",
    "Proxy-Client-IP",
    "WL-Proxy-Client-IP",
    "X-Azure-ClientIP",
    "X-AppEngine-User-IP",
    "DO-Connecting-IP",
]


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A gateway that trusts the loopback network as its own proxy."""
    folder = tmp_path_factory.mktemp("trusting")
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=upstream.url, listen_more=", trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]"
        )
        with start(folder, policy) as gateway:
            yield Arena(gateway, upstream)


@pytest.mark.parametrize("name", ADDRESS_FIELDS)
@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.77", "10.0.0.1, 203.0.113.77"])
def test_b052_xff_spoof(arena: Arena, name: str, address: str) -> None:
    """Without trusted hops the socket's peer is the client, whatever anybody says."""
    arena.gateway.new_records()
    value = f"for={address}" if name == "Forwarded" else address
    received = arena.forward(f"{name}: {value}")
    assert not received.contains(b"203.0.113.77")
    if name != "X-Forwarded-For":
        assert name.lower() not in received.names()
    assert received.get("x-forwarded-for") == b"127.0.0.1"
    (record,) = arena.gateway.new_records()
    assert record["client"] == "127.0.0.1"
    assert "203.0.113.77" not in orjson.dumps(record).decode()


def test_b052_xff_spoof_many_lines(arena: Arena) -> None:
    received = arena.forward(
        "X-Forwarded-For: 198.51.100.1", "x-forwarded-for: 198.51.100.2", "X-Real-IP: ::1"
    )
    assert received.get("x-forwarded-for") == b"127.0.0.1"
    assert not received.contains(b"198.51.100")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.66, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.66, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3, 127.0.0.1", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_b052_trusted_hops_are_walked_from_the_right(
    trusting: Arena, chain: str, client: str
) -> None:
    trusting.gateway.new_records()
    received = trusting.forward(f"X-Forwarded-For: {chain}")
    (record,) = trusting.gateway.new_records()
    assert record["client"] == client
    assert received.all("x-forwarded-for") != []
    assert not received.contains(b"203.0.113.66")


MALFORMED_CHAINS = [
    ", ".join(["203.0.113.7"] * 5000),
    "::ffff:127.0.0.1",
    "[::1]:80",
    "unknown",
    "1.2.3.4, evil\tstuff",
    "fe80::1%eth0",
    "1.2.3.4:80",
    "0x7f.1",
    "127.1",
    "2130706433",
    "127.0.0.01",
    "１２７.0.0.1".encode().decode("latin-1"),
    ",",
    "",
    "203.0.113.7, ",
    '"127.0.0.1"',
    "a" * 5000,
]


@pytest.mark.parametrize("chain", MALFORMED_CHAINS, ids=range(len(MALFORMED_CHAINS)))
def test_b053_xff_malformed(arena: Arena, chain: str) -> None:
    arena.gateway.new_records()
    with arena.connect() as connection:
        connection.send(request("GET", "/things/b053", f"X-Forwarded-For: {chain}"))
        reply = connection.read()
    assert reply.status in ({200, 431} if len(chain) > 16_000 else {200})
    (record,) = arena.gateway.new_records()
    assert record["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("unknown", "127.0.0.1"),
        ("[::1]:80", "127.0.0.1"),
        ("1.2.3.4, evil\tstuff", "127.0.0.1"),
        ("1.2.3.4, evil, 10.0.0.1", "10.0.0.1"),
        ("203.0.113.9, 127.0.0.01", "127.0.0.1"),
        ("203.0.113.9,", "127.0.0.1"),
        ("fe80::1%<any> text", "127.0.0.1"),
        ("::ffff:10.0.0.1%1", "127.0.0.1"),
        (", ".join(["203.0.113.9"] + ["10.0.0.1"] * 40), "10.0.0.1"),
    ],
)
def test_b053_xff_malformed_ends_the_walk(trusting: Arena, chain: str, client: str) -> None:
    """The walk stops at the last good hop; an entry that cannot be read is never trusted."""
    trusting.gateway.new_records()
    trusting.forward(f"X-Forwarded-For: {chain}")
    (record,) = trusting.gateway.new_records()
    assert record["client"] == client


def test_b053_xff_mapped_address_gains_no_trust(trusting: Arena) -> None:
    """An IPv4-mapped form of a trusted address is the same hop, not a new one."""
    trusting.gateway.new_records()
    trusting.forward("X-Forwarded-For: 203.0.113.9, ::ffff:127.0.0.1")
    (record,) = trusting.gateway.new_records()
    assert record["client"] in {"203.0.113.9", "127.0.0.1", "::ffff:127.0.0.1"}


@pytest.mark.parametrize("value", ["https", "HTTPS", "https, http", "wss"])
def test_b054_xfproto(arena: Arena, value: str) -> None:
    received = arena.forward(
        f"X-Forwarded-Proto: {value}", "X-Forwarded-Ssl: on", "Front-End-Https: on"
    )
    assert received.get("x-forwarded-proto") == b"http"
    assert "x-forwarded-ssl" not in received.names()
    assert "front-end-https" not in received.names()


@pytest.mark.parametrize(
    "name",
    ["X.Forwarded.For", "x-user.id", "X!User!Id", "x+roles", "Vallum~Identity", "x'request'id"],
)
def test_b058_names_that_become_others_in_variables_of_cgi(arena: Arena, name: str) -> None:
    received = arena.forward(f"{name}: canary-58", "X-Own: stays")
    assert not received.contains(b"canary-58")
    assert received.get("x-own") == b"stays"


@pytest.mark.parametrize(
    "line",
    [
        "X-Forwarded-Host: evil.example",
        "X-Host: evil.example",
        "X-Forwarded-Server: evil.example",
        "X-Original-Host: evil.example",
        "Forwarded: for=1.2.3.4;host=evil.example;proto=https",
    ],
)
def test_b055_xfhost(arena: Arena, line: str) -> None:
    received = arena.forward(line)
    assert not received.contains(b"evil.example")
    assert received.all("x-forwarded-host") in ([], [API_HOST.encode()])
    for target in ("/things/", "/nowhere", "/admin"):
        reply = arena.send(request("GET", target, line))
        assert b"evil" not in reply.body
        assert not [value for _, value in reply.fields if "evil" in value]


@pytest.mark.parametrize(
    "name",
    [
        "X-Original-URL",
        "X-Original-Uri",
        "X-Rewrite-URL",
        "X-Forwarded-Uri",
        "X-Forwarded-Prefix",
        "X-Forwarded-Path",
        "X-Forwarded-Method",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Host-Override",
        "X-HTTP-Host-Override",
        "X-Middleware-Subrequest",
        "Proxy",
    ],
)
def test_b056_xorig_url(arena: Arena, name: str) -> None:
    received = arena.forward(f"{name}: /canary-56", f"{name.lower()}: DELETE-canary-56")
    assert name.lower() not in received.names()
    assert not received.contains(b"canary-56")
    mark = arena.upstream.mark()
    reply = arena.send(request("GET", "/admin", f"{name}: /health"))
    assert reply.status == 401, "the policy reads the request line only"
    reply = arena.send(request("GET", "/health", f"{name}: /admin"))
    assert reply.status == 200
    assert [each.target for each in arena.upstream.requests_since(mark)] == [b"/health"]


@pytest.mark.parametrize(
    "option",
    [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-User-Id",
        "Authorization",
        "Host",
        "Content-Length",
        "Content-Type",
        "Cookie",
        "X-API-Key",
        "x-forwarded-FOR",
        "X-Request-Id",
        "traceparent",
        "Via",
        "X-Vallum-Identity",
        "Expect",
        "Cache-Control",
    ],
)
@pytest.mark.parametrize("shape", ["close, {}", "{}", "{} ,keep-alive", "\t{}", ",,{}"])
def test_b060_hopbyhop_strip(arena: Arena, option: str, shape: str) -> None:
    line = "Connection: " + shape.format(option)
    arena.malformed(request("GET", "/things/b060", line))


def test_b060_hopbyhop_strip_second_line(arena: Arena) -> None:
    lines = ["Connection: keep-alive", "Connection: Authorization"]
    arena.malformed(request("GET", "/things/b060", *lines))


def test_b060_a_declared_field_is_not_removed_after_it_was_judged(arena: Arena) -> None:
    for lines in (["Connection: X-Shop", "X-Shop: 1"], ["Connection: close, x-SHOP"]):
        arena.malformed(request("GET", "/things", *lines))
    assert arena.forward("X-Shop: 1", target="/things").get("x-shop") == b"1"


def test_b060_own_options_of_the_connection_are_removed(arena: Arena) -> None:
    """RFC 9110 §7.6.1: a field that Connection names goes no further."""
    received = arena.forward("Connection: X-Hop, keep-alive", "X-Hop: b060-canary")
    assert not received.contains(b"b060-canary")
    assert "connection" not in received.names() or received.get("connection") == b"keep-alive"


@pytest.mark.parametrize(
    "host",
    [
        "a, b",
        "api.example, api.example",
        "api.example/b",
        "a@api.example",
        "api.example@b",
        "api.example?x=",
        "api.example#",
        "api.example:99999",
        "api.example:80:80",
        "api.example:+80",
        "api.example:8a",
        "[::1",
        "::1",
        "[::1]x",
        "[fe80::1%25eth0]",
        "api example",
        "api.example\t80",
        "api.example\\b",
        "api%2eexample",
        "",
        "0.0.0.0=5000",
        "http://api.example",
        "<script>",
        "api.example;x",
        "'api.example'",
        "api.example,",
        "апи.example".encode().decode("latin-1"),
    ],
)
def test_b061_host_dup_or_invalid(arena: Arena, host: str) -> None:
    arena.malformed(request("GET", "/things", host=host))


@pytest.mark.parametrize("second", ["api.example", "evil.example", "API.EXAMPLE", ""])
def test_b061_host_dup_two_lines(arena: Arena, second: str) -> None:
    arena.malformed(request("GET", "/things", f"Host: {second}"))
    arena.malformed(request("GET", "/things", "X: y", f"hOST: {second}"))


def test_b061_host_missing(arena: Arena) -> None:
    arena.malformed(request("GET", "/things", host=None))
    http10 = request("GET", "/things", host=None).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    arena.refuse(http10, {400, 421})


@pytest.mark.parametrize(
    "host", ["localhost/health?", "api.example/health?", "api.example/health#", "api.example?/x"]
)
def test_b062_badhost(arena: Arena, host: str) -> None:
    arena.malformed(request("GET", "/admin", host=host))


@pytest.mark.parametrize(
    "target",
    [
        "http://internal/x",
        "http://internal/things",
        "http://127.0.0.1:1/things",
        "http://169.254.169.254/latest/meta-data",
        "http://evil.example:80/things",
        "HTTP://internal/things",
    ],
)
def test_b063_abs_form(arena: Arena, target: str) -> None:
    """A foreign authority in the target is misdirected; nobody connects to it."""
    with RecordingUpstream() as internal:
        named = target.replace("127.0.0.1:1", f"127.0.0.1:{internal.port}")
        arena.refuse(request("GET", named), 421, closed=False, problem="misdirected-request")
        assert internal.connection_count == 0


@pytest.mark.parametrize(
    "target",
    [
        "http:///things",
        "http://user@api.example/things",
        "http://user:password@api.example/things",
        "http://api.example\\@evil/things",
        "http:/things",
        "http:things",
        "ftp://api.example/things",
        "file:///etc/passwd",
        "//api.example/things",
        "http://api.example:99999/things",
        "http://api.example:/../things",
        "http://[::1/things",
        "things",
        "*",
        "api.example:80",
        "?x=y",
    ],
)
def test_b063_abs_form_malformed(arena: Arena, target: str) -> None:
    arena.refuse(request("GET", target), {400, 421}, closed=False)


def test_b063_abs_form_https_on_a_plain_listener(arena: Arena) -> None:
    # RFC 9110 §7.4: a request for an https resource MUST be rejected unless it came over a
    # connection secured for it.
    arena.refuse(request("GET", "https://api.example/things"), {400, 421}, closed=False)


def test_b063_abs_form_of_a_served_host_wins_over_host(arena: Arena) -> None:
    mark = arena.upstream.mark()
    reply = arena.send(request("GET", "http://api.example/things/b063"))
    assert reply.status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.target == b"/things/b063"
    differs = arena.send(request("GET", "http://api.example/things/b063", host="evil.example"))
    assert differs.status in {200, 400, 421}
    assert not arena.upstream.contains(b"evil.example")


def test_b067_via_loop_of_its_own_pseudonym(arena: Arena) -> None:
    received = arena.forward()
    via = received.get("via").decode()
    assert re.fullmatch(r"1\.1 [!-~]+", via)
    refused = arena.refuse(request("GET", "/things", f"Via: {via}"), {502, 508}, closed=False)
    assert refused.status in {502, 508}
    arena.refuse(
        request("GET", "/things", f"Via: 1.0 other, {via} (comment)"), {502, 508}, closed=False
    )


def test_b067_via_of_others_is_kept(arena: Arena) -> None:
    received = arena.forward("Via: 1.1 other.example")
    chain = b", ".join(received.all("via"))
    assert chain.startswith(b"1.1 other.example, 1.1 ")


def test_b067_via_loop_through_its_own_address(tmp_path: Path) -> None:
    port = free_port()
    policy = PolicyText(
        upstream=f"http://127.0.0.1:{port}",
        hosts=f"[{API_HOST}, '127.0.0.1:{port}']",
        port=port,
        contract=document({"/loop": {"get": operation("loop")}}),
        operations={},
    )
    with start(tmp_path, policy) as gateway, RawConnection(gateway.port) as connection:
        connection.send(request("GET", "/loop"))
        assert connection.read().status in {502, 508}


@pytest.mark.parametrize("method", ["TRACE", "TRACK"])
def test_b067_trace(arena: Arena, method: str) -> None:
    raw = request(method, "/things", "Max-Forwards: 0", "Cookie: canary67=1")
    reply = arena.refuse(raw, 405, closed=False, problem="method-not-allowed")
    assert b"canary67" not in reply.body


@pytest.mark.parametrize("target", ["api.example:443", "127.0.0.1:22", "/things", "[::1]:443"])
def test_b067_connect(arena: Arena, target: str) -> None:
    arena.refuse(request("CONNECT", target), {405} if target != "/things" else {400, 405})


TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
TRACE_ID = b"4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "value",
    [
        "x" * 300,
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "",
        "'; drop table traces; --",
    ],
)
def test_b069_trace_hdr(arena: Arena, value: str) -> None:
    received = arena.forward(f"traceparent: {value}", "tracestate: vendor=b069-canary")
    assert TRACEPARENT.fullmatch(received.get("traceparent"))
    assert TRACE_ID not in received.get("traceparent").lower()
    assert not received.contains(b"b069-canary"), "a state without its parent is dropped"


def test_b069_trace_hdr_of_the_grammar_is_continued(arena: Arena) -> None:
    value = b"00-" + TRACE_ID + b"-00f067aa0ba902b7-01"
    received = arena.forward(b"traceparent: " + value)
    continued = received.get("traceparent")
    assert TRACEPARENT.fullmatch(continued)
    assert continued.split(b"-")[1] == TRACE_ID


def test_b069_trace_hdr_64_kib(arena: Arena) -> None:
    arena.refuse(request("GET", "/things", "traceparent: " + "a" * 65_536), {400, 431})
    arena.refuse(request("GET", "/things", "X-Request-Id: " + "a" * 65_536), {400, 431})


@pytest.mark.parametrize("value", ["b069-client-id", "a" * 129, "b069 x", "b069<script>", ""])
def test_b069_request_id_is_ours(arena: Arena, value: str) -> None:
    """The client's value is never the request's id, and kept only where it is harmless."""
    arena.gateway.new_records()
    received = arena.forward(f"X-Request-Id: {value}")
    assert received.get("x-request-id")
    assert received.get("x-request-id").decode() != value
    (record,) = arena.gateway.new_records()
    if value == "b069-client-id":
        assert record.get("client_request_id") == value
    else:
        assert not record.get("client_request_id")


def test_b069_answers_carry_the_request_id_of_the_record(arena: Arena) -> None:
    arena.gateway.new_records()
    mark = arena.upstream.mark()
    reply = arena.send(request("GET", "/things/b069"))
    (record,) = arena.gateway.new_records()
    (received,) = arena.upstream.requests_since(mark)
    assert reply.get("x-request-id") == received.get("x-request-id").decode()
    assert reply.get("x-request-id") in orjson.dumps(record).decode()


def test_b070_sec_fetch_spoof(arena: Arena) -> None:
    """Fetch metadata never grants anything."""
    lines = [
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Mode: same-origin",
        "Sec-Fetch-User: ?1",
        "Origin: http://api.example",
    ]
    arena.refuse(request("GET", "/admin", *lines), {401, 403}, closed=False)


def test_gw5_each_generated_field_is_there_once(arena: Arena) -> None:
    """Whatever the client sent, the upstream sees exactly one of each generated field."""
    lines = [
        f"{name}: forged"
        for name in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-Id")
    ]
    mark = arena.upstream.mark()
    assert arena.send(post_json(b'{"name":"a"}', *lines, *lines)).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert not received.contains(b"forged")
    for name in ("host", "x-forwarded-for", "x-forwarded-proto", "x-request-id", "traceparent"):
        assert received.get(name), name
    assert len(set(received.names())) == len(received.names()), received.names()
