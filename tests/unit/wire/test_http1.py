"""Message heads: what is refused, with which reason, and what an accepted head says."""

from __future__ import annotations

import pytest

from vallum.core.problems import Denied
from vallum.wire import http1
from vallum.wire.http1 import (
    RequestFields,
    check_host,
    parse_field_lines,
    parse_request_fields,
    parse_response_head,
    split_request_line,
)


def _fields(*lines: bytes, minor: int = 1, host: bool = True) -> RequestFields:
    given = (b"Host: a.example", *lines) if host else lines
    return parse_request_fields(b"\r\n".join(given), minor)


def _refusal(*lines: bytes, minor: int = 1, host: bool = True) -> Denied:
    with pytest.raises(Denied) as caught:
        _fields(*lines, minor=minor, host=host)
    assert caught.value.close, "a message that cannot be framed ends its connection"
    return caught.value


# --- request line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET / HTTP/1.1", ("GET", b"/", 1)),
        (b"get /a?b HTTP/1.0", ("get", b"/a?b", 0)),
        (b"M-SEARCH * HTTP/1.1", ("M-SEARCH", b"*", 1)),
        (b"!#$%&'*+-.^_`|~09Az / HTTP/1.1", ("!#$%&'*+-.^_`|~09Az", b"/", 1)),
    ],
)
def test_a_request_line_is_three_parts(line: bytes, expected: tuple[str, bytes, int]) -> None:
    assert split_request_line(line) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "http.request-line"),
        (b"GET", "http.request-line"),
        (b"GET /x", "http.request-line"),
        (b"GET  / HTTP/1.1", "http.request-line"),
        (b"GET /  HTTP/1.1", "http.request-line"),
        (b"GET / HTTP/1.1 ", "http.request-line"),
        (b" GET / HTTP/1.1", "http.request-line"),
        (b"GET  HTTP/1.1", "http.request-line"),
        (b"GET\t/\tHTTP/1.1", "http.request-line"),
        (b'G=":<>(e),[T];?" / HTTP/1.1', "http.method"),
        (b"GET\0 / HTTP/1.1", "http.method"),
        (b"GE\xc3\x89 / HTTP/1.1", "http.method"),
        (b"G" * 33 + b" / HTTP/1.1", "http.method"),
        (b" / HTTP/1.1", "http.method"),
        (b"GET / http/1.1", "http.version"),
        (b"GET / HTTP/01.1", "http.version"),
        (b"GET / HTTP/1.1\r", "http.version"),
        (b"GET / HTTP/1,1", "http.version"),
        (b"GET / HTTP/\xd9\xa1.1", "http.version"),
        (b"GET / HTTP/1.2", "http.version"),
        (b"GET / HTTP/2.0", "http.version"),
        (b"GET / HTTP/0.9", "http.version"),
    ],
)
def test_b032_b033_b034_any_other_line_is_refused(line: bytes, reason: str) -> None:
    with pytest.raises(Denied) as caught:
        split_request_line(line)
    assert caught.value.close
    assert caught.value.reason in (reason, "http.request-line")
    assert caught.value.status in (400, 505)


@pytest.mark.parametrize("version", [b"HTTP/1.2", b"HTTP/2.0", b"HTTP/3.0", b"HTTP/0.9"])
def test_b032_a_version_that_could_be_one_is_505(version: bytes) -> None:
    with pytest.raises(Denied) as caught:
        split_request_line(b"GET / " + version)
    assert caught.value.status == 505


# --- field lines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"", ()),
        (b"A: b", ((b"a", b"b"),)),
        (b"A:b\r\nC:\td \t", ((b"a", b"b"), (b"c", b"d"))),
        (b"X-Empty:\r\nX-Space:   ", ((b"x-empty", b""), (b"x-space", b""))),
        (b"A: b:c: d", ((b"a", b"b:c: d"),)),
        (b"A: \xe4\xff\x80", ((b"a", b"\xe4\xff\x80"),)),
        (b"A: b\tc  d", ((b"a", b"b\tc  d"),)),
        (b"a: 1\r\nA: 2", ((b"a", b"1"), (b"a", b"2"))),
        (b"!#$%&'*+-.^`|~0: v", ((b"!#$%&'*+-.^`|~0", b"v"),)),
        (b"N" * 128 + b": v", ((b"n" * 128, b"v"),)),
    ],
)
def test_field_lines_are_read_in_order(
    block: bytes, expected: tuple[tuple[bytes, bytes], ...]
) -> None:
    assert parse_field_lines(block) == expected
    assert parse_field_lines(block) == expected, "names that are known already read the same"


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (b"A", "http.no-colon"),
        (b"A: b\r\nHost", "http.no-colon"),
        (b": x", "http.field-name"),
        (b"A : x", "http.field-name"),
        (b"A\t: x", "http.field-name"),
        (b"Foo@: x", "http.field-name"),
        (b"Foo\x85: x", "http.field-name"),
        (b"F\xc3\xb6\xc3\xb6: x", "http.field-name"),
        (b'"A": x', "http.field-name"),
        (b"A(b): x", "http.field-name"),
        (b"N" * 129 + b": v", "http.field-name"),
        (b" A: x", "http.obs-fold"),
        (b"A: 1\r\n Transfer-Encoding: chunked", "http.obs-fold"),
        (b"A: 1\r\n\tb", "http.obs-fold"),
        (b"A: 1\r\n ", "http.obs-fold"),
        (b"A: b\r\n\r\nC: d", "http.field-name"),
        (b"A: b\rSmuggled: c", "http.bare-cr-or-lf"),
        (b"A: b\nSmuggled: c", "http.bare-cr-or-lf"),
        (b"A: b\n\rC: d", "http.bare-cr-or-lf"),
        (b"A: b\r\r\nC: d", "http.bare-cr-or-lf"),
        (b"A: b\r", "http.bare-cr-or-lf"),
        (b"\nA: b", "http.bare-cr-or-lf"),
        *((b"A: b%cc" % byte, "http.control-in-field") for byte in (0, 1, 8, 11, 12, 31, 127)),
        (b"A\0: b", "http.control-in-field"),
    ],
)
def test_b019_to_b026_a_block_with_two_readings_is_refused(block: bytes, reason: str) -> None:
    with pytest.raises(Denied) as caught:
        parse_field_lines(block)
    assert (caught.value.reason, caught.value.status) == (reason, 400)
    assert caught.value.close


@pytest.mark.parametrize(
    "lines",
    [
        b"Content_Length: 5",
        b"X_User-Id: admin",
        b"PROJECT-ID: a\r\nproject_id: b",
        b"project_ID: b\r\nproject__id: b",
    ],
)
def test_b026_an_undeclared_or_ambiguous_underscore_is_refused(lines: bytes) -> None:
    with pytest.raises(Denied) as caught:
        parse_request_fields(b"Host: a\r\n" + lines, 1, frozenset({b"project_id"}))
    assert caught.value.reason == "http.underscore-in-name"
    assert caught.value.close


def test_a_declared_underscore_is_read() -> None:
    fields = parse_request_fields(b"Host: a\r\nProject_Id: b", 1, frozenset({b"project_id"}))
    assert fields.get(b"project_id") == b"b"


def test_remembered_names_are_bounded() -> None:
    for number in range(3 * http1._MAX_KNOWN_NAMES):
        assert parse_field_lines(b"X-%d: v" % number) == ((b"x-%d" % number, b"v"),)
    assert len(http1._known_names) <= http1._MAX_KNOWN_NAMES
    _fields(b"X-Afterwards: 1")
    assert http1._known_names[b"X-Afterwards"] == b"x-afterwards", "invented ones keep no other out"


# --- framing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "length"),
    [
        (b"Content-Length: 0", 0),
        (b"Content-Length:5", 5),
        (b"Content-Length:\t 10 \t", 10),
        (b"content-length: 999999999999999", 999_999_999_999_999),
        (b"X: y", -1),
    ],
)
def test_a_content_length_is_decimal_digits(line: bytes, length: int) -> None:
    fields = _fields(line)
    assert (fields.content_length, fields.chunked) == (length, False)


@pytest.mark.parametrize(
    "value",
    [
        b"", b"+5", b"-5", b"-0", b"0x5", b"1_0", b"5 5", b"5,5", b"5, 5", b"5;5", b"5.0", b"1e1",
        b"\xd9\xa5", "５".encode(), "²".encode(), b"\xb2", b'"5"', b"5\xa0", b"010", b"00", b"05",
    ],
)  # fmt: skip
def test_b009_to_b011_any_other_content_length_is_refused(value: bytes) -> None:
    assert _refusal(b"Content-Length: " + value).status == 400


@pytest.mark.parametrize("value", [b"1" * 16, b"18446744073709551617", b"9" * 4000])
def test_b012_a_length_that_overflows_is_too_large(value: bytes) -> None:
    denied = _refusal(b"Content-Length: " + value)
    assert (denied.status, denied.reason) == (413, "http.content-length-overflow")


@pytest.mark.parametrize("value", [b"chunked", b"Chunked", b"CHUNKED", b"\t chunked \t"])
def test_chunked_is_the_one_coding(value: bytes) -> None:
    fields = _fields(b"Transfer-Encoding:" + value)
    assert (fields.chunked, fields.content_length) == (True, -1)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"", 400),
        (b",chunked", 400),
        (b"chunked,", 400),
        (b"chunked, chunked", 400),
        (b"chunked, gzip", 400),
        (b"gzip", 400),
        (b"identity", 400),
        (b"chunked;q=1", 400),
        (b'"chunked"', 400),
        (b"\xa0chunked\xa0", 400),
        (b"chunk ed", 400),
        (b"xchunked", 501),
        (b"gzip, chunked", 501),
        (b"br", 501),
    ],
)
def test_b003_to_b006_any_other_coding_is_refused(value: bytes, status: int) -> None:
    assert _refusal(b"Transfer-Encoding: " + value).status == status


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 0"),
        (b"Transfer-Encoding: xchunked", b"Content-Length: 5"),
    ],
)
def test_b001_b002_two_framings_are_refused(lines: tuple[bytes, ...]) -> None:
    assert _refusal(*lines).reason == "http.te-and-cl"


@pytest.mark.parametrize(
    "name",
    [
        b"Content-Length", b"Transfer-Encoding", b"Host", b"Authorization", b"Content-Type",
        b"Content-Encoding", b"Cookie", b"Origin", b"Expect", b"X-Api-Key", b"DPoP",
        b"Proxy-Authorization",
    ],
)  # fmt: skip
@pytest.mark.parametrize("second", [b"1", b"2"])
def test_b005_b008_b009_b061_b064_what_is_single_is_there_once(name: bytes, second: bytes) -> None:
    denied = _refusal(name + b": 1", name.swapcase() + b": " + second, host=name != b"Host")
    assert denied.reason == f"http.duplicate-{name.decode().lower()}"


def test_other_fields_may_be_repeated() -> None:
    assert _fields(b"Accept: a", b"Accept: b").all(b"accept") == (b"a", b"b")


def test_b007_chunked_in_http_1_0_is_refused() -> None:
    assert _refusal(b"Transfer-Encoding: chunked", minor=0).reason == "http.te-in-http10"


# --- Host, Connection, Expect --------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        b"a", b"a.example", b"A.EXAMPLE:8443", b"a.example.", b"127.0.0.1:80", b"[::1]", b"[::1]:1",
        b"[2001:db8::1]:65535", b"x_y.example", b"xn--bcher-kva.example", b"a:0",
    ],
)  # fmt: skip
def test_a_host_is_taken_as_it_is(value: bytes) -> None:
    assert check_host(value) == value


@pytest.mark.parametrize(
    "value",
    [
        b"", b"a b", b"a, b", b"a,b", b"a/b", b"a@b", b"u@a", b"a?x=", b"a#", b"a:99999",
        b"a:65536",
        b"a:", b"a:b", b"a:80:80", b"a:+80", b"a:080000", b"[::1", b"::1", b"[::1]x", b"[::1%eth0]",
        b"[]", b"-a", b".a", b"a\\b", b"a;b", b"a%2fb", b"a\xc3\xa9", b"localhost/health?",
        b"a" * 256, b"a:8\xd9\xa0", b"a\n", b"a:80\n",
    ],
)  # fmt: skip
def test_b061_b062_a_host_that_is_none_is_refused(value: bytes) -> None:
    with pytest.raises(Denied) as caught:
        check_host(value)
    assert (caught.value.reason, caught.value.close) == ("http.host", True)


def test_b061_http_1_1_without_host_is_refused() -> None:
    assert _refusal(b"A: b", host=False).reason == "http.no-host"
    assert _refusal(b"Host:", host=False).reason == "http.host"
    assert _fields(b"A: b", minor=0, host=False).host == b""


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ((), frozenset()),
        ((b"Connection: Close",), {b"close"}),
        (
            (b"Connection: keep-alive , X-A,", b"Connection: close"),
            {b"keep-alive", b"x-a", b"close"},
        ),
        ((b"Connection:",), frozenset()),
    ],
)
def test_connection_options_of_all_lines_are_collected(
    lines: tuple[bytes, ...], options: set[bytes]
) -> None:
    assert _fields(*lines).connection_options == options


@pytest.mark.parametrize("value", [b"a b", b'"close"', b"close;x", b"\xe4"])
def test_a_connection_option_is_a_token(value: bytes) -> None:
    assert _refusal(b"Connection: " + value).reason == "http.connection-option"


def test_b028_only_one_expectation_is_known() -> None:
    assert _fields(b"Expect: 100-Continue").expects_continue
    assert not _fields(b"A: b").expects_continue
    # RFC 9110 §10.1.1: a server that gets it in an HTTP/1.0 request MUST ignore it.
    assert not _fields(b"Expect: 100-continue", minor=0).expects_continue
    for value in (b"", b"x", b"100-continue, x"):
        assert _refusal(b"Expect: " + value).status == 417


def test_fields_of_a_request_carry_no_memo_of_another() -> None:
    assert _fields().memo is None


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK", (200, 1, -1, False, False)),
        (b"HTTP/1.1 200", (200, 1, -1, False, False)),
        (b"HTTP/1.1 200 ", (200, 1, -1, False, False)),
        (b"HTTP/1.1 404 Nicht gefunden \xe4", (404, 1, -1, False, False)),
        (b"HTTP/1.0 200 OK", (200, 0, -1, False, True)),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive", (200, 0, -1, False, False)),
        (b"HTTP/1.1 200 OK\r\nConnection: x, Close", (200, 1, -1, False, True)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7", (200, 1, 7, False, False)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked", (200, 1, -1, True, False)),
    ],
)
def test_an_answer_is_read(head: bytes, expected: tuple[int, int, int, bool, bool]) -> None:
    got = parse_response_head(head)
    assert (got.status, got.minor, got.content_length, got.chunked, got.close) == expected


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 600 OK",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/2 200 OK",
        b"HTTP/1.2 200 OK",
        b"http/1.1 200 OK",
        b"HTTP/1.1 200 O\0K",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200 OK\nA: b",
        b"HTTP/1.1 \xd9\xa200 OK",
        b"SSH-2.0-x",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded",
        b"HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x",
        b"HTTP/1.1 200 OK\r\nA: b\nSet-Cookie: x",
        b"HTTP/1.1 200 OK\r\nA : b",
        b"HTTP/1.1 200 OK\r\nNo colon",
        b"HTTP/1.1 200 OK\r\nX_Y: 1\r\nA: b\nSet-Cookie: x",
        b"HTTP/1.1 200 OK\r\nA: b\r\n X_Y: 1",
    ],
)
def test_b031_an_answer_in_doubt_is_refused(head: bytes) -> None:
    with pytest.raises(Denied):
        parse_response_head(head)


def test_an_underscore_in_a_field_name_of_an_answer_drops_the_field_alone() -> None:
    head = b"HTTP/1.1 200 OK\r\nX_Y: 1\r\nA: b_c\r\nContent_Length: 4"
    got = parse_response_head(head)
    assert got.fields.items == ((b"a", b"b_c"),)
    assert got.content_length == -1
