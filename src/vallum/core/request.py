"""The one canonical request that every rule reads (GW-4: parse once)."""

from __future__ import annotations

from typing import NamedTuple

from vallum.core.fields import Fields


class Target(NamedTuple):
    """A request target after canonicalisation: decoded once, free of anything ambiguous."""

    path: str
    """Decoded path; begins with `/`. Encoded slashes never get here unless the route opts in."""
    segments: tuple[str, ...]
    """The decoded segments of `path`; `/a/b` is `("a", "b")` and `/` is `()`."""
    encoded_path: bytes
    """Canonical percent-encoded path, the bytes that an upstream receives."""
    query: tuple[tuple[str, str], ...]
    """Decoded name-value pairs in order; duplicates are kept for the contract to judge."""
    encoded_query: bytes
    """Canonical percent-encoded query without `?`; empty when there is none."""
    sent_path: bytes = b""
    """The path as it was sent. Only for comparing with what the client signed."""
    sent_query: bytes = b""
    """The query as it was sent, without `?`."""


class Client(NamedTuple):
    """Who is at the other end of the connection, as far as addresses can tell."""

    address: str
    """The client's IP address: the socket's peer, or what trusted proxies vouch for."""
    peer: str
    """The socket's peer address."""
    port: int
    certificate: bytes | None = None
    """The certificate (DER) that the connection's peer proved in the TLS handshake to hold, where
    one was asked for and verified. Never from a field of the request (B-068)."""
    trusts: tuple[str, ...] = ()
    """Names of the policy's trusts whose authorities vouch for `certificate`."""


class Request(NamedTuple):
    """A request head. Immutable: no filter can change what the next one reads."""

    method: str
    target: Target
    fields: Fields
    scheme: str
    """`https` or `http`: the real listener's, never a header's (B-054)."""
    host: str
    """Canonical authority: lower case, no trailing dot, no default port."""
    client: Client
