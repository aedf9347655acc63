"""J: what streams tell, record by record, while they go on (AZ-6, IV-9, B-251)."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from tests.support.answering import (
    BY_KEY,
    KEYED,
    ROLES,
    Answering,
    answering,
    chunked,
    responses,
    typed,
)
from tests.support.arena import request
from tests.support.raw import RawConnection
from tests.support.upstream import Link, Received

SSE = "text/event-stream"
LINES = "application/x-ndjson"
SEQUENCE = "application/json-seq"
ACCOUNT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "email": {"type": "string", "x-vallum": {"read": ["admin"], "mask": "email"}},
        "notes": {"type": "string", "x-vallum": {"read": "admin"}},
    },
}
MANY = {"type": "array", "items": ACCOUNT}


def operation(name: str, schema: Any) -> dict[str, Any]:
    """An operation that answers streams."""
    content = responses(**{"text_event-stream": schema, "application_x-ndjson": schema})
    content["200"]["content"][SEQUENCE] = {} if schema is None else {"schema": schema}
    return {"get": {"operationId": name, **KEYED, "responses": content}}


PERSON = {"type": "object", "properties": {"name": {"type": "string"}}}
EVENT = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": PERSON},
}
OTHER_EVENT = {"type": "object", "properties": {"data": {"type": "integer"}}}
DESCRIBED: dict[str, Any] = {
    "people": PERSON,
    "lists": {"type": "array", "items": PERSON},
    "wrapped": EVENT,
    "shared": {"allOf": [PERSON, {"type": "object"}]},
    "strict": PERSON,
    "watched": PERSON,
    "worded": {"type": "string"},
    "choices": {"oneOf": [EVENT, OTHER_EVENT]},
}
"""Streams that everybody may read, and whose records the contract describes, or does not."""


PATHS: dict[str, Any] = {
    "/one": operation("one", ACCOUNT),
    "/many": operation("many", MANY),
    "/ruled": operation("ruled", None),
    "/open": {
        "get": {"operationId": "open", "responses": responses(**{"text_event-stream": None})}
    },
    **{
        f"/{name}": {
            "get": {"operationId": name, "responses": operation(name, schema)["get"]["responses"]}
        }
        for name, schema in DESCRIBED.items()
    },
    "/other": {
        "get": {"operationId": "other", **KEYED, "responses": responses(application_json=MANY)}
    },
}
POLICY = {
    "strict": "public: true, answers: block",
    "watched": "public: true, answers: monitor",
    "one": BY_KEY,
    "many": BY_KEY,
    "other": f"{BY_KEY}, answers: monitor",
    "ruled": f"{BY_KEY}, properties: {{/email: {{read: [admin], mask: email}}, "
    "/notes: {read: [admin]}}",
}
FULL = {"name": "Ann", "email": "ann@mail.example", "notes": "rude"}
SEEN = {"name": "Ann", "email": "a***@mail.example"}
CARD = "4111 1111 1111 1111"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    with answering(
        tmp_path_factory.mktemp("streams"), PATHS, operations=POLICY, more=ROLES
    ) as found:
        yield found


def stream(kind: str, *values: Any) -> bytes:
    """The bytes of a stream of these values."""
    around = {SSE: "id: 7\nevent: e\ndata: %s\n\n", LINES: "%s\n", SEQUENCE: "\x1e%s\n"}
    return "".join(around[kind] % json.dumps(value) for value in values).encode()


def values(kind: str, body: bytes) -> list[Any]:
    """The values of a stream."""
    lines = [line.strip(b"\x1e") for line in body.splitlines()]
    if kind == SSE:
        lines = [line.removeprefix(b"data: ") for line in lines if line[:5] == b"data:"]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("kind", [SSE, LINES, SEQUENCE])
@pytest.mark.parametrize("target", ["/one", "/many", "/ruled", "/other"])
def test_b251_bopla_read_in_streams(shop: Answering, target: str, kind: str) -> None:
    body = stream(kind, FULL, {"name": "Bob"}, FULL)
    each = [body[start : start + 1] for start in range(len(body))]
    for responder in (chunked(kind, body), chunked(kind, *each), typed(body, kind)):
        reply = shop.ask(target, responder, key="member")
        assert reply.status == 200
        assert values(kind, reply.body) == [SEEN, {"name": "Bob"}, SEEN]
        assert shop.ask(target, responder, key="admin").body == body


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"notes":\ndata: "rude"}\n\n',
        b'data:{"notes":"rude"}\r\n\r\n',
        b'data: {"notes":"rude"}\r\r',
        b'\xef\xbb\xbfdata: {"notes":"rude"}\n\n',
        b': note\ndata: {"notes":"rude"}\nid: 1\n\n',
        b'data: {"notes":"rude"}',
        b'data: {"notes":"rude","notes":null}\n\n',
        b'data: {"\\u006eotes":"rude"}\n\n',
    ],
)
def test_b251_bopla_read_in_events_of_every_form(shop: Answering, event: bytes) -> None:
    for responder in (chunked(SSE, event[:9], event[9:]), typed(event, SSE)):
        reply = shop.ask("/one", responder, key="member")
        assert reply.status == 200
        assert b"rude" not in reply.body
        assert b"data: " in reply.body


def read_stream(shop: Answering, target: str, first: bytes, *then: bytes, key: str = "") -> bytes:
    """What goes out of a stream, of which the rest is sent once the client has the first event."""
    has_first = threading.Event()

    def one_by_one(received: Received, link: Link) -> bool:
        link.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        link.send(b"%x\r\n%b\r\n" % (len(first), first))
        assert has_first.wait(10)
        link.send(*(b"%x\r\n%b\r\n" % (len(event), event) for event in then))
        link.send(b"0\r\n\r\n")
        return False

    shop.upstream.answers[target.encode()] = one_by_one
    fields = [f"X-API-Key: {shop.keys[key]}"] if key else []
    with RawConnection(shop.gateway.port) as connection:
        connection.send(request("GET", target, *fields, "Connection: close"))
        got = b""
        while not got.endswith(b"\n\n\r\n"):
            got += connection.socket.recv(65536)
        has_first.set()
        return got + connection.read_to_end()


def test_b251_what_is_no_record_ends_the_stream(shop: Answering) -> None:
    good, bad = stream(SSE, {"name": "Bob"}), b"data: notes=rude\n\n"
    for target, reason in (("/ruled", "properties.json"), ("/one", "answers.json-syntax")):
        got = read_stream(shop, target, good, bad, good, key="member")
        assert (good in got, b"rude" in got, got.endswith(b"0\r\n\r\n")) == (True, False, False)
        record = shop.record()
        assert (record["decision"], record["reason"]) == ("deny", reason)
        assert shop.ask(target, typed(good + bad, SSE), key="member").status == 502
    assert shop.ask("/ruled", typed(good + bad, SSE), key="admin").body == good + bad


EXPOSED = {"name": "Ann", "cost": 3}


@pytest.mark.parametrize(
    ("target", "kind"),
    [*product(("/people", "/lists", "/shared"), (SSE, LINES, SEQUENCE)), ("/wrapped", SSE)],
)
def test_b251_what_a_record_does_not_declare_is_taken_out(
    shop: Answering, target: str, kind: str
) -> None:
    first = stream(kind, EXPOSED)
    body = first + stream(kind, {"name": "Bob"}) + (b"data: [DONE]\n\n" if kind == SSE else b"")
    left = body.replace(first, first.replace(json.dumps(EXPOSED).encode(), b'{"name":"Ann"}'))
    for responder in (chunked(kind, body), typed(body, kind)):
        reply = shop.ask(target, responder)
        assert (reply.status, reply.body) == (200, left)
        record = shop.record()
        assert record["notes"] == ["answers.undeclared-property"]
        assert [each["at"] for each in record["findings"]] == ["/cost"]


def test_b251_a_record_of_several_is_judged_item_by_item(shop: Answering) -> None:
    reply = shop.ask("/lists", chunked(LINES, stream(LINES, [EXPOSED, {"name": "Bob"}])))
    assert values(LINES, reply.body) == [[{"name": "Ann"}, {"name": "Bob"}]]


@pytest.mark.parametrize(
    ("target", "status", "notes"),
    [
        ("/strict", 502, ["answers.undeclared-property"]),
        ("/watched", 200, ["answers.undeclared-property"]),
        ("/worded", 200, []),
        ("/choices", 200, []),
    ],
)
def test_b251_the_policy_says_what_becomes_of_records(
    shop: Answering, target: str, status: int, notes: list[str]
) -> None:
    """And of streams whose records the contract does not describe, nothing is known."""
    body = stream(SSE, EXPOSED)
    reply = shop.ask(target, chunked(SSE, body))
    assert (reply.status, reply.body == body) == (status, status == 200)
    assert shop.record()["notes"] == notes


def test_words_that_are_no_records_pass(shop: Answering) -> None:
    body = b": ping\n\ndata: PING\n\n" + stream(SSE, {"name": "Bob"}) + b"data: [DONE]\n\n"
    assert shop.ask("/one", chunked(SSE, body), key="member").body == body


def test_b251_records_without_an_end_are_bounded(shop: Answering) -> None:
    long = b'data: {"name":"' + b"x" * 3_000_000
    for target, key in (("/one", "member"), ("/people", "")):
        got = read_stream(shop, target, b"data: 1\n\n", long, key=key)
        assert b"xxx" not in got
        assert shop.record()["reason"] == "answers.too-large"
    got = read_stream(shop, "/open", b"data: 1\n\n", long)
    assert got.count(b"x") >= 3_000_000
    assert "answers.read-in-part" in shop.record()["notes"]


def test_b251_streams_in_a_coding_are_undone_or_withheld(shop: Answering) -> None:
    body = stream(LINES, FULL)
    coded = typed(gzip.compress(body), LINES, more="Content-Encoding: gzip\r\n")
    assert values(LINES, shop.ask("/one", coded, key="member").body) == [SEEN]
    odd = typed(body, LINES, more="Content-Encoding: deflate\r\n")
    assert shop.ask("/one", odd, key="member").status == 502


@pytest.mark.parametrize("data", ["paid with %s", '{"a":"paid with %s"}'])
def test_leaks_in_events_are_masked_as_they_come(shop: Answering, data: str) -> None:
    """Each event arrives before the next is sent."""
    event = f"data: {data}\n\n".encode()
    leaking, masked = (
        event.replace(b"%s", what) for what in (CARD.encode(), b"**** **** **** 1111")
    )
    got = read_stream(shop, "/open", leaking, leaking)
    assert got.count(masked) == 2
    assert CARD.encode() not in got
    assert shop.record()["notes"] == ["leak.card"]


def test_leaks_in_events_that_are_blocked_end_the_stream(shop: Answering) -> None:
    key = json.dumps({"k": "-----BEGIN PRIVATE " + "KEY-----\nMIIE"})
    got = read_stream(shop, "/open", b"data: 1\n\n", f"data: {key}\n\n".encode())
    assert (b"BEGIN" in got, got.endswith(b"0\r\n\r\n")) == (False, False)
    assert shop.record()["reason"] == "leak.private_key"


def test_digests_of_a_stream_that_may_change_do_not_go_out(shop: Answering) -> None:
    digest = "Repr-Digest: sha-256=:AAAA:\r\n"
    reply = shop.ask("/one", chunked(SSE, stream(SSE, FULL), more=digest), key="member")
    assert (reply.status, reply.all("repr-digest")) == (200, [])
