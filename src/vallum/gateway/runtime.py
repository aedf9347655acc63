"""A compiled policy: what a worker enforces until a reload swaps it for the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vallum.config.model import Caps, Timeouts
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.engine.exchange import Exchange
from vallum.engine.pipeline import Route
from vallum.engine.router import Router
from vallum.pki.trust import Trusts
from vallum.wire.authority import Network

if TYPE_CHECKING:
    from vallum.gateway.flight import Flight


class Origin(Protocol):
    """Where requests go: an HTTP origin, or an application in this process."""

    authority: str
    """`host:port` of the upstream, for Host and for judging Location."""

    def send(self, flight: Flight) -> None:
        """Begin to forward `flight`; the answer comes back through `flight.downstream`."""
        ...

    async def start(self) -> None:
        """Make ready to serve."""
        ...

    async def stop(self) -> None:
        """Close every connection."""
        ...


class Handle(Protocol):
    """The sending side of one forwarded request."""

    def write_body(self, data: bytes) -> None:
        """Send a piece of the request's body."""
        ...

    def end_body(self) -> None:
        """The request's body is complete."""
        ...

    def abort(self) -> None:
        """Give the request up; nothing more comes back from it."""
        ...

    def pause(self) -> None:
        """Stop reading the answer: the client does not keep up."""
        ...

    def resume(self) -> None:
        """Go on reading the answer."""
        ...


StatementMaker = Callable[[Principal, str, str, float], bytes]
"""Principal, method, path and Unix seconds to a signed statement for one upstream (GW-5)."""

Preflight = Callable[[Mapping[str, Route], Request], tuple[int, bytes]]
"""Answers a CORS preflight with a status and field lines, or raises `Denied`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runtime:
    """Everything that the data plane reads while it serves."""

    revision: str
    """Digest of the policy and its contracts; in each record."""
    scheme: str
    hosts: Mapping[str, Router]
    """By canonical authority; an authority that is not here gets 421."""
    origins: Mapping[str, Origin]
    """By API name."""
    statements: Mapping[str, StatementMaker]
    """By API name."""
    preflight: Preflight
    unmatched: Route
    """Stands for requests that match no operation; carries the default answer fields."""
    pseudonym: bytes
    """This deployment's name in `Via` (RFC 9110 §7.6.3)."""
    trusted_proxies: tuple[Network, ...]
    caps: Caps
    timeouts: Timeouts
    trusts: Trusts | None = None
    """Who vouches for clients' certificates; None where clients are not asked for any."""
    shows_certificate: frozenset[str] = frozenset()
    """APIs whose upstream is told the client's certificate (RFC 9440)."""
    underscored: frozenset[bytes] = frozenset()
    """Request fields with an underscore in their name that a contract declares."""
    note_refusal: Callable[[Exchange, Denied], None]
    """Told of each refusal; counts authentication failures (B-268)."""
    note_usage: Callable[[], None]
    """Has it written when keys were last used; must not block."""
    routes: tuple[Route, ...]
