"""J and N: what an answer tells in a form that nobody looks into (IV-9, B-251, B-295)."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.answering import JSON, Answering, answering, chunked, responses, typed
from tests.support.arena import request
from tests.support.raw import RawConnection
from tests.support.upstream import Responder, answer, raw_answer

BYTES = "application/octet-stream"
PATHS: dict[str, Any] = {
    "/any": {"get": {"operationId": "any", "responses": {"200": {"description": "any"}}}},
    "/told": {"get": {"operationId": "told", "responses": {"200": {"description": "any"}}}},
    "/json": {"get": {"operationId": "json", "responses": responses(application_json={})}},
    "/page": {
        "get": {
            "operationId": "page",
            "responses": responses(application_xml=None, text_html=None, text_csv=None),
        }
    },
    "/image": {
        "get": {
            "operationId": "image",
            "responses": {"200": {"description": "one", "content": {"image/png": {}}}},
        }
    },
    "/download": {
        "get": {
            "operationId": "download",
            "responses": {
                "200": {"description": "one", "content": {BYTES: {}, "application/x-own": {}}}
            },
        }
    },
}
POLICY = {
    "told": "public: true, leaks: {card: alert, private_key: alert, secret: alert, "
    "stack_trace: alert, sql_error: alert}",
}
CARD = b"paid with 4111 1111 1111 1111, thanks"
MASKED = b"paid with **** **** **** 1111, thanks"
TRACE = b'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f\nKeyError'
KEY = b"-----BEGIN PRIVATE " + b"KEY-----\nMIIE"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    with answering(tmp_path_factory.mktemp("leaks"), PATHS, operations=POLICY) as found:
        yield found


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "nonsense",
        "text",
        "application/json;",
        "text/plain; charset=utf-8; charset=utf-8",
        "text/plain, application/json",
        BYTES,
        "application/x-ndjson",
        "application/yaml",
        "application/x-unheard-of",
        "application/javascript",
    ],
)
def test_b251_leaks_in_what_has_no_type(shop: Answering, kind: str) -> None:
    if kind != "application/javascript":
        reply = shop.ask("/any", typed(CARD, kind))
        assert (reply.status, reply.body) == (200, MASKED)
        assert shop.record()["notes"] == ["leak.card"]
    assert shop.ask("/any", typed(KEY, kind)).status == 502
    failed = shop.ask("/any", typed(TRACE, kind, "404 Not Found"))
    assert (failed.status, b"Traceback" in failed.body) == (404, False)


def test_b251_leaks_in_the_failure_of_what_answers_pictures(shop: Answering) -> None:
    for kind in (JSON, "text/plain", ""):
        failed = shop.ask("/image", typed(json.dumps([TRACE.decode()]).encode(), kind, "404 No"))
        assert (failed.status, b"Traceback" in failed.body) == (404, False)


@pytest.mark.parametrize("kind", [BYTES, "application/x-own"])
def test_declared_files_go_out_as_they_are(shop: Answering, kind: str) -> None:
    """Whole, in part, and in whatever coding they are kept."""
    reply = shop.ask("/download", typed(CARD, kind))
    assert (reply.status, reply.body) == (200, CARD)
    part = typed(CARD, kind, "206 Partial Content", "Content-Range: bytes 0-36/90\r\n")
    assert shop.ask("/download", part).body == CARD
    coded = typed(CARD, kind, more="Content-Encoding: aws-chunked\r\n")
    assert shop.ask("/download", coded).body == CARD


def test_undeclared_bytes_are_not_changed_where_nothing_is_found(shop: Answering) -> None:
    body = bytes(range(256)) * 500
    for kind in ("", BYTES, "application/x-unheard-of"):
        assert shop.ask("/any", typed(body, kind)).body == body
        more = "Content-Range: bytes 0-127999/200000\r\n"
        part = shop.ask("/any", typed(body, kind or BYTES, "206 Partial Content", more))
        assert (part.status, part.body) == (206, body)
    more = "Content-Range: bytes 0-36/90\r\n"
    part = shop.ask("/any", typed(CARD, BYTES, "206 Partial Content", more))
    assert (part.status, shop.record()["reason"]) == (502, "answers.partial")


@pytest.mark.parametrize("coding", ["deflate", "compress", "gzip, gzip", "br, gzip", "x-own"])
@pytest.mark.parametrize("kind", ["text/plain", JSON, "", "application/problem+json"])
def test_b251_leaks_in_a_coding_that_nobody_undoes(shop: Answering, coding: str, kind: str) -> None:
    more = f"Content-Encoding: {coding}\r\n"
    for target in ("/any", "/image"):
        reply = shop.ask(target, typed(zlib.compress(CARD), kind, "404 Not Found", more))
        assert (reply.status, reply.get("content-type")) == (404, "application/problem+json")
        assert shop.record()["reason"] == "answers.content-coding"
    told = shop.ask("/told", typed(zlib.compress(CARD), kind, more=more))
    assert (told.status, zlib.decompress(told.body)) == (200, CARD)
    assert shop.record()["notes"] == ["answers.content-coding"]


def test_b251_leaks_in_what_says_a_coding_and_has_another(shop: Answering) -> None:
    for body in (CARD, gzip.compress(CARD) * 2, gzip.compress(CARD)[:-4]):
        reply = shop.ask("/any", typed(body, "text/plain", more="Content-Encoding: gzip\r\n"))
        assert reply.status == 502
    body = gzip.compress(CARD)
    reply = shop.ask("/any", typed(body, "text/plain", more="Content-Encoding: x-gzip\r\n"))
    assert (reply.body, reply.all("content-encoding")) == (MASKED, [])


WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-32-le"]


@pytest.mark.parametrize("codec", WIDE)
def test_b251_leaks_in_two_bytes_a_letter(shop: Answering, codec: str) -> None:
    body = json.dumps([CARD.decode()]).encode(codec)
    for kind in ("", JSON, "text/plain", f"text/plain; charset={codec}", BYTES):
        reply = shop.ask("/any", typed(body, kind))
        assert (reply.status, shop.record()["reason"]) == (502, "leak.hidden")
    harmless = json.dumps(["Grüße"]).encode(codec)
    assert shop.ask("/any", typed(harmless, "text/plain")).body == harmless


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain; charset=utf-7", CARD.replace(b"4", b"+ADQ-")),
        ("text/plain; charset=IBM037", CARD.decode().encode("cp037")),
        ("text/plain; charset=ebcdic-cp-us", TRACE.decode().encode("cp037")),
        ("application/xml", ("<?xml version='1.0'?><a>" + CARD.decode()).encode("utf-16-be")),
        (
            "application/xml",
            b"<?xml version='1.0' encoding='UTF-7'?><a>+ADQ-111 1111 1111 1111</a>",
        ),
        ("application/xml", b"<a>&#52;111 1111 1111 1111</a>"),
        ("text/html", b"<p>&#x34;111 1111 1111 1111</p>"),
        (JSON, b"['\\u0034111 1111 1111 1111']"),
        (JSON, b'\xef\xbb\xbf["\\u0034111 1111 1111 1111"]'),
        (JSON, b'["\\u0034111 1111 1111 1111",]'),
        ("", b'["\\u0034111 1111 1111 1111"]'),
        ("application/vnd.a+json", b'{"a": NaN, "b": "\\u0034111 1111 1111 1111"}'),
    ],
)
def test_b251_leaks_in_another_spelling(shop: Answering, kind: str, body: bytes) -> None:
    status = "404 Not Found" if kind.endswith("cp-us") else "200 OK"
    target = "/page" if kind in ("application/xml", "text/html") else "/any"
    reply = shop.ask(target, typed(body, kind, status))
    assert reply.get("content-type") == "application/problem+json"
    assert shop.record()["reason"] in ("leak.hidden", "leak.stack_trace")


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"4111 1111 1111 1111","a":"x"}',
        b'{"a":{"b":"4111 1111 1111 1111"},"a":{}}',
        b'{"a":"4111 1111 1111 1111","\\u0061":"x:y"}',
    ],
)
def test_b251_leaks_under_a_name_that_occurs_twice(shop: Answering, body: bytes) -> None:
    reply = shop.ask("/any", answer(body=body))
    assert reply.status == 200
    assert b"4111" not in reply.body


def test_b251_leaks_in_json_that_comes_in_pieces(shop: Answering) -> None:
    """Many servers say the length of nothing."""
    pieces = [b"%c" % byte for byte in b'["%b"]' % CARD]
    reply = shop.ask("/json", chunked(JSON, *pieces))
    assert reply.json() == [MASKED.decode()]
    reply = shop.ask("/page", chunked("text/csv", *pieces))
    assert MASKED in reply.body


def test_what_is_found_in_bytes_that_are_no_text_is_recorded(shop: Answering) -> None:
    for kind in ("text/plain", ""):
        reply = shop.ask("/told", typed(b"\xe9 " + TRACE + b" \xe9\xff", kind, "404 Not Found"))
        assert reply.status == 404
        assert shop.record()["notes"] == ["leak.stack_trace"]


def test_b293_trailers_of_an_answer_do_not_go_out(shop: Answering) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n"
    for kind in (b"application/json", b"text/plain", b"image/png", b"text/event-stream"):
        body = b"2\r\n{}\r\n0\r\nX-Trace: canary\r\n\r\n"
        shop.upstream.answers[b"/any"] = raw_answer(head % kind, body, keep=True)
        with RawConnection(shop.gateway.port) as connection:
            connection.send(request("GET", "/any", "Connection: close"))
            assert b"canary" not in connection.read_to_end()


SECRET = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
IN_FIELDS = f"X-Paid: {CARD.decode()}\r\nX-Config: key={SECRET}\r\nX-Total: 7\r\n"


@pytest.mark.parametrize(
    ("method", "responder"),
    [
        ("GET", typed(b"{}", JSON, more=IN_FIELDS)),
        ("GET", typed(b"no", "text/plain", "404 Not Found", IN_FIELDS)),
        ("GET", typed(b"", "", "301 Moved Permanently", IN_FIELDS)),
        ("GET", chunked(JSON, b"{", b"}", more=IN_FIELDS)),
        ("GET", raw_answer(f"HTTP/1.1 204 No Content\r\n{IN_FIELDS}\r\n".encode(), keep=True)),
        ("HEAD", raw_answer(f"HTTP/1.1 200 OK\r\n{IN_FIELDS}\r\n".encode(), keep=True)),
    ],
)
def test_b251_fields_that_tell_what_must_not_go_out_stay_behind(
    shop: Answering, method: str, responder: Responder
) -> None:
    for _ in range(2):  # What is known of a head is remembered with it.
        reply = shop.ask("/any", responder, method=method)
        assert (reply.all("x-paid"), reply.all("x-config")) == ([], [])
        assert reply.all("x-total") == ["7"]
        assert set(shop.record()["notes"]) == {"leak.card", "leak.secret"}


def test_fields_in_which_findings_are_only_told_go_on(shop: Answering) -> None:
    reply = shop.ask("/told", typed(b"{}", JSON, more=IN_FIELDS))
    assert reply.all("x-paid") == [CARD.decode()]
    assert set(shop.record()["notes"]) == {"leak.card", "leak.secret"}


def test_cookies_and_tags_are_not_looked_through(shop: Answering) -> None:
    more = f'Set-Cookie: id={SECRET}\r\nETag: "{SECRET}"\r\nX-Order: 4111-22\r\n'
    reply = shop.ask("/any", typed(b"{}", JSON, more=more))
    assert reply.all("etag") == [f'"{SECRET}"']
    assert SECRET in reply.all("set-cookie")[0]
    assert shop.record()["notes"] == []
