"""Exchanges as records see them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Found:
    """What a record says about one finding."""

    family: str = "sql"
    rule: str = "sql.tautology"
    score: int = 9
    location: str = "query"
    at: str = "q"
    evidence: str = "' or 1=1"
    layers: tuple[str, ...] = ("url",)


@dataclass
class Facts:
    """What a record says about one exchange."""

    request_id: str = "ab" * 16
    trace_id: str = "cd" * 16
    method: str = "GET"
    path: str = "/books/17"
    query_names: tuple[str, ...] = ()
    status: int = 200
    decision: str = "allow"
    reason: str = ""
    upstream_status: int = 200
    request_bytes: int = 0
    response_bytes: int = 321
    notes: tuple[str, ...] = ()
    findings: tuple[Found, ...] = ()


SCENE = ("bookshop", "getBook", "api.example", "3f2a")
CALLER = ("192.0.2.1", "21:https://login.example:ann", "jti-1", b"curl/8.5")
NOW = 1_760_000_000.0
