"""Calls to a provider: one request, one bounded answer, and nothing that leads elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import aiohttp

from vallum.store.jwks_fetch import SECONDS, checked_url

_MOST_BYTES: Final = 64 * 1024


class CallFailed(Exception):  # noqa: N818  (named for what it says about the call)
    """The provider did not answer as it must; the message holds nothing of the answer."""


class Answer(NamedTuple):
    """What a provider answered."""

    status: int
    kind: str
    """Its media type, lower case."""
    body: bytes


async def call(
    url: str,
    *,
    insecure_http: bool,
    fields: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> Answer:
    """GET a URL of a provider's metadata, or POST a form to it.

    Redirects are not followed: what we send is meant for this address and no other.

    Raises:
        CallFailed: no answer in time, one that is too long, or a URL that must not be asked.
    """
    try:
        target = checked_url(url, insecure_http=insecure_http)
    except ValueError:
        raise CallFailed("a URL that must not be asked") from None
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **fields}
    try:
        # As for keys: no cookies, no proxy from the environment, no coding that could inflate.
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.request(
                "GET" if form is None else "POST",
                target,
                data=form,
                headers=headers,
                allow_redirects=False,
            ) as response,
        ):
            return await _bounded(response)
    except TimeoutError:
        raise CallFailed("no answer in time") from None
    except (aiohttp.ClientError, OSError) as error:
        raise CallFailed(type(error).__name__) from None


async def _bounded(response: aiohttp.ClientResponse) -> Answer:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise CallFailed("a content coding that was not asked for")
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _MOST_BYTES:
            raise CallFailed("an answer that is too long")
    return Answer(response.status, response.content_type.lower(), bytes(body))
