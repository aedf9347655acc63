"""A JWK Set from a URL, or from where the issuer's own metadata says.

A module of its own because its HTTP client is large: a gateway that has its keys in files never
loads it.
"""

from __future__ import annotations

from typing import Final

import aiohttp
import orjson
from yarl import URL

from vallum.store.http_client import UnusableAnswer, checked_url, client_session, read_answer
from vallum.store.jwks_file import MAX_DOCUMENT, Loader, LoadError

SECONDS: Final = 10.0
"""For one document, connecting included."""

_WELL_KNOWN: Final = "/.well-known/"


def from_url(url: str, *, insecure_http: bool = False) -> Loader:
    """Fetches a URL.

    Args:
        url: `https://…`.
        insecure_http: also accept `http://` to this machine.

    Raises:
        ValueError: a URL that must not be fetched.
    """
    target = checked_url(url, insecure_http=insecure_http)

    async def load() -> bytes:
        async with client_session(SECONDS) as session:
            return await _fetch(session, target)

    return load


def from_metadata(issuer: str, *, insecure_http: bool = False) -> Loader:
    """Asks the issuer's metadata for `jwks_uri`, then fetches that.

    Args:
        issuer: exact `iss`.
        insecure_http: also accept `http://` to this machine.

    Raises:
        ValueError: the issuer is no URL that may be fetched, or has a query.
    """
    base = checked_url(issuer, insecure_http=insecure_http)
    # RFC 8414 §2: the issuer has no query or fragment component.
    if base.raw_query_string:
        raise ValueError(f"the issuer `{issuer}` must not have a query")
    path = base.raw_path.rstrip("/")
    candidates = (
        # OpenID Connect Discovery §4: appended to the issuer.
        _with_path(base, f"{path}{_WELL_KNOWN}openid-configuration"),
        # RFC 8414 §3.1: inserted between host and path.
        _with_path(base, f"{_WELL_KNOWN}oauth-authorization-server{path}"),
    )

    async def load() -> bytes:
        async with client_session(SECONDS) as session:
            uri = await _discover(session, candidates, issuer)
            try:
                target = checked_url(uri, insecure_http=insecure_http)
            except ValueError as error:
                raise LoadError(f"metadata of the issuer: {error}") from None
            return await _fetch(session, target)

    return load


def _with_path(base: URL, path: str) -> URL:
    return URL(f"{base.scheme}://{base.raw_authority}{path}", encoded=True)


async def _discover(
    session: aiohttp.ClientSession, candidates: tuple[URL, ...], issuer: str
) -> str:
    problems = []
    for candidate in candidates:
        try:
            document = await _fetch(session, candidate)
        except LoadError as error:
            problems.append(str(error))
            continue
        try:
            metadata = orjson.loads(document)
        except orjson.JSONDecodeError:
            raise LoadError(f"`{candidate}` is not JSON") from None
        # RFC 8414 §3.3: the issuer value MUST be identical, else the metadata MUST NOT be used.
        if not isinstance(metadata, dict) or metadata.get("issuer") != issuer:
            raise LoadError(f"`{candidate}` is the metadata of another issuer")
        uri = metadata.get("jwks_uri")
        # Messages name the URI; a hostile one must not write lines of its own into the log.
        if not isinstance(uri, str) or not uri.isascii() or not uri.isprintable():
            raise LoadError(f"`{candidate}` names no usable jwks_uri")
        return uri
    raise LoadError("; ".join(problems))


async def _fetch(session: aiohttp.ClientSession, url: URL) -> bytes:
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise LoadError(f"`{url}` answered {response.status}")
            return await read_answer(response, MAX_DOCUMENT)
    except UnusableAnswer as error:
        raise LoadError(f"`{url}` answered with {error}") from None
    except TimeoutError:
        raise LoadError(f"`{url}` did not answer in {SECONDS:.0f} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise LoadError(f"cannot fetch `{url}`: {type(error).__name__}") from error
