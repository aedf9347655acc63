"""An upstream's head made safe for a client."""

from __future__ import annotations

import pytest

from vallum.core.problems import Denied
from vallum.filters.headers import REMOVED_FROM_ANSWERS
from vallum.gateway.answers import STATUS_LINES, PreparedHead
from vallum.wire.forwarding import HOP_BY_HOP


def _head(*lines: bytes, status: bytes = b"200 OK") -> PreparedHead:
    return PreparedHead(b"\r\n".join((b"HTTP/1.1 " + status, *lines)))


def test_end_to_end_fields_go_on_in_order_in_lower_case() -> None:
    prepared = _head(b"Content-Type: a/b", b"ETag: \t1 ", b"Vary: a", b"Vary: b")
    assert prepared.lines == b"content-type: a/b\r\netag: 1\r\nvary: a\r\nvary: b\r\n"


@pytest.mark.parametrize(
    "name", sorted(REMOVED_FROM_ANSWERS | HOP_BY_HOP - {b"transfer-encoding"}), ids=bytes.decode
)
def test_fields_of_the_connection_and_of_the_inside_do_not_go_on(name: bytes) -> None:
    assert _head(name + b": close", b"X: 1").lines == b"x: 1\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        b"X-Request-Id: mine",
        b"Via: 1.1 inner",
        b"Access-Control-Allow-Origin: *",
        b"Access-Control-Invented-Later: *",
        b"X_Folded: 1",
    ],
)
def test_what_the_gateway_states_itself_is_not_taken_over(line: bytes) -> None:
    assert _head(line, b"X: 1").lines == b"x: 1\r\n"


def test_cookies_are_hardened_each_on_its_own() -> None:
    prepared = _head(b"Set-Cookie: a=b", b"Set-Cookie: c=d; Secure; HttpOnly; SameSite=Strict")
    assert prepared.lines == (
        b"set-cookie: a=b; Secure; HttpOnly; SameSite=Lax\r\n"
        b"set-cookie: c=d; Secure; HttpOnly; SameSite=Strict\r\n"
    )


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (b"/next?a=b", b"location: /next?a=b\r\n"),
        (b"http://10.0.0.5:8000/next", b"location: https://api.example/next\r\n"),
        (b"https://shop.example/x", b"location: https://shop.example/x\r\n"),
    ],
)
def test_b293_a_location_names_what_clients_may_know(location: bytes, line: bytes) -> None:
    prepared = _head(b"Location: " + location, status=b"302 Found")
    assert b"location" not in prepared.lines, "it is judged with the request's own host"
    assert prepared.location_line("10.0.0.5:8000", "https://api.example") == line


@pytest.mark.parametrize("location", [b"http://127.0.0.1:49152/cb?code=x", b"com.example.app:/cb"])
def test_what_may_send_out_sends_to_applications_of_a_persons_own_machine(location: bytes) -> None:
    prepared = _head(b"Location: " + location, status=b"303 See Other")
    assert prepared.location_as_sent() == b"location: " + location + b"\r\n"
    assert _head(b"X-A: b").location_as_sent() == b""


@pytest.mark.parametrize(
    "location",
    [b"http://10.0.0.6/x", b"http://u:p@shop.example/", b"javascript:alert(1)", b"//localhost/x"],
)
def test_b293_a_location_inside_is_refused(location: bytes) -> None:
    prepared = _head(b"Location: " + location, status=b"302 Found")
    with pytest.raises(Denied):
        prepared.location_line("10.0.0.5:8000", "https://api.example")


def test_without_location_there_is_no_line() -> None:
    assert _head(b"X: 1").location_line("a:1", "https://api.example") == b""


@pytest.mark.parametrize(
    "lines",
    [
        (b"Location: /a", b"Location: /b"),
        (b"Set-Cookie: no cookie",),
        (b"Content-Length: 1", b"Content-Length: 2"),
        (b"A: b\rC: d",),
    ],
)
def test_b031_a_head_in_doubt_is_refused(lines: tuple[bytes, ...]) -> None:
    with pytest.raises(Denied):
        _head(*lines)


@pytest.mark.parametrize(
    ("line", "named"), [(b"Cache-Control: max-age=1", True), (b"Expires: 0", False)]
)
def test_whether_an_answer_says_how_it_may_be_kept(line: bytes, named: bool) -> None:
    assert _head(line).names_caching is named


def test_every_status_has_a_line_that_others_can_read() -> None:
    assert STATUS_LINES[200] == b"HTTP/1.1 200 OK\r\n"
    assert STATUS_LINES[299] == b"HTTP/1.1 299 \r\n"
    for status, line in STATUS_LINES.items():
        assert line.startswith(b"HTTP/1.1 %d " % status)
        assert line.endswith(b"\r\n")
