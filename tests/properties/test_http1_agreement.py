"""Whatever Vallum accepts as a request head, llhttp and h11 accept with the same reading (GW-4).

A head counts as accepted when the request line, the fields and the target are. Deliberate
exceptions, all on the side of the witnesses:

- llhttp knows a fixed list of methods, we take every token (an undeclared one is 405 later). Where
  the method is not in the list, llhttp reads the same head with POST in its place.
- `PRI`, and RTSP's and ICE's methods, mean other protocols to llhttp: the same substitution.
- llhttp takes Connection and Upgrade for the end of HTTP and reads no body. Nothing is ever
  upgraded here and no Upgrade reaches an upstream (B-045), so we read the body as RFC 9110 §7.8
  lets us.
- llhttp refuses a TAB after `chunked`, which RFC 9110 §5.6.3 calls optional whitespace (B-004): it
  gets the head without it.
- `CONNECT` and `OPTIONS *` never get past the router; they are not in the accepted language.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.readers import Reading, lowered, read_with_h11, read_with_llhttp

from vallum.core.problems import Denied
from vallum.wire.http1 import (
    RequestFields,
    check_host,
    parse_request_fields,
    split_request_line,
)
from vallum.wire.target import canonical_target, split_target

_PLAIN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_LONGEST_BODY = 300
_TAB_AFTER_CODING = re.compile(rb"(?i)(\r\ntransfer-encoding:[^\r]*?)[\t ]+(\r\n)")
_SETTINGS = settings(max_examples=300, deadline=None)


class _Accepted(NamedTuple):
    method: str
    target: bytes
    minor: int
    fields: RequestFields


def _accepted(head: bytes) -> _Accepted | None:
    """Our reading of a head without its empty line; None where it is refused."""
    line, _, block = head.partition(b"\r\n")
    try:
        method, target, minor = split_request_line(line)
        fields = parse_request_fields(block, minor)
        raw = split_target(target)
        if raw.authority is not None:
            check_host(raw.authority)
        canonical_target(raw)
    except Denied:
        return None
    return None if method == "CONNECT" else _Accepted(method, target, minor, fields)


def _body_of(fields: RequestFields) -> tuple[bytes, bytes]:
    """A body that fits the framing, on the wire and decoded."""
    if fields.chunked:
        return b"3\r\nabc\r\n0\r\n\r\n", b"abc"
    body = b"x" * max(fields.content_length, 0)
    return body, body


def _assert_agreement(head: bytes) -> None:
    ours = _accepted(head)
    if ours is None or b"\r\n\r\n" in head or ours.fields.content_length > _LONGEST_BODY:
        return
    raw_body, body = _body_of(ours.fields)
    expected = Reading(ours.method, ours.target, ours.minor, lowered(ours.fields.items), body)
    message = head + b"\r\n\r\n" + raw_body
    assert read_with_h11(message) == expected
    if raw_body:
        assert read_with_h11(message[:-1]) is None, "h11 would end the message earlier"
    _assert_llhttp_agrees(ours, message, expected)


def _assert_llhttp_agrees(ours: _Accepted, message: bytes, expected: Reading) -> None:
    if ours.method not in _PLAIN_METHODS:
        message = b"POST" + message[len(ours.method) :]
        expected = expected._replace(method="POST")
    if ours.fields.chunked:
        message = _TAB_AFTER_CODING.sub(rb"\1\2", message)
    if b"upgrade" in ours.fields and b"upgrade" in ours.fields.connection_options:
        assert read_with_llhttp(message) == expected._replace(body=b"")
        return
    assert read_with_llhttp(message) == expected
    if expected.body:
        assert read_with_llhttp(message[:-1]) is None, "llhttp would end the message earlier"


_SEEDS = (
    b"GET / HTTP/1.1\r\nHost: api.example",
    b"GET /a/b?c=d HTTP/1.1\r\nHost: api.example:8443\r\nAccept: */*\r\nUser-Agent: x/1 (y; z)",
    b"POST /t HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nAuthorization: Bearer a.b.c",
    b"PUT /t HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue",
    b"DELETE /things/%C3%A4 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0",
    b"OPTIONS http://a/x HTTP/1.1\r\nhost: a\r\nConnection: close, x\r\nX:\t a \xe4 b \t\r\nY:",
    b"GET / HTTP/1.1\r\nhost: a\r\nConnection: upgrade\r\nUpgrade: websocket",
)

_BYTES = st.sampled_from(
    [
        b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b"\t", b" ", b"\x0b", b"\x0c", b"\x1f", b"\x7f",
        b"\x80", b"\x85", b"\xa0", b"\xff", b":", b"::", b"_", b"-", b"+", b"0", b"0x", b",", b";",
        b'"', b"'", b"%", b"%0d", b"#", b"?", b"/", b"\\", b"@", b"[", b"]", b"{", b"=", b"(",
        "５".encode(), "．".encode(), "\u2028".encode(), b"chunked", b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n", b"\r\n ", b"\r\n\t", b"Host: b\r\n", b"HTTP/1.1",
        b"Connection: upgrade\r\n", b"Connection: close\r\n",
    ]
)  # fmt: skip


@st.composite
def _mutated_heads(draw: st.DrawFn) -> bytes:
    """A valid head with a few wounds."""
    head = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(head)))
        kind = draw(st.sampled_from(("insert", "delete", "replace", "any byte", "lines")))
        if kind == "insert":
            head = head[:place] + draw(_BYTES) + head[place:]
        elif kind == "delete":
            head = head[:place] + head[place + draw(st.integers(1, 3)) :]
        elif kind == "replace":
            head = head[:place] + draw(_BYTES) + head[place + 1 :]
        elif kind == "any byte":
            head = head[:place] + bytes((draw(st.integers(0, 255)),)) + head[place + 1 :]
        else:
            lines = head.split(b"\r\n")
            line = lines[draw(st.integers(0, len(lines) - 1))]
            lines.insert(draw(st.integers(0, len(lines))), line)
            head = b"\r\n".join(lines)
    return head


_WHITESPACE = st.sampled_from([b"", b" ", b"\t", b"  ", b" \t", b"\x0b", b"\xa0", b"\r", b"\n"])
_FRAMING_NAMES = st.sampled_from(
    [
        b"Content-Length", b"content-length", b"CONTENT-LENGTH", b"Content_Length",
        b"Content-Length\0", b"Transfer-Encoding", b"transfer-encoding", b"Transfer_Encoding",
        b"TRANSFER-ENCODING", b"Connection", b"Host", b"Expect", b"Upgrade", b"TE", b"Trailer",
    ]
)  # fmt: skip
_FRAMING_VALUES = st.one_of(
    st.sampled_from(
        [
            b"0", b"5", b"05", b"+5", b"-5", b"0x5", b"1_0", b"5 5", b"5, 5", b"5,5", b"",
            b"18446744073709551617", b"999999999999999", "５".encode(), b"chunked", b"Chunked",
            b"CHUNKED", b"chunked,", b",chunked", b"chunked, chunked", b"gzip, chunked",
            b"chunked, gzip", b"identity", b"xchunked", b"chunked;q=1", b'"chunked"', b"close",
            b"keep-alive", b"upgrade", b"keep-alive, upgrade", b"h2c", b"websocket",
            b"100-continue", b"api.example", b"a:80", b"[::1]",
        ]
    ),
    st.integers(0, 200).map(lambda number: str(number).encode("ascii")),
)  # fmt: skip


@st.composite
def _framing_heads(draw: st.DrawFn) -> bytes:
    """A head whose framing fields come in every combination."""
    method = draw(st.sampled_from([b"GET", b"HEAD", b"POST", b"PUT", b"PURGE", b"FOO", b"post"]))
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0", b"1.2"]))
    lines = [method + b" /things HTTP/" + version]
    if draw(st.booleans()):
        lines.append(b"Host: api.example")
    for _ in range(draw(st.integers(0, 3))):
        space = draw(_WHITESPACE)
        lines.append(
            draw(_FRAMING_NAMES)
            + draw(st.sampled_from([b":", b":", b":", b" :", b"\t:", b""]))
            + space
            + draw(_FRAMING_VALUES)
            + draw(_WHITESPACE)
        )
    return b"\r\n".join(lines)


_ANY_LINE = st.binary(max_size=12).map(lambda value: b"X-Any:" + value)
_NAMED_LINE = st.binary(min_size=1, max_size=4).map(lambda name: name + b": value")


@_SETTINGS
@given(head=_mutated_heads())
def test_a_mutated_head_is_refused_or_read_alike(head: bytes) -> None:
    _assert_agreement(head)


@_SETTINGS
@given(head=_framing_heads())
@example(head=b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\t")
@example(head=b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 ")
@example(head=b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked \t ")
@example(head=b"POST / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 3")
def test_framing_fields_are_refused_or_read_alike(head: bytes) -> None:
    _assert_agreement(head)


@_SETTINGS
@given(lines=st.lists(_ANY_LINE | _NAMED_LINE, max_size=3))
def test_any_field_line_is_refused_or_read_alike(lines: list[bytes]) -> None:
    _assert_agreement(b"\r\n".join([b"GET / HTTP/1.1", b"Host: a", *lines]))


@_SETTINGS
@given(target=st.binary(min_size=1, max_size=12), version=st.sampled_from([b"1.0", b"1.1"]))
def test_any_target_is_refused_or_read_alike(target: bytes, version: bytes) -> None:
    _assert_agreement(b"GET /" + target + b" HTTP/" + version + b"\r\nHost: a")


@_SETTINGS
@given(method=st.binary(min_size=1, max_size=8))
def test_any_method_is_refused_or_read_alike(method: bytes) -> None:
    _assert_agreement(method + b" / HTTP/1.1\r\nHost: a")


def test_the_generators_reach_the_accepted_language() -> None:
    # A property over refused heads alone would hold of a parser that refuses everything.
    assert all(_accepted(seed) is not None for seed in _SEEDS)
