"""B-126: one key, many requests, two workers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.support.answering import BY_KEY, JSON, KEYED, ROLES, answering, responses
from tests.support.contract import API_HOST, SECURED
from tests.support.gateway import (
    Gateway,
    PolicyText,
    create_key,
    free_port,
    run_vallum,
    start,
)
from tests.support.raw import RawConnection, Reply
from tests.support.upstream import BEGINNING, Link, Received, RecordingUpstream, answer

THINGS = "/things"
PARALLEL = 50
LINES = {
    **SECURED,
    "createThing": "public: true, authenticate: api_key, idempotency: {keep: 1h}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A gateway of two workers before an upstream that counts."""

    gateway: Gateway
    upstream: RecordingUpstream
    ann: str
    eve: str

    def post(self, key: str, *, caller: str | None = "", name: str = "a") -> Reply:
        """Send one request on a connection of its own."""
        body = json.dumps({"name": name}).encode()
        credential = self.ann if caller == "" else caller
        lines = [
            f"POST {THINGS} HTTP/1.1\r\nHost: {API_HOST}\r\nContent-Type: application/json\r\n",
            f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n",
            f"X-API-Key: {credential}\r\n" if credential else "",
            "\r\n",
        ]
        with RawConnection(self.gateway.port) as connection:
            connection.send("".join(lines).encode(), body)
            return connection.read("POST")

    def ran(self) -> int:
        """How many requests the upstream has received in all."""
        return len(self.upstream.requests_since(BEGINNING))


@pytest.fixture(scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("idempotency")
    with RecordingUpstream() as upstream:
        PolicyText(upstream=upstream.url, operations=LINES).write(folder)
        keys = [create_key(folder, name) for name in ("ann", "eve")]
        with Gateway(folder, workers=2) as gateway:
            yield Site(gateway=gateway, upstream=upstream, ann=keys[0], eve=keys[1])


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """The gateway, healthy before and after."""
    _site.gateway.assert_healthy()
    yield _site
    _site.upstream.answers.clear()
    _site.gateway.assert_healthy()


def slug(reply: Reply) -> str:
    assert reply.get("content-type") == "application/problem+json"
    return str(reply.json()["type"]).rpartition(":")[2]


def test_b126_of_fifty_in_parallel_one_runs(site: Site) -> None:
    go_on, before = threading.Event(), site.ran()

    def slow(request: Received, link: Link) -> bool:
        assert go_on.wait(30)
        return answer("201 Created", b'{"id":"one"}')(request, link)

    site.upstream.answers[THINGS.encode()] = slow
    with ThreadPoolExecutor(PARALLEL) as pool:
        sent = [pool.submit(site.post, "parallel") for _ in range(PARALLEL)]
        # All but one are answered while that one runs.
        done = list(islice(as_completed(sent, timeout=30), PARALLEL - 1))
        go_on.set()
        (last,) = set(sent) - set(done)
        refused, made = [each.result() for each in done], last.result()
    assert [slug(reply) for reply in refused] == ["idempotency-in-progress"] * (PARALLEL - 1)
    assert {reply.status for reply in refused} == {409}
    assert (made.status, made.body, made.get("idempotency-replayed")) == (201, b'{"id":"one"}', "")
    for _ in range(4):
        again = site.post("parallel")
        assert (again.status, again.body) == (201, b'{"id":"one"}')
        assert again.get("idempotency-replayed") == "true"
        assert again.get("content-type") == "application/json"
        assert again.get("x-request-id") != made.get("x-request-id")
    assert site.ran() == before + 1


def test_b126_another_body_and_another_caller(site: Site) -> None:
    site.upstream.answers[THINGS.encode()] = answer(body=b'{"of":"ann"}')
    assert site.post("mine").status == 200
    before = site.ran()
    other = site.post("mine", name="b")
    assert (other.status, slug(other)) == (422, "idempotency-mismatch")
    assert site.ran() == before
    site.upstream.answers[THINGS.encode()] = answer(body=b'{"of":"eve"}')
    assert site.post("mine", caller=site.eve).body == b'{"of":"eve"}'
    assert site.post("mine").body == b'{"of":"ann"}'
    assert site.ran() == before + 1


@pytest.mark.parametrize("key", ["", "k" * 129, "k" * 10_240, "two words", "\u00e9"])
def test_b126_keys_that_are_none(site: Site, key: str) -> None:
    before = site.ran()
    reply = site.post(key)
    assert (reply.status, slug(reply)) == (400, "contract-violation")
    assert site.ran() == before


def test_b126_strangers_are_refused_the_key(site: Site) -> None:
    before = site.ran()
    reply = site.post("anybody", caller=None)
    assert (reply.status, slug(reply)) == (400, "contract-violation")
    assert site.ran() == before


def test_an_answer_without_a_body_comes_again(site: Site) -> None:
    location = b"Location: /things/7\r\n"
    site.upstream.answers[THINGS.encode()] = answer("201 Created", b"", location)
    replies = [site.post("empty") for _ in range(3)]
    assert [reply.status for reply in replies] == [201] * 3
    assert {reply.get("location") for reply in replies} == {"/things/7"}
    assert [reply.get("idempotency-replayed") for reply in replies] == ["", "true", "true"]


@pytest.mark.parametrize("kind", ["large", "failed", "broken"])
def test_what_cannot_be_repeated_does_not_run_again(site: Site, kind: str) -> None:
    large = json.dumps({"text": "x" * 70_000}).encode()

    def broken(request: Received, link: Link) -> bool:
        return False

    site.upstream.answers[THINGS.encode()] = {
        "large": answer(body=large),
        "failed": answer("500 Oops", b"{}"),
        "broken": broken,
    }[kind]
    first = site.post(kind)
    assert first.status == (200 if kind == "large" else 502)
    before = site.ran()
    assert slug(site.post(kind)) == "idempotency-in-progress"
    assert site.ran() == before


def test_what_was_never_sent_may_be_sent(tmp_path: Path) -> None:
    policy = PolicyText(upstream=f"http://127.0.0.1:{free_port()}", operations=LINES)
    policy.write(tmp_path)
    key = create_key(tmp_path, "ann")
    with start(tmp_path, policy) as gateway, RecordingUpstream() as upstream:
        site = Site(gateway=gateway, upstream=upstream, ann=key, eve="")
        assert [site.post("early").status for _ in range(3)] == [503] * 3


def test_b126_b251_an_answer_is_not_repeated_for_who_may_see_less(tmp_path: Path) -> None:
    """The same client, once as an administrator and once no more."""
    secret = {"type": "string", "x-vallum": {"read": ["admin"]}}
    account = {"type": "object", "properties": {"name": {"type": "string"}, "ssn": secret}}
    paths = {
        "/account": {
            "post": {
                "operationId": "makeAccount",
                **KEYED,
                "requestBody": {"content": {JSON: {"schema": {"type": "object"}}}},
                "responses": responses(application_json=account),
            }
        }
    }
    lines = {"makeAccount": f"{BY_KEY}, idempotency: {{keep: 1h}}"}
    sent: dict[str, Any] = {
        "method": "POST",
        "body": b"{}",
        "lines": (f"Content-Type: {JSON}", "Idempotency-Key: one"),
    }
    with answering(tmp_path, paths, operations=lines, more=ROLES) as shop:
        full = {"name": "n", "ssn": "078-05-1120"}
        for _ in range(2):
            assert shop.says("/account", full, key="admin", **sent).json() == full
        assert run_vallum("keys", "revoke", "admin", folder=tmp_path).returncode == 0
        shop.keys["less"] = create_key(tmp_path, "admin", "--role", "member")
        reply = shop.says("/account", full, key="less", **sent)
        assert (reply.status, slug(reply)) == (422, "idempotency-mismatch")
        assert b"078" not in reply.body
