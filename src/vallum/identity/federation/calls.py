"""Calls to a provider: one request, one bounded answer, and nothing that leads elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import aiohttp

from vallum.store.http_client import UnusableAnswer, checked_url, client_session, read_answer

_SECONDS: Final = 10.0
"""For one call, connecting included."""
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
    try:
        async with (
            client_session(_SECONDS) as session,
            session.request(
                "GET" if form is None else "POST",
                target,
                data=form,
                headers=fields,
                allow_redirects=False,
            ) as response,
        ):
            body = await read_answer(response, _MOST_BYTES)
            return Answer(response.status, response.content_type.lower(), body)
    except UnusableAnswer as error:
        raise CallFailed(f"an answer with {error}") from None
    except TimeoutError:
        raise CallFailed("no answer in time") from None
    except (aiohttp.ClientError, OSError) as error:
        raise CallFailed(type(error).__name__) from None
