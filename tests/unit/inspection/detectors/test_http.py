"""Messages of HTTP inside values."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.http import DETECTOR
from vallum.inspection.model import Location

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize("location", ["query", "header", "body"])
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("GET /admin HTTP/1.1\r\nHost: internal", "http.request"),
        ("x\r\n\r\nDELETE /users HTTP/1.1\r\nHost: x", "http.request"),
        ("a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1", "http.request"),
        ("POST http://a.example/ HTTP/1.0\r\n\r\n", "http.request"),
        ("CONNECT a.example:443 HTTP/1.1\r\n", "http.request"),
        ("PRI * HTTP/2.0\r\n\r\nSM", "http.request"),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhi", "http.response"),
        ("0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n", "http.chunk"),
    ],
)
def test_messages_are_stopped(text: str, rule: str, location: Location) -> None:
    found = SUSPECTS.judge(text, location, name="x-note")
    assert rule in [each.rule for _, each in found if each.score >= STOPS]


def test_an_older_cookie_grammar_is_stopped() -> None:
    assert SUSPECTS.score("$Version", "cookie", is_name=True) >= STOPS
    assert SUSPECTS.score("version", "cookie", is_name=True) == 0


@pytest.mark.parametrize(
    "text",
    [
        "GET it while it lasts",
        "POST office HTTP/2 is new",
        "delete this HTTP/1.1 thing",
        "HTTP/1.1 200 OK",
        "HTTP/2 200",
        "0\n\nGet well soon",
        '10.0.0.1 - - [01/Jan/2026] "GET / HTTP/1.1" 200 12',
        "We see `GET /foo HTTP/1.1` in the log and it returns 404, why is that?",
        "```\n$ curl -i x.example\nHTTP/1.1 200 OK\nContent-Length: 12\n\nhello\n```",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize("location", ["query", "body"])
@pytest.mark.parametrize(
    "text", ["Seen: PUT /v2/carts/7 HTTP/1.1 -> 502", "Slow call: GET /health HTTP/1.0"]
)
def test_a_request_line_that_is_reported_passes(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) < STOPS


@pytest.mark.parametrize("location", ["query", "body"])
@pytest.mark.parametrize(
    "text", ["7 HTTP/1.1\r\nX-A: ", "%20HTTP/1.0%0d%0aHost:%20evil.example", " HTTP/1.1\r\n\r\n"]
)
def test_the_rest_of_a_request_line_is_stopped(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) >= STOPS


@pytest.mark.parametrize(
    "text", ["Protocol: HTTP/1.1\r\nStatus: fine", "HTTP/2\nfaster: yes", "we use HTTP/1.1\r\nA: b"]
)
def test_the_name_of_the_protocol_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_ranges_that_no_content_has_are_noted_for_the_gateway_takes_them_away() -> None:
    assert SUSPECTS.score("bytes=5-99999999999999999999", "header", name="range") == STOPS - 1
    assert SUSPECTS.score("bytes=1-,1-,1-,1-,1-,1-,1-", "header", name="range") == STOPS - 1
    assert SUSPECTS.score("bytes=0-9,0-8,0-7,0-6,0-5,0-4,0-3", "header", name="range") == STOPS - 1
    assert SUSPECTS.score("bytes=0-499, 1000-1499, -500", "header", name="range") == 0
    assert SUSPECTS.score("bytes=0-", "header", name="range") == 0


def test_an_answer_below_a_word_about_it_passes() -> None:
    text = "It says:\n\nHTTP/1.1 404 Not Found\nServer: a\n\nno"
    assert SUSPECTS.score(text, "body") < STOPS
