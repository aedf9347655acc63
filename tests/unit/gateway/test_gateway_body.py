"""Request bodies under the operation's limit, held or relayed."""

from __future__ import annotations

from typing import Any

import h11
import pytest
from tests.support.proxy import make_flight, make_runtime
from tests.support.routes import make_route

from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.gateway.body import BodyReader
from vallum.wire.http1 import RequestFields, parse_request_fields


def _fields(framing: bytes) -> RequestFields:
    return parse_request_fields(b"Host: a\r\n" + framing, 1)


def _check(exchange: Exchange) -> None:
    """Has nothing against any body."""


def _reader(framing: bytes, *, method: str = "POST", hold: bool = True, **more: Any) -> BodyReader:
    more.setdefault("body_limit", 10)
    route = make_route(method, "/x", body_checks=(_check,) if hold else (), **more)
    return BodyReader(make_flight(make_runtime([route]), route, method), _fields(framing))


_CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("framing", "raw"),
    [
        (b"Content-Length: 5", b"hello"),
        (_CHUNKED, b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-T: 1\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 3, 100])
def test_a_body_is_taken_apart_however_it_comes(framing: bytes, raw: bytes, step: int) -> None:
    reader = _reader(framing)
    data = raw + b"GET /"
    seen = b""
    fed = 0
    while not reader.done:
        seen += reader.feed(data[fed : fed + step])
        fed += step
    assert seen == reader.whole() == b"hello"
    assert reader.rest + data[fed:] == b"GET /"


@pytest.mark.parametrize(
    ("framing", "hold", "expected"),
    [
        (b"Content-Length: 7", True, 7),
        (_CHUNKED, True, 10),
        (b"Content-Length: 7", False, 0),
        (_CHUNKED, False, 0),
    ],
)
def test_b277_memory_is_asked_for_what_is_held(framing: bytes, hold: bool, expected: int) -> None:
    assert _reader(framing, hold=hold).expected == expected


def test_a_relayed_body_is_not_kept() -> None:
    reader = _reader(b"Content-Length: 5", hold=False)
    assert reader.feed(b"hello") == b"hello"
    assert reader.whole() == b""


@pytest.mark.parametrize("framing", [b"Content-Length: 11", b"Content-Length: 999999999999999"])
def test_b102_a_declared_body_that_is_too_large_is_refused_unread(framing: bytes) -> None:
    with pytest.raises(Denied) as caught:
        _reader(framing)
    assert (caught.value.status, caught.value.reason) == (413, "body.too-large")


def test_b102_a_chunked_body_is_refused_as_soon_as_it_is_announced_too_large() -> None:
    reader = _reader(_CHUNKED)
    assert reader.feed(b"a\r\n0123456789\r\n") == b"0123456789"
    with pytest.raises(Denied) as caught:
        reader.feed(b"1\r\n")
    assert (caught.value.status, caught.value.close) == (413, True)


def test_b016_small_chunks_fill_the_limit_as_large_ones_do() -> None:
    reader = _reader(_CHUNKED)
    for _ in range(10):
        reader.feed(b"1\r\nx\r\n")
    with pytest.raises(Denied):
        reader.feed(b"1\r\nx\r\n")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_b027_get_head_and_delete_take_a_body_only_where_the_policy_says_so(method: str) -> None:
    with pytest.raises(Denied) as caught:
        _reader(b"Content-Length: 1", method=method)
    assert (caught.value.status, caught.value.reason) == (400, "body.not-expected")
    assert not caught.value.close
    assert _reader(b"Content-Length: 1", method=method, body_on_get=True).feed(b"x") == b"x"


def test_an_operation_without_a_body_takes_none() -> None:
    with pytest.raises(Denied) as caught:
        _reader(b"Content-Length: 1", body_limit=0)
    assert caught.value.violations[0].location == "body"


@pytest.mark.parametrize("step", [1, 2, 7, 100])
def test_what_goes_on_is_framed_anew(step: int) -> None:
    raw = b"2;ext=1\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: dropped\r\n\r\n"
    reader = _reader(_CHUNKED, hold=False)
    upstream = h11.Connection(h11.SERVER)
    upstream.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    framed = b""
    for start in range(0, len(raw), step):
        framed += reader.frame(reader.feed(raw[start : start + step]))
    upstream.receive_data(framed)
    body = b""
    while not isinstance(event := upstream.next_event(), h11.EndOfMessage):
        body += bytes(event.data) if isinstance(event, h11.Data) else b""
    assert body == b"hello"
    assert list(event.headers) == []
    assert upstream.trailing_data[0] == b""
    assert framed.count(b"0\r\n\r\n") == 1


def test_a_body_of_declared_length_goes_on_as_it_is() -> None:
    reader = _reader(b"Content-Length: 5", hold=False)
    assert reader.frame(reader.feed(b"hel")) == b"hel"
