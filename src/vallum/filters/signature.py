"""Requests that must be signed as messages (CR-3; RFC 9421; B-207, B-209 to B-212).

Stands beside authentication: who calls is for the authenticators to say, that nothing was changed
or sent twice on the way is for the signature. What it does not cover does not go on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Protocol

from vallum.core.ports import KNOWN, Clock, LimitStore
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.idempotency import Idempotency
from vallum.filters.once import MOST_A_MINUTE, OncePerKey, ReplayStore
from vallum.openapi.model import Operation
from vallum.tokens.http_signature import (
    MALFORMED,
    InvalidSignature,
    Rules,
    VerifiedSignature,
    verify_signature,
)
from vallum.tokens.jwk import VerificationKey
from vallum.tokens.signature_base import component

CHALLENGE: Final = b'www-authenticate: Signature realm="vallum"\r\n'
"""RFC 9110 §11.6.1 wants a challenge with each 401; no scheme is registered for signatures."""

_SIGNED: Final = frozenset({b"signature", b"signature-input", b"content-digest"})
"""Not for the upstream: it is the gateway that checks them, and a body may be rewritten."""
_OF_BODIES: Final = ("content-digest", "content-type", "content-encoding")
_OF_ANSWERS: Final = frozenset({b"accept", b"accept-encoding", b"accept-language"})
"""What clients add on their own, and what decides nothing but the form of the answer."""
_PREFIX: Final = KNOWN + b"signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSettings:
    """What requests must be signed with, and for."""

    keys: Mapping[str, VerificationKey] = field(compare=False, repr=False)
    """The keys of signers, by `keyid`."""
    file: Path
    """The JWK Set that they come from."""
    digest: bytes
    """SHA-256 of what it held when it was read."""
    tag: str
    """The application's own, so that a signature for another one is none here."""
    components: tuple[str, ...] = ("@method", "@target-uri")
    """What signatures must cover at least; with a body, its digest and type as well."""
    max_age: float = 60.0
    """Seconds since they were created at most."""


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def signature(self) -> SignatureSettings | None:
        """None where requests need no signature."""
        ...

    @property
    def idempotency(self) -> Idempotency | None:
        """How requests that must run once are told."""
        ...


class RequireSignature:
    """Lets requests pass that are signed, once."""

    name: ClassVar[str] = "signature"
    phase: ClassVar[Phase] = Phase.KNOW

    __slots__ = ("_clock", "_once", "_origin")

    def __init__(
        self,
        *,
        replays: ReplayStore,
        limits: LimitStore,
        clock: Clock,
        public_url: str = "",
        most: int = MOST_A_MINUTE,
    ) -> None:
        """
        Args:
            replays: what nonces were used; shared by all workers.
            limits: counts the signatures of each key; shared by all workers.
            clock: wall-clock Unix seconds.
            public_url: scheme and authority by which clients know the API; empty: those of the
                request.
            most: signatures of one key in a minute.
        """
        self._once = OncePerKey(
            replays=replays, limits=limits, prefix=_PREFIX, reason="signature.too-many", most=most
        )
        self._clock = clock
        self._origin = public_url

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile the control for one operation; None where requests need no signature."""
        asked = settings.signature
        if asked is None:
            return None
        rules = Rules(
            tag=asked.tag,
            components=tuple(map(component, asked.components)),
            max_age=asked.max_age,
        )
        telling = set(operation.declared_headers)
        if settings.idempotency is not None:
            telling.add(settings.idempotency.header.lower().encode("ascii"))
        names = tuple(sorted(telling))

        def check(exchange: Exchange) -> None:
            request = exchange.request
            now = self._clock()
            origin = self._origin or f"{request.scheme}://{request.host}"
            try:
                found = verify_signature(
                    request,
                    rules=rules,
                    fields=_needed(request, names),
                    keys=asked.keys,
                    origin=origin,
                    now=now,
                )
            except InvalidSignature as error:
                raise _refusal(error.reason) from None
            self._use_up(found, now)
            # SECURITY: what is not signed may be another's (RFC 9421 §7.2.1, B-207).
            sent = {name for name, _ in request.fields.items}
            exchange.withheld = frozenset(sent - found.covered - _OF_ANSWERS)

        return Attachment(
            summary=f"tag {asked.tag}",
            check=check,
            explain=lambda _: "the request is signed, for the first time",
            withholds=_SIGNED,
        )

    def _use_up(self, found: VerifiedSignature, now: float) -> None:
        if found.created_at < math.floor(self._once.known_since):
            # What was used before the memory was lost, nobody knows: sign again.
            raise _refusal("signature.expired")
        if not self._once.is_first(found.key_id, found.replay_id, found.expires_at, now):
            raise _refusal("signature.replay")


def _needed(request: Request, names: tuple[bytes, ...]) -> list[str]:
    """The fields that must be covered because they are there and say what is to be done."""
    fields = request.fields
    needed = [name.decode("ascii") for name in names if name in fields]
    if b"transfer-encoding" in fields or (fields.get(b"content-length") or b"0") != b"0":
        # A body without a digest is refused for that, once it is read (B-208).
        needed += [name for name in _OF_BODIES if name.encode("ascii") in fields]
    return needed


def _refusal(reason: str) -> Denied:
    if reason in MALFORMED:
        return Denied("malformed-request", reason, close=True)
    return Denied("unauthenticated", reason, fields=CHALLENGE)
