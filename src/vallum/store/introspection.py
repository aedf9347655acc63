"""Asks an issuer about tokens that only it can read (RFC 7662 §2.1).

A module of its own because its HTTP client is large. Bounded in time, bytes and number: an issuer
that is slow makes its own callers wait and nobody else, and strangers cannot make us flood it.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from hashlib import sha256
from typing import Final
from urllib.parse import quote_plus, urlencode

import aiohttp

from vallum.core.secret import Secret
from vallum.store.errors import IntrospectionFailed
from vallum.store.http_client import UnusableAnswer, checked_url, client_session, read_answer

SECONDS: Final = 5.0
"""For one question, connecting and waiting for its turn included."""

MOST_AT_ONCE: Final = 16
"""Questions on their way at one time."""

MOST_WAITING: Final = 256
"""Questions that are not answered yet; further ones fail at once."""

MAX_ANSWER: Final = 64 * 1024
"""Bytes."""


class Introspector:
    """One issuer's introspection endpoint."""

    def __init__(
        self, url: str, client_id: str, secret: Secret, *, insecure_http: bool = False
    ) -> None:
        """
        Args:
            url: `https://…`.
            client_id: how the gateway is registered there.
            secret: of that client.
            insecure_http: also accept `http://` to this machine.

        Raises:
            ValueError: a URL that must not be asked.
        """
        self._url = checked_url(url, insecure_http=insecure_http)
        # RFC 6749 §2.3.1: both are form-encoded before they become user and password.
        password = secret.reveal().decode("utf-8")
        pair = f"{quote_plus(client_id)}:{quote_plus(password)}".encode("ascii")
        self._authorization = Secret(b"Basic " + b64encode(pair))
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._asked: dict[bytes, asyncio.Task[bytes]] = {}

    async def ask(self, token: bytes) -> bytes:
        """The issuer's answer about a token; one question for all who ask at the same time.

        Raises:
            IntrospectionFailed: there is no answer.
        """
        digest = sha256(token).digest()
        task = self._asked.get(digest)
        if task is None:
            if len(self._asked) >= MOST_WAITING:
                raise IntrospectionFailed("too many questions are not answered yet")
            task = asyncio.get_running_loop().create_task(self._ask_in_time(token))
            self._asked[digest] = task
            task.add_done_callback(lambda _: self._asked.pop(digest, None))
        # One caller that goes away must not take the answer from the others.
        return await asyncio.shield(task)

    async def _ask_in_time(self, token: bytes) -> bytes:
        try:
            async with asyncio.timeout(SECONDS), self._turns, client_session(SECONDS) as session:
                return await self._post(session, token)
        except UnusableAnswer as error:
            raise IntrospectionFailed(f"the answer has {error}") from None
        except TimeoutError:
            raise IntrospectionFailed(f"no answer in {SECONDS:.0f} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise IntrospectionFailed(type(error).__name__) from error

    async def _post(self, session: aiohttp.ClientSession, token: bytes) -> bytes:
        form = urlencode({"token": token, "token_type_hint": "access_token"}).encode("ascii")
        fields = {
            "Authorization": self._authorization.reveal().decode("ascii"),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with session.post(
            self._url, data=form, headers=fields, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise IntrospectionFailed(f"the answer is {response.status}")
            return await read_answer(response, MAX_ANSWER)
