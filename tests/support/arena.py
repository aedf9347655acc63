"""A gateway before a recording upstream, and what every hostile case must show there."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

from tests.support.contract import API_HOST
from tests.support.gateway import Gateway, Record
from tests.support.raw import Closed, RawConnection, Reply
from tests.support.upstream import Mark, Received, RecordingUpstream

PROBLEM_TYPE = "urn:vallum:problem:"

_numbers = itertools.count(1)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def request(
    method: str,
    target: str | bytes,
    *lines: str | bytes,
    body: bytes = b"",
    host: str | bytes | None = API_HOST,
    length: bool = True,
) -> bytes:
    """A request with these field lines, and Content-Length for a body unless `length` is off."""
    head = [method.encode(), b" ", _bytes(target), b" HTTP/1.1\r\n"]
    if host is not None:
        head += [b"Host: ", _bytes(host), b"\r\n"]
    if body and length:
        head.append(b"Content-Length: %d\r\n" % len(body))
    for line in lines:
        head += [_bytes(line), b"\r\n"]
    return b"".join([*head, b"\r\n", body])


def post_json(
    body: bytes, *lines: str | bytes, target: str = "/things", length: bool = True
) -> bytes:
    """A POST of a JSON body that the test contract knows."""
    return request(
        "POST", target, "Content-Type: application/json", *lines, body=body, length=length
    )


def post_chunked(body: bytes, *lines: str | bytes, target: str = "/things") -> bytes:
    """A POST of JSON whose chunked body is given as it goes over the wire."""
    return post_json(body, "Transfer-Encoding: chunked", *lines, target=target, length=False)


SMUGGLED = request("GET", "/public/page?smuggled")
"""A request that would be answered with 400 for its parameter, were it ever read as one."""


@dataclass(slots=True)
class Arena:
    """The gateway and the upstream behind it."""

    gateway: Gateway
    upstream: RecordingUpstream
    key: str = ""
    """An API key that opens the secured operations."""

    def connect(self) -> RawConnection:
        """A new connection to the gateway."""
        return RawConnection(self.gateway.port)

    def good(self) -> None:
        """A good request on a connection of its own is answered by the same process."""
        with self.connect() as connection:
            connection.send(request("GET", f"/things/good-{next(_numbers)}"))
            reply = connection.read()
        assert reply.status == 200, reply
        self.gateway.assert_healthy()

    def send(self, raw: bytes, method: str = "GET") -> Reply:
        """One request on a connection of its own; the final answer."""
        with self.connect() as connection:
            connection.send(raw)
            return connection.read_final(method)

    def forward(self, *lines: str | bytes, target: str = "/things/c") -> Received:
        """What the upstream receives of a GET with these lines, which must pass."""
        mark = self.upstream.mark()
        reply = self.send(request("GET", target, *lines))
        assert reply.status == 200, reply
        (received,) = self.upstream.requests_since(mark)
        return received

    def refuse(
        self,
        raw: bytes,
        status: int | Collection[int] = 400,
        *,
        closed: bool = True,
        following: bytes | None = None,
        problem: str | None = None,
        method: str = "GET",
    ) -> Reply:
        """Send a hostile message and assert the whole shorthand of the hostile cases.

        Args:
            raw: the message, as it goes over the wire.
            status: what it must be answered with.
            closed: whether the connection must end (X400).
            following: bytes after it on the connection, a good request unless said otherwise;
                only with `closed`.
            problem: the slug of the problem type, where the case tells one.
            method: HEAD has an answer without a body.
        """
        mark = self.upstream.mark()
        self.gateway.new_records()
        after = SMUGGLED if following is None else following
        with self.connect() as connection:
            connection.send(raw, after if closed else b"")
            reply = self._refusal(connection, method, closed=closed)
        statuses = {status} if isinstance(status, int) else set(status)
        assert reply.status in statuses, (reply.status, reply.body, raw[:300])
        self._assert_problem(reply, problem, method)
        if closed:
            assert reply.get("connection").lower() == "close", reply.fields
        self.assert_nothing_forwarded(mark)
        self.assert_denial_recorded(reply.status)
        return reply

    def malformed(self, raw: bytes, following: bytes | None = None) -> None:
        """As `refuse`: it breaks HTTP itself, and is refused for nothing else."""
        self.refuse(raw, 400, problem="malformed-request", following=following)

    def _refusal(self, connection: RawConnection, method: str, *, closed: bool) -> Reply:
        if not closed:
            return connection.read_final(method)
        try:
            replies = connection.read_all(method)
        except Closed as error:
            raise AssertionError(f"cut off: {error}") from error
        assert len(replies) == 1, f"{len(replies)} answers: {replies}"
        return replies[0]

    def _assert_problem(self, reply: Reply, problem: str | None, method: str) -> None:
        if method == "HEAD":
            return
        assert reply.get("content-type").startswith("application/problem+json"), reply.fields
        content = reply.json()
        assert content["status"] == reply.status
        assert content["type"].startswith(PROBLEM_TYPE)
        assert content["title"]
        if problem is not None:
            assert content["type"] == PROBLEM_TYPE + problem, content

    def assert_nothing_forwarded(self, mark: Mark) -> None:
        """After `mark` the upstream receives one good request, whole, and not one byte besides."""
        raw_before = self.upstream.raw_size_since(mark)
        assert raw_before == 0, f"{raw_before} bytes reached the upstream"
        self.good()
        targets = [received.target for received in self.upstream.requests_since(mark)]
        assert len(targets) == 1, targets
        assert targets[0].startswith(b"/things/good-"), targets

    def assert_denial_recorded(self, status: int) -> list[Record]:
        """A record says that something was denied, with this status and a reason; the records."""
        records = self.gateway.new_records()
        denials = [record for record in records if record.get("decision") == "deny"]
        assert [record for record in denials if record["status"] == status], records
        assert all(record["reason"] for record in denials), denials
        return denials
