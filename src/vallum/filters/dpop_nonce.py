"""Hands out the nonce for a client's next proof, where proofs must hold one (RFC 9449 §8.2)."""

from __future__ import annotations

from typing import ClassVar, Protocol

from vallum.core.ports import Clock
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.sender import nonce_line
from vallum.openapi.model import Operation
from vallum.tokens.nonces import Nonces


class NonceSettings(Protocol):
    """What this control reads of an operation's policy."""

    @property
    def dpop_nonce(self) -> bool: ...


class DPoPNonce:
    """Adds the nonce to answers, so that a client that goes on calling is never sent back."""

    name: ClassVar[str] = "dpop_nonce"
    phase: ClassVar[Phase] = Phase.KNOW

    def __init__(self, nonces: Nonces, clock: Clock) -> None:
        """
        Args:
            nonces: this gateway's.
            clock: wall-clock Unix seconds.
        """
        self._nonces = nonces
        self._clock = clock

    def attach(self, operation: Operation, settings: NonceSettings) -> Attachment | None:
        """Compile the control; None where proofs need no nonce."""
        if not settings.dpop_nonce:
            return None

        def check(exchange: Exchange) -> None:
            if b"dpop" in exchange.request.fields:
                exchange.reply_fields += nonce_line(self._nonces, self._clock())

        return Attachment(
            summary="proofs hold a nonce",
            check=check,
            explain=lambda _: "the answer will carry the nonce for the next proof",
        )
