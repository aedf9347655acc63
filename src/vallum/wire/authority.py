"""Authorities and client addresses (B-052, B-053, B-090)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_FORWARDED_ENTRIES = 32


def canonical_host(value: bytes, scheme: str) -> str:
    """A Host value that was checked, in the one form that routing compares.

    Lower case, one trailing dot and the scheme's default port removed.
    """
    text = value.decode("ascii").lower()
    name, colon, port = text.rpartition(":")
    if not colon or "]" in port:
        name, port = text, ""
    if port and int(port) == (443 if scheme == "https" else 80):
        port = ""
    name = name.removesuffix(".")
    return f"{name}:{int(port)}" if port else name


def parse_networks(ranges: Sequence[str]) -> tuple[Network, ...]:
    """CIDR ranges as networks.

    Raises:
        ValueError: a range that cannot be read. It is never skipped: a typo would remove a rule.
    """
    return tuple(ipaddress.ip_network(entry) for entry in ranges)


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host stays on this machine.

    SECURITY: `localhost` is in every file of hosts; of names below it, which RFC 6761 §6.3 gives to
    loopback too, a resolver may say anything.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether an address is one of our own proxies'."""
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return any(parsed.version == network.version and parsed in network for network in trusted)


def client_address(peer: str, forwarded_for: Sequence[bytes], trusted: Sequence[Network]) -> str:
    """The client's address: the peer, or what an unbroken chain of trusted hops vouches for.

    Args:
        peer: the socket's peer.
        forwarded_for: the values of X-Forwarded-For, in order.
        trusted: networks of our own proxies; empty means that the peer is the client.
    """
    if not trusted or not forwarded_for or not is_trusted(peer, trusted):
        return peer
    entries = b",".join(forwarded_for).split(b",")
    client = peer
    # Right to left: each hop is believed only as long as the one that reported it is ours.
    for entry in reversed(entries[-MAX_FORWARDED_ENTRIES:]):
        if b"%" in entry:
            return client  # RFC 4007 §11: a zone may be any text, and means nothing elsewhere.
        try:
            hop = str(ipaddress.ip_address(entry.strip(b" \t").decode("ascii")))
        except ValueError:
            return client  # A malformed entry ends the walk at the last good hop (B-053).
        client = hop
        if not is_trusted(hop, trusted):
            return client
    return client
