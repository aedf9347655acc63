"""Where keys come from: files, URLs and metadata, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from pathlib import Path

import pytest
from tests.support.calling import Clock
from tests.support.keyserver import KeyServer

from vallum.store.errors import KeysUnavailable
from vallum.store.jwks_fetch import from_metadata, from_url
from vallum.store.jwks_file import LoadError, from_file, read_file
from vallum.store.jwks_source import MAX_STALE, REFRESH_AFTER, REFRESH_PAUSE, JWKSSource


class Words:
    """Keys as simple as can be: the words of a text."""

    def __init__(self, document: bytes) -> None:
        if b"bad" in document:
            raise ValueError("bad words")
        self.words = document.decode().split()
        self.problems: Sequence[str] = [word for word in self.words if word == "odd"]

    def __contains__(self, kid: object) -> bool:
        return kid in self.words


async def get(source: JWKSSource[Words], kid: str | None) -> list[str]:
    """The words."""
    answer = source.keys(kid)
    return (await answer if isinstance(answer, Awaitable) else answer).words


def test_known_keys_are_given_at_once_and_renewed_behind_the_scenes() -> None:
    async def scene() -> None:
        async with KeyServer(b"one") as server:
            clock = Clock()
            source = JWKSSource("test", server.loader(), Words, monotonic=clock)
            assert await get(source, "one") == ["one"]
            server.body = b"two"
            clock.now += REFRESH_AFTER + 1
            assert isinstance(source.keys("one"), Words)
            assert isinstance(source.keys(None), Words)
            # Whoever needs the new keys waits for the fetch that is under way.
            assert await get(source, "two") == ["two"]
            assert (server.requests, source.version) == (2, 2)
            assert await get(source, "two") == ["two"]
            # The same document is no change.
            clock.now += REFRESH_AFTER + 1
            await get(source, "missing")
            assert (server.requests, source.version) == (3, 2)

    asyncio.run(scene())


def test_one_fetch_for_all_who_wait_even_when_some_go_away() -> None:
    async def scene() -> None:
        async with KeyServer(b"one") as server:
            source = JWKSSource("test", server.loader(), Words, monotonic=Clock())
            waiting = [asyncio.ensure_future(get(source, "one")) for _ in range(50)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert isinstance(results[0], asyncio.CancelledError)
            assert results[1:] == [["one"]] * 49
            assert server.requests == 1

    asyncio.run(scene())


def test_an_outage_from_the_start() -> None:
    async def scene() -> None:
        async with KeyServer(b"one") as server:
            server.status = 500
            clock = Clock()
            source = JWKSSource("test", server.loader(), Words, monotonic=clock)
            with pytest.raises(KeysUnavailable):
                await get(source, "one")
            with pytest.raises(KeysUnavailable):
                source.keys("one")
            server.status = 200
            clock.now += REFRESH_PAUSE
            assert await get(source, "one") == ["one"]
            assert server.requests == 2

    asyncio.run(scene())


def test_bad_keys_and_no_server_leave_the_last_good_ones(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        clock = Clock()
        async with KeyServer(b"one odd") as server:
            source = JWKSSource("test", server.loader(), Words, monotonic=clock)
            await get(source, "one")
            server.body = b"bad"
            clock.now += REFRESH_PAUSE
            assert await get(source, "missing") == ["one", "odd"]
        clock.now += REFRESH_PAUSE
        assert await get(source, "missing") == ["one", "odd"]
        clock.now += MAX_STALE
        with pytest.raises(KeysUnavailable):
            await get(source, "one")
        assert source.version == 2

    asyncio.run(scene())
    text = caplog.text
    assert "left out key odd" in text
    assert "bad words; the last good ones stay" in text
    assert "cannot fetch" in text
    assert "none for 24 hours" in text


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"one")
    with pytest.raises(ValueError, match="bad words"):
        JWKSSource("t", from_file(path), Words, monotonic=Clock(), first=b"bad")
    clock = Clock()
    source = JWKSSource("t", from_file(path), Words, monotonic=clock, first=read_file(path))
    assert isinstance(source.keys("one"), Words)
    path.write_bytes(b"one two")
    assert asyncio.run(get(source, "two")) == ["one", "two"]
    path.unlink()
    clock.now += REFRESH_PAUSE
    assert asyncio.run(get(source, "three")) == ["one", "two"]
    with pytest.raises(LoadError, match="cannot read"):
        read_file(path)


def metadata(**members: object) -> tuple[int, bytes]:
    """An answer of a metadata endpoint."""
    return 200, json.dumps(members).encode()


OIDC = "/tenant/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server/tenant"


def test_discovery_by_openid_connect_then_oauth() -> None:
    async def scene() -> None:
        async with KeyServer(b"keys") as server:
            issuer = f"{server.url}/tenant"
            load = from_metadata(issuer, insecure_http=True)
            server.paths = {
                OIDC: metadata(issuer=issuer, jwks_uri=f"{server.url}/%41/keys"),
                "/%41/keys": (200, b"one"),
            }
            assert await load() == b"one"
            # The path goes out as it was written.
            assert server.seen == [OIDC, "/%41/keys"]
            server.paths[OAUTH] = server.paths.pop(OIDC)
            server.status = 404
            server.seen.clear()
            assert await load() == b"one"
            assert server.seen == [OIDC, OAUTH, "/%41/keys"]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"issuer": "https://issuer.example"}, "another issuer"),
        ({"issuer": None}, "another issuer"),
        ({"jwks_uri": None}, "no usable jwks_uri"),
        ({"jwks_uri": "http://127.0.0.1/\r\nlog line"}, "no usable jwks_uri"),
        ({"jwks_uri": "http://10.0.0.1/keys"}, "must be https"),
        ({"jwks_uri": "file:///etc/passwd"}, "https"),
        ({"jwks_uri": "https://user@host/keys"}, "https"),
    ],
)
def test_metadata_that_must_not_be_used(changes: dict[str, object], problem: str) -> None:
    async def scene() -> None:
        async with KeyServer(b"keys") as server:
            issuer = f"{server.url}/tenant"
            good = {"issuer": issuer, "jwks_uri": f"{server.url}/keys"}
            server.paths = {OIDC: metadata(**{**good, **changes}), OAUTH: metadata(**good)}
            with pytest.raises(LoadError, match=problem):
                await from_metadata(issuer, insecure_http=True)()
            # Wrong metadata is no reason to look for better elsewhere.
            assert server.seen == [OIDC]

    asyncio.run(scene())


def test_metadata_that_is_none() -> None:
    async def scene() -> None:
        async with KeyServer(b"<html>") as server:
            load = from_metadata(server.url, insecure_http=True)
            with pytest.raises(LoadError, match="not JSON"):
                await load()
            server.status = 404
            with pytest.raises(LoadError, match=r"404.*404"):
                await load()

    asyncio.run(scene())


def test_answers_that_are_too_large_or_coded() -> None:
    async def scene() -> None:
        async with KeyServer(b"x" * (256 * 1024)) as server:
            assert len(await server.loader()()) == 256 * 1024
            server.body += b"x"
            with pytest.raises(LoadError, match="more than 256 KiB"):
                await server.loader()()
            server.body, server.fields = b"x", {"Content-Encoding": "gzip"}
            with pytest.raises(LoadError, match="content coding"):
                await server.loader()()

    asyncio.run(scene())


def test_urls_of_issuers() -> None:
    with pytest.raises(ValueError, match="query"):
        from_metadata("https://issuer.example/?tenant=1")
    with pytest.raises(ValueError, match="fragment"):
        from_url("https://issuer.example/#keys")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        from_url(f"http://{host}:8080/keys", insecure_http=True)
    with pytest.raises(ValueError, match="must be https"):
        from_url("http://localhost.example/keys", insecure_http=True)
