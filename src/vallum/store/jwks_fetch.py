"""A JWK Set from a URL, or from where the issuer's own metadata says.

A module of its own because its HTTP client is large: a gateway that has its keys in files never
loads it.

Our side of an SSRF is small on purpose: https only, no redirect, no credentials in a URL, a cap on
bytes and on time (B-131, B-151).
"""

from __future__ import annotations

import ipaddress
from typing import Final

import aiohttp
import orjson
from yarl import URL

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
        async with _session() as session:
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
        async with _session() as session:
            uri = await _discover(session, candidates, issuer)
            try:
                target = checked_url(uri, insecure_http=insecure_http)
            except ValueError as error:
                raise LoadError(f"metadata of the issuer: {error}") from None
            return await _fetch(session, target)

    return load


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
    if target.scheme == "http" and insecure_http and _is_loopback(target.host):
        return target
    raise ValueError(
        f"`{url}` must be https (`insecure_http_jwks: true` allows http to this machine only)"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _with_path(base: URL, path: str) -> URL:
    return URL(f"{base.scheme}://{base.raw_authority}{path}", encoded=True)


def _session() -> aiohttp.ClientSession:
    # One session for each refresh, which is rare: nothing to close at shutdown, no proxy from the
    # environment, no cookies, and no content coding that could inflate.
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


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
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise LoadError(f"`{url}` answered with a content coding")
            document = bytearray()
            async for chunk in response.content.iter_any():
                document += chunk
                if len(document) > MAX_DOCUMENT:
                    raise LoadError(f"`{url}` answered with more than 256 KiB")
            return bytes(document)
    except TimeoutError:
        raise LoadError(f"`{url}` did not answer in {SECONDS:.0f} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise LoadError(f"cannot fetch `{url}`: {type(error).__name__}") from error
