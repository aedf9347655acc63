"""Cross-origin resource sharing (BR-1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CORS:
    """Which web origins may call, and how."""

    origins: tuple[str, ...]
    """Exact origins, `https://*.example.com` (one label), or `*` alone."""
    credentials: bool = False
    methods: tuple[str, ...] = ()
    """Empty: the methods that the contract declares for the path."""
    request_headers: tuple[str, ...] = ("authorization", "content-type")
    expose_headers: tuple[str, ...] = (
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
    )
    max_age: int = 600
    """Seconds; at most 7200 (B-284)."""
    private_network: bool = False
