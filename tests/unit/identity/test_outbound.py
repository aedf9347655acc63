"""Addresses that clients may make the provider call."""

from __future__ import annotations

import asyncio

import pytest

from vallum.identity.web.outbound import NotSent, PublicResolver, is_public, post_form


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "no address",
        "",
    ],
)
def test_addresses_of_private_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/bye",
        "https://127.0.0.1/bye",
        "https://[::1]/bye",
        "https://[::ffff:127.0.0.1]/bye",
        "https://localhost/bye",
        "https://user@shop.example/bye",
        "https://shop.example/bye#x",
        "file:///etc/passwd",
        "",
    ],
)
def test_strangers_make_nobody_call_inside(url: str) -> None:
    with pytest.raises(NotSent):
        asyncio.run(post_form(url, {"a": "b"}, public_only=True))


def test_a_name_that_leads_inside_is_not_resolved() -> None:
    async def resolve() -> None:
        resolver = PublicResolver()
        try:
            await resolver.resolve("localhost", 443)
        finally:
            await resolver.close()

    with pytest.raises(OSError, match="not public"):
        asyncio.run(resolve())


def test_an_operator_may_name_this_machine_but_not_plain_http_elsewhere() -> None:
    with pytest.raises(NotSent, match="ClientConnector"):
        asyncio.run(post_form("http://127.0.0.1:1/bye", {}, public_only=False))
    with pytest.raises(NotSent, match="must be https"):
        asyncio.run(post_form("http://10.0.0.1/bye", {}, public_only=False))
