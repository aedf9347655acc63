"""Asking an issuer: one question for all, few at a time, and no answer is no answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.support.introspecting import CLIENT_ID, CLIENT_SECRET, Introspection
from tests.support.keyserver import KeyServer

from vallum.core.secret import Secret
from vallum.store import introspection
from vallum.store.errors import IntrospectionFailed
from vallum.store.introspection import Introspector

SECRET = Secret(CLIENT_SECRET.encode())


def make(url: str, secret: Secret = SECRET) -> Introspector:
    """The gateway's side."""
    return Introspector(url, CLIENT_ID, secret, insecure_http=True)


def test_a_question_and_its_answer() -> None:
    with Introspection() as endpoint:
        endpoint.issue("token/+=~")
        answer = asyncio.run(make(endpoint.url).ask(b"token/+=~"))
        assert json.loads(answer)["active"] is True
        assert json.loads(asyncio.run(make(endpoint.url).ask(b"other"))) == {"active": False}
        assert endpoint.asked == ["token/+=~", "other"]


def test_one_question_for_all_who_ask_at_the_same_time() -> None:
    async def ask_all(introspector: Introspector) -> list[bytes]:
        return await asyncio.gather(*(introspector.ask(b"token") for _ in range(50)))

    with Introspection() as endpoint:
        assert len(set(asyncio.run(ask_all(make(endpoint.url))))) == 1
        assert endpoint.asked == ["token"]


def test_a_caller_who_goes_away_takes_no_answer_from_the_others() -> None:
    async def scene(introspector: Introspector) -> bytes:
        first = asyncio.create_task(introspector.ask(b"token"))
        second = asyncio.create_task(introspector.ask(b"token"))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    with Introspection() as endpoint:
        assert json.loads(asyncio.run(scene(make(endpoint.url)))) == {"active": False}


def test_too_many_questions() -> None:
    async def scene(introspector: Introspector) -> list[bytes | BaseException]:
        asking = (introspector.ask(b"%d" % number) for number in range(300))
        return await asyncio.gather(*asking, return_exceptions=True)

    with Introspection() as endpoint:
        answers = asyncio.run(scene(make(endpoint.url)))
    failed = [answer for answer in answers if isinstance(answer, IntrospectionFailed)]
    assert len(failed) >= 300 - introspection.MOST_WAITING


@pytest.mark.parametrize("raw", [(500, b""), (401, b"{}"), (302, b""), (200, b"x" * 70_000)])
def test_what_is_no_answer(raw: tuple[int, bytes]) -> None:
    with Introspection() as endpoint:
        endpoint.raw = raw
        with pytest.raises(IntrospectionFailed):
            asyncio.run(make(endpoint.url).ask(b"token"))


def test_another_secret_is_refused() -> None:
    with Introspection() as endpoint, pytest.raises(IntrospectionFailed, match="401"):
        asyncio.run(make(endpoint.url, Secret(b"wrong")).ask(b"token"))


def test_nobody_there() -> None:
    with Introspection() as endpoint:
        url = endpoint.url
    with pytest.raises(IntrospectionFailed):
        asyncio.run(make(url).ask(b"token"))


def test_an_issuer_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introspection, "SECONDS", 0.05)

    async def scene() -> None:
        async with KeyServer() as server:
            server.hangs = True
            with pytest.raises(IntrospectionFailed, match="no answer"):
                await make(server.url).ask(b"token")

    asyncio.run(scene())


@pytest.mark.parametrize(
    "url", ["http://login.example/x", "ftp://x", "https://a:b@x.example/", "https://x.example/#f"]
)
def test_urls_that_are_not_asked(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|https|fragment"):
        make(url)
