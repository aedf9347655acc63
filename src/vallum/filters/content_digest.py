"""Bodies of signed requests are what their digest says (RFC 9530; B-208).

A signature covers the field with the digest; whether that is the digest of what came is found out
here. A control of its own, because the body is read long after the signature was verified, and
before anything decodes it.
"""

from __future__ import annotations

from typing import ClassVar

from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.signature import Settings
from vallum.openapi.model import Operation
from vallum.wire.content_digest import WrongDigest, check_content_digest


class ContentDigest:
    """Recomputes the digest of a body over the bytes that came."""

    name: ClassVar[str] = "content_digest"
    phase: ClassVar[Phase] = Phase.READ

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile the control for one operation; None where requests need no signature."""
        if settings.signature is None:
            return None
        return Attachment(
            summary="sha-256 or sha-512",
            check=_check,
            explain=lambda _: "the body is what its digest says",
            needs_body=True,
        )


def _check(exchange: Exchange) -> None:
    lines = exchange.request.fields.all(b"content-digest")
    # A digest without a body may have lost it on the way.
    if not exchange.body and not lines:
        return
    try:
        check_content_digest(lines, exchange.body)
    except WrongDigest as error:
        raise Denied("content-digest", str(error)) from None
