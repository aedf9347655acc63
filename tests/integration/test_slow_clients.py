"""Clients that are slow, silent, deaf or gone."""

from __future__ import annotations

import time

from tests.support.arena import Arena, request
from tests.support.gateway import Record
from tests.support.raw import RawConnection
from tests.support.upstream import (
    answer,
)
from tests.support.waiting import eventually


def test_client_that_is_slow_with_its_head(quick: Arena) -> None:
    with quick.connect() as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost: api.ex")
        assert connection.read().status == 408
        assert connection.is_ended()


def test_client_that_is_slow_with_its_body(quick: Arena) -> None:
    mark = quick.upstream.mark()
    with quick.connect() as connection:
        connection.send(request("POST", "/things", "Content-Type: application/json"))
        reply = connection.read()
        assert reply.status == 400
    with quick.connect() as connection:
        connection.send(
            request("POST", "/things", "Content-Type: application/json", "Content-Length: 12"),
            b'{"na',
        )
        assert connection.read().status == 408
        assert connection.is_ended()
    quick.assert_nothing_forwarded(mark)


def test_client_that_says_nothing(quick: Arena) -> None:
    with quick.connect() as connection:
        assert connection.is_ended()
    with quick.connect() as connection:
        connection.send(request("GET", "/health"))
        assert connection.read().status == 200
        assert connection.is_ended(), "an idle connection ends"


def test_client_that_does_not_read(quick: Arena) -> None:
    """The answer is not piled up for a client that stays away; its connection ends."""
    quick.upstream.answers[b"/blobs/big"] = answer(
        body=b"x" * 30_000_000, fields=b"Content-Type: application/octet-stream\r\n"
    )
    before = quick.gateway.rss_bytes()
    with RawConnection(quick.gateway.port, receive_buffer=4096) as connection:
        connection.send(request("GET", "/blobs/big"))
        deadline = time.monotonic() + 15
        while not quick.gateway.new_records():
            assert time.monotonic() < deadline, "the exchange never ended"
            time.sleep(0.05)
        assert quick.gateway.rss_bytes() - before < 10 * 1024 * 1024
    quick.good()


def test_clients_that_disconnect(quick: Arena) -> None:
    """Each leaves a record, and its upstream connection is not used for another."""
    with quick.connect() as connection:
        connection.send(request("GET", "/things/first"))
        connection.read()
    # Clients of tests before this one may still be recorded.
    eventually(lambda: "/things/first" in _paths(quick.gateway.new_records()), "its record")
    for sent in (
        b"GET /hea",
        request("GET", "/health")[:-2],
        request("POST", "/things", "Content-Type: application/json", "Content-Length: 50") + b"{",
    ):
        with quick.connect() as connection:
            connection.send(sent)
    quick.upstream.answers[b"/things/fault"] = lambda received, link: bool(link.socket.recv(1))
    with quick.connect() as connection:
        mark = quick.upstream.mark()
        connection.send(request("GET", "/things/fault"))
        eventually(lambda: len(quick.upstream.requests_since(mark)) == 1, "the request")
        # Who only says that nothing more is sent may wait for the answer; a reset says more.
        connection.reset()
    records: list[Record] = []
    deadline = time.monotonic() + 10
    while len(records) < 4 and time.monotonic() < deadline:
        records += quick.gateway.new_records()
    assert [record["decision"] for record in records] == ["aborted"] * 4, records
    assert records[3]["path"] == "/things/fault"
    quick.good()


def _paths(records: list[Record]) -> list[str]:
    return [record.get("path", "") for record in records]
