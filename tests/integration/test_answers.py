"""What goes out through the real gateway: the contract of answers."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.answering import USER, Answering, answering, responses
from tests.support.upstream import JSON_HEAD, Link, Received, answer, raw_answer

PATHS: dict[str, Any] = {
    f"/{name}": {"get": {"operationId": name, "responses": responses(application_json=USER)}}
    for name in ("drop", "block", "monitor", "off", "small")
} | {
    "/free": {"get": {"operationId": "free", "responses": {"200": {"description": "any"}}}},
    "/files": {
        "get": {
            "operationId": "files",
            "responses": responses(application_pdf=None, image_png=None, application_json=USER),
        }
    },
    "/open": {"get": {"operationId": "open", "responses": responses(application_json={})}},
    "/strict": {"get": {"operationId": "strict", "responses": responses(application_json={})}},
    "/text": {"get": {"operationId": "text", "responses": responses(text_plain=None)}},
    "/events": {
        "get": {"operationId": "events", "responses": responses(**{"text_event-stream": None})}
    },
}
POLICY = {
    "block": "public: true, answers: block",
    "monitor": "public: true, answers: monitor",
    "strict": "public: true, leaks: {card: block, email: mask, /keys/*: 'off'}",
    "off": "public: true, answers: 'off', leaks: 'off'",
    "small": "public: true, answer_body: 200",
}
GOOD = {"id": 1, "name": "Ann"}
BAD = {"id": 1, "name": "Ann", "ssn": "x", "password": "p"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    with answering(tmp_path_factory.mktemp("answers"), PATHS, operations=POLICY) as found:
        yield found


def test_what_fits_goes_out_byte_for_byte(shop: Answering) -> None:
    body = b'{"id": 1,   "name": "Ann" }'
    reply = shop.ask("/drop", answer(body=body))
    assert (reply.status, reply.body) == (200, body)
    assert shop.record()["notes"] == []


def test_undeclared_properties_are_dropped_and_recorded(shop: Answering) -> None:
    reply = shop.says("/drop", BAD)
    assert (reply.status, reply.json()) == (200, GOOD)
    record = shop.record()
    assert record["decision"] == "allow"
    assert record["notes"] == ["answers.undeclared-property", "answers.write-only-property"]


def test_block_withholds_the_whole_answer(shop: Answering) -> None:
    reply = shop.says("/block", BAD)
    assert reply.status == 502
    assert reply.json()["type"] == "urn:vallum:problem:answer-withheld"
    assert b"ssn" not in reply.body
    record = shop.record()
    assert (record["decision"], record["reason"]) == ("deny", "answers.undeclared-property")
    assert (record["status"], record["upstream_status"]) == (502, 200)


def test_monitor_only_tells(shop: Answering) -> None:
    assert shop.says("/monitor", BAD).json() == BAD
    assert "answers.undeclared-property" in shop.record()["notes"]


def test_off_does_nothing(shop: Answering) -> None:
    assert shop.says("/off", BAD).json() == BAD
    assert shop.record()["notes"] == []


def test_other_breaks_are_told_by_drop_and_withheld_by_block(shop: Answering) -> None:
    value = {"id": "not a number"}
    assert shop.says("/drop", value).json() == value
    assert set(shop.record()["notes"]) == {"answers.type", "answers.required"}
    assert shop.says("/block", value).status == 502


def test_numbers_are_not_changed_where_something_is_dropped(shop: Answering) -> None:
    body = b'{"id":123456789012345678901234567890,"name":"\xc3\xa9","x":1}'
    reply = shop.ask("/drop", answer(body=body))
    assert reply.body == b'{"id":123456789012345678901234567890,"name":"\xc3\xa9"}'


def test_a_name_that_occurs_twice_goes_out_once(shop: Answering) -> None:
    reply = shop.ask("/drop", answer(body=b'{"id": 1, "name": {"ssn": "1"}, "name": "Ann"}'))
    assert reply.json() == GOOD
    assert b"ssn" not in reply.body


@pytest.mark.parametrize("body", [b"not json", b'{"id":1', b'\xff{"id":1}', b"callback({})"])
def test_what_is_not_json_is_withheld(shop: Answering, body: bytes) -> None:
    assert shop.ask("/drop", answer(body=body)).status == 502


def test_a_refusal_of_the_api_keeps_its_status(shop: Answering) -> None:
    page = answer("404 Not Found", b"<h1>nginx/1.2</h1>", b"Content-Type: text/html\r\n")
    reply = shop.ask("/drop", page)
    assert (reply.status, reply.get("content-type")) == (404, "application/problem+json")
    assert b"nginx" not in reply.body


def test_an_undeclared_success_tells_no_more_than_the_declared_one(shop: Answering) -> None:
    reply = shop.says("/drop", BAD, "201 Created")
    assert (reply.status, reply.json()) == (201, GOOD)
    assert "answers.undeclared-status" in shop.record()["notes"]
    assert shop.says("/block", GOOD, "201 Created").status == 502


def test_a_redirect_goes_out_without_its_page(shop: Answering) -> None:
    page = b"Content-Type: text/html\r\nLocation: /elsewhere\r\n"
    reply = shop.ask("/drop", answer("302 Found", b"<a href=...>here</a>", page))
    assert (reply.status, reply.body) == (302, b"")
    assert reply.get("location") == "/elsewhere"
    assert not reply.all("content-type")


def test_chunked_answers_are_judged_too(shop: Answering) -> None:
    body = json.dumps(BAD).encode()

    def in_pieces(received: Received, link: Link) -> bool:
        link.send(JSON_HEAD, b"Transfer-Encoding: chunked\r\n\r\n")
        for byte in body:
            link.send(b"1\r\n%c\r\n" % byte)
            time.sleep(0.0005)
        link.send(b"0\r\n\r\n")
        return True

    reply = shop.ask("/drop", in_pieces)
    assert reply.json() == GOOD
    assert reply.get("content-length") == str(len(reply.body))


def test_an_answer_that_ends_with_the_connection_is_judged_too(shop: Answering) -> None:
    raw = raw_answer(JSON_HEAD, b"\r\n", json.dumps(BAD).encode())
    assert shop.ask("/drop", raw).json() == GOOD


def test_a_held_answer_that_breaks_off_is_a_clean_failure(shop: Answering) -> None:
    broken = raw_answer(JSON_HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b'5\r\n{"id"\r\n')
    reply = shop.ask("/drop", broken)
    assert reply.status == 502
    assert reply.json()["type"] == "urn:vallum:problem:upstream-failed"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_answers_beyond_the_limit_are_withheld(shop: Answering, framing: str) -> None:
    body = json.dumps({"id": 1, "name": "x" * 300_000}).encode()
    if framing == "length":
        responder = answer(body=body)
    else:
        responder = raw_answer(
            JSON_HEAD,
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        )
    assert shop.ask("/small", responder).status == 502
    assert shop.record()["reason"] == "answers.too-large"
    assert shop.ask("/drop", responder).status == 200


def test_what_nothing_is_declared_of_passes(shop: Answering) -> None:
    big = b"{" + b" " * 300_000 + b"}"
    assert shop.ask("/free", answer(body=big)).body == big


def test_the_upstream_is_asked_for_what_can_be_read(shop: Answering) -> None:
    mark = shop.upstream.mark()
    shop.ask("/drop", answer(), lines=("Accept-Encoding: gzip", "Range: bytes=0-3"))
    (received,) = shop.upstream.requests_since(mark)
    assert received.get("accept-encoding") == b"identity"
    assert received.get("range") == b""


def test_coded_answers_are_undone(shop: Answering) -> None:
    coded = gzip.compress(json.dumps(BAD).encode())
    reply = shop.ask("/drop", answer(body=coded, fields=b"Content-Encoding: gzip\r\n"))
    assert reply.json() == GOOD
    assert not reply.all("content-encoding")
    odd = answer(body=coded, fields=b"Content-Encoding: compress\r\n")
    assert shop.ask("/drop", odd).status == 502
    assert shop.record()["reason"] == "answers.content-coding"


def test_a_part_of_a_json_text_is_withheld(shop: Answering) -> None:
    part = answer("206 Partial Content", b'"ssn": 1', b"Content-Range: bytes 0-7/90\r\n")
    assert shop.ask("/drop", part).status == 502


def test_head_and_empty_answers(shop: Answering) -> None:
    reply = shop.says("/drop", BAD, method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert not reply.all("content-length")
    none = raw_answer(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n', keep=True)
    assert shop.ask("/drop", none).status == 304


def test_files_pass_as_files(shop: Answering) -> None:
    pdf = answer(body=b"%PDF", fields=b"Content-Type: application/pdf\r\n")
    reply = shop.ask("/files", pdf)
    assert (reply.status, reply.get("content-disposition")) == (200, "attachment")
    named = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n"
    reply = shop.ask("/files", answer(body=b"%PDF", fields=named))
    assert reply.all("content-disposition") == ["attachment; filename=a.pdf"]
    image = shop.ask("/files", answer(body=b"\x89PNG", fields=b"Content-Type: image/png\r\n"))
    assert not image.all("content-disposition")


def test_events_stream(shop: Answering) -> None:
    """Each event arrives before the next is sent."""
    first = raw_answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"9\r\ndata: 1\n\n\r\n0\r\n\r\n",
    )
    reply = shop.ask("/events", first)
    assert (reply.status, reply.body) == (200, b"data: 1\n\n")


CARD = "4111 1111 1111 1111"


def test_cards_are_masked_and_recorded_masked(shop: Answering) -> None:
    reply = shop.says("/open", {"a": [{"text": f"paid with {CARD}"}], "n": 4111111111111111})
    assert reply.json() == {
        "a": [{"text": "paid with **** **** **** 1111"}],
        "n": "************1111",
    }
    record = shop.record()
    assert record["notes"] == ["leak.card"]
    assert "4111 1111" not in json.dumps(record)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE " + "KEY-----\nMIIE",
        "postgres://app:hunter22@db.example/shop",
        "AKIA" + "IOSFODNN7ABCDEFG",
    ],
)
def test_secrets_are_withheld(shop: Answering, text: str) -> None:
    reply = shop.says("/open", {"config": {"value": text}})
    assert (reply.status, text in reply.body.decode()) == (502, False)
    record = shop.record()
    assert record["decision"] == "deny"
    assert record["reason"].startswith("leak.")


def test_escapes_hide_nothing(shop: Answering) -> None:
    escaped = b'{"a":"\\u0034111 1111 1111 1111","b":"\\n4111-1111\\u002d1111-1111"}'
    reply = shop.ask("/open", answer(body=escaped))
    assert reply.json() == {"a": "**** **** **** 1111", "b": "\n****-****-****-1111"}


def test_the_words_of_a_failure_are_withheld_where_something_failed(shop: Answering) -> None:
    trace = 'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f'
    assert shop.says("/open", {"error": trace}).status == 502
    reply = shop.says("/open", {"message": trace}, "404 Not Found")
    assert (reply.status, b"Traceback" in reply.body) == (404, False)
    # What people write about is theirs.
    assert shop.says("/open", {"body": trace}).json() == {"body": trace}
    assert shop.record()["notes"] == ["leak.stack_trace"]


def test_text_is_read_too(shop: Answering) -> None:
    plain = b"Content-Type: text/plain\r\n"
    assert shop.ask("/text", answer(body=CARD.encode(), fields=plain)).body == b"*" * 4 + (
        b" **** **** 1111"
    )
    broken = answer("400 Bad Request", b"ORA-00933: SQL command", plain)
    assert shop.ask("/free", broken).status == 400
    assert shop.record()["reason"] == "leak.sql_error"


def test_the_policy_says_what_leaks(shop: Answering) -> None:
    assert shop.says("/strict", {"text": CARD}).status == 502
    reply = shop.says("/strict", {"mail": "ann@mail.example", "keys": [CARD]})
    assert reply.json() == {"mail": "a***@mail.example", "keys": [CARD]}
    assert shop.says("/off", {"text": CARD}).json() == {"text": CARD}


def test_a_leak_in_a_name_is_withheld(shop: Answering) -> None:
    assert shop.says("/open", {CARD: 1}).status == 502
