"""A client connection of a listener that asks for certificates.

The certificate is judged when the connection is made, and again when the policy, an authority or a
revocation list has changed or the judgement has run out. A connection whose certificate is refused
serves nothing at all, whatever the operation asks for: 401, and the end (B-204, B-205).
"""

from __future__ import annotations

import asyncio
from time import time
from typing import TYPE_CHECKING

from vallum.core.problems import Denied
from vallum.core.request import Client
from vallum.filters.require_mtls import CHALLENGE
from vallum.gateway.client_tls import ServerSide, shown_by
from vallum.gateway.downstream import Downstream
from vallum.gateway.flight import Flight, no_request
from vallum.pki.errors import RefusedCertificate

if TYPE_CHECKING:
    from vallum.gateway.worker import Worker


class CertifiedDownstream(Downstream):
    """The server side of a connection whose client may have shown a certificate."""

    __slots__ = ("_asked_name", "_chain", "_judged_by", "_refusal", "_shown", "_until")

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker)
        self._shown: bytes | None = None
        self._chain: list[bytes] = []
        self._asked_name = ""
        self._refusal = ""
        self._judged_by: object = None
        self._until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = transport.get_extra_info("ssl_object")
        if isinstance(connection, ServerSide):
            self._shown, self._chain = shown_by(connection)
            self._asked_name = (connection.asked_name or "").lower().removesuffix(".")
        super().connection_made(transport)

    def _begin(self, line: bytes, block: bytes, started: float) -> Flight:
        if self._judged_by is not self.worker.runtime.trusts or time() >= self._until:
            self._judge()
        return super()._begin(line, block, started)

    def _route(self, flight: Flight) -> bool:
        if self._refusal:
            raise Denied("unauthenticated", self._refusal, fields=CHALLENGE, close=True)
        is_routed = super()._route(flight)
        self._check_name(flight.request.host)
        return is_routed

    def _judge(self) -> None:
        """Judge the certificate by the policy in force."""
        trusts = self.worker.runtime.trusts
        address, peer, port = self.client[:3]
        self.client = Client(address, peer, port)
        self._judged_by, self._until, self._refusal = trusts, float("inf"), ""
        if trusts is None or self._shown is None:
            if trusts is not None and trusts.required:
                self._refusal = "mtls.no-certificate"
        else:
            try:
                vouched = trusts.judge(self._shown, self._chain, time())
                self.client = Client(address, peer, port, self._shown, vouched.trusts)
                self._until = vouched.until
            except RefusedCertificate as error:
                self._refusal = error.reason
        self.no_request = no_request(self.client, self.worker.runtime.scheme)
        self._fields = None  # What was derived from them tells the client as it was.

    def _check_name(self, host: str) -> None:
        """RFC 9110 §7.4: a request for another name than the connection was made for."""
        # No IP address is ever asked for (RFC 6066 §3), so what is before a colon is the name.
        if self._asked_name and host.partition(":")[0] != self._asked_name:
            raise Denied("misdirected-request", "route.other-name", close=True)
