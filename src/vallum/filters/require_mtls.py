"""Operations that are called over connections with a client certificate only (B-205)."""

from __future__ import annotations

from typing import ClassVar, Final

from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation

CHALLENGE: Final = b'www-authenticate: MutualTLS realm="vallum"\r\n'
"""RFC 9110 §11.6.1 wants a challenge with each 401; no scheme is registered for certificates."""


class RequireMTLS:
    """Refuses requests whose connection has no certificate.

    The listener may ask for certificates without needing them; here is where they are needed, in
    the route, so that no other name or connection of the same listener leads around it.
    """

    name: ClassVar[str] = "require_mtls"
    phase: ClassVar[Phase] = Phase.KNOW

    def attach(self, operation: Operation, settings: bool) -> Attachment | None:
        """Compile the control for one operation; None where no certificate is needed."""
        if not settings:
            return None
        return Attachment(
            summary="client certificate",
            check=_check,
            explain=lambda _: "the connection has a client certificate",
        )


def _check(exchange: Exchange) -> None:
    if exchange.request.client.certificate is None:
        raise Denied("unauthenticated", "mtls.no-certificate", fields=CHALLENGE)
