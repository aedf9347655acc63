"""Asking other servers: one question, one bounded answer, and nothing that leads elsewhere.

A module of its own because its library is large: who asks nobody never loads it.

Our side of an SSRF is small on purpose: https only, no credentials in a URL, a cap on bytes and on
time (B-131, B-151). Whoever asks follows no redirect.
"""

from __future__ import annotations

import aiohttp
from yarl import URL

from vallum.wire.authority import is_this_machine


class UnusableAnswer(Exception):  # noqa: N818  (a state of the world, not a mistake)
    """An answer that is not read to its end; the text says what it has, such as too many bytes."""


def checked_url(url: str, *, insecure_http: bool) -> URL:
    """A URL of the operator's that may be asked.

    Raises:
        ValueError: it is not https, or holds a credential or a fragment.
    """
    target = URL(url, encoded=True)
    if not target.host or target.user is not None or target.password is not None:
        raise ValueError(f"`{url}` is not a URL of the form https://host/path")
    if target.raw_fragment:
        raise ValueError(f"`{url}` must not have a fragment")
    if target.scheme == "https":
        return target
    if target.scheme == "http" and insecure_http and is_this_machine(target.host):
        return target
    raise ValueError(
        f"`{url}` must be https (`insecure_http_jwks: true` allows http to this machine only)"
    )


def client_session(seconds: float) -> aiohttp.ClientSession:
    """A session for one question that is answered in JSON.

    One for each, because questions are rare: nothing to close at shutdown. No proxy from the
    environment, no cookies, and no content coding that could inflate.

    Args:
        seconds: for an exchange, connecting included.
    """
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


async def read_answer(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body of an answer, `most` bytes at most.

    Raises:
        UnusableAnswer: it has a content coding, or more bytes than it may have.
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise UnusableAnswer("a content coding")
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > most:
            raise UnusableAnswer(f"more than {most // 1024} KiB")
    return bytes(body)
