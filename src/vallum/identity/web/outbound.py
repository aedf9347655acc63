"""Posting to addresses that clients have registered, without becoming their tool (SSRF)."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from vallum.store.http_client import checked_url

_SECONDS: Final = 5.0
_NAT64: Final = IPv6Network("64:ff9b::/96")


class NotSent(Exception):  # noqa: N818  (named for what it says about the message)
    """Nobody took the message; the text says why, without anything of an answer."""


class PublicResolver(AbstractResolver):
    """Resolves names, and fails for those that lead into a private network.

    The address that was judged is the one that is connected to, so a name that changes its mind in
    between gains nothing.
    """

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name (aiohttp)."""
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise OSError("the name leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._resolver.close()


def is_public(text: str) -> bool:
    """Whether an IP address is one of the Internet's, not of this machine or its networks."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        # Addresses that carry an IPv4 address lead wherever that one does, or nowhere.
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address.sixtofour is not None or address.teredo is not None or address in _NAT64:
            return False
    return address.is_global and not address.is_multicast


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def post_form(url: str, form: Mapping[str, str], *, public_only: bool) -> int:
    """Post a form and return the status; the answer's body is not read.

    Args:
        url: `https://…`.
        form: the fields.
        public_only: nobody vouches for the URL: only public addresses are connected to. Otherwise
            an operator wrote it: private networks are hers, and `http` to this very machine too.

    Raises:
        NotSent: the URL must not be used, or nobody answers there in time.
    """
    try:
        target = checked_url(url, insecure_http=not public_only)
    except ValueError as error:
        raise NotSent(str(error)) from None
    host = target.host or ""
    if public_only and _is_address(host) and not is_public(host):
        raise NotSent("the address is not public")
    connector = aiohttp.TCPConnector(
        resolver=PublicResolver() if public_only else ThreadedResolver()
    )
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            ) as session,
            session.post(target, data=form, allow_redirects=False) as response,
        ):
            return response.status
    except TimeoutError:
        raise NotSent("no answer in time") from None
    except (aiohttp.ClientError, OSError) as error:
        raise NotSent(type(error).__name__) from None
