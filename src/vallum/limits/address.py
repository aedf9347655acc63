"""What counts as one caller when only an address is known (B-262)."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

CEILING = 16
"""How many times the limit of one IPv6 /64 its whole /48 may use."""


@lru_cache(maxsize=8192)
def address_keys(address: str) -> tuple[bytes, bytes | None]:
    """The limit keys of a client address: of the caller, and of the network around it.

    An IPv4 address is a caller. An IPv6 caller has a /64 to choose addresses from (RFC 4291
    §2.5.4), and often a /48 (RFC 6177), so the /64 is the caller and the /48 has a ceiling.
    Anything else, such as the peer of a Unix socket, is one caller for its text.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return b"?" + address.encode("utf-8", "backslashreplace"), None
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is None:
            return b"6" + parsed.packed[:8], b"N" + parsed.packed[:6]
        parsed = mapped
    return b"4" + parsed.packed, None
