"""Whether who shows a token is the one it was given to (AN-8; RFC 9449 §7, RFC 8705 §3).

Asked on every request: that a token is good may be remembered, that its sender holds the key never.
"""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from typing import Final

from vallum.core.ports import KNOWN, LimitStore
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.filters.challenges import BEARER, DPOP, addressed, challenge
from vallum.filters.once import MOST_A_MINUTE, OncePerKey, ReplayStore
from vallum.tokens.confirmation import Binding, Confirmation
from vallum.tokens.dpop import InvalidProof, Proof, verify_proof
from vallum.tokens.nonces import Nonces

_PREFIX: Final = KNOWN + b"dpop"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRules:
    """What an operation asks of the senders of tokens."""

    binding: Binding = "none"
    """What tokens must be bound to. A bound token is held to it whatever stands here."""
    nonce: bool = False
    """Whether proofs must hold a nonce of ours."""
    public_url: str = ""
    """Scheme and authority by which clients know the API; empty: those of the request."""
    metadata: str = ""
    """Path of the API's description of itself (RFC 9728), or empty."""


class SenderCheck:
    """Holds senders of tokens to what their tokens are bound to."""

    __slots__ = (
        "_metadata",
        "_nonces",
        "_once",
        "challenge",
        "rules",
        "takes_unbound",
    )

    def __init__(
        self,
        rules: SenderRules,
        *,
        replays: ReplayStore,
        limits: LimitStore,
        nonces: Nonces,
        most: int = MOST_A_MINUTE,
    ) -> None:
        """
        Args:
            rules: of the operation.
            replays: what proofs were used; shared by all workers.
            limits: counts the proofs of each key; shared by all workers.
            nonces: this gateway's.
            most: proofs of one key in a minute.
        """
        self.rules = rules
        self.takes_unbound = rules.binding == "none"
        self._once = OncePerKey(
            replays=replays,
            limits=limits,
            prefix=_PREFIX,
            reason="dpop.too-many-proofs",
            most=most,
        )
        self._nonces = nonces
        self._metadata = rules.public_url + rules.metadata if rules.metadata else ""
        schemes = {"dpop": (DPOP,), "any": (DPOP, BEARER)}.get(rules.binding, (BEARER,))
        self.challenge = b"".join(challenge(each, metadata=self._metadata) for each in schemes)
        """For callers who show no token."""

    def refusal(self, request: Request, reason: str) -> Denied:
        """A 401 in answer to a token, in the scheme that it was shown with."""
        scheme = DPOP if _is_dpop(request) else BEARER
        return self._refusal(request, reason, "invalid_token", scheme)

    def check(
        self, request: Request, token: bytes, confirmation: Confirmation | None, now: float
    ) -> None:
        """Let a verified token be used.

        Args:
            request: that shows it.
            token: as received, without the scheme.
            confirmation: what it is bound to.
            now: wall-clock Unix seconds.

        Raises:
            Denied: its sender does not prove to hold the key, or it is not bound as is asked for.
        """
        is_dpop = _is_dpop(request)
        if confirmation is None or not confirmation.jkt:
            if is_dpop:
                # RFC 9449 §7.1: the scheme is for tokens that are bound to a key.
                raise self._refusal(request, "dpop.unbound-token", "invalid_token", DPOP)
        elif not is_dpop:
            # SECURITY: RFC 9449 §7.2, such a token MUST NOT be accepted as a bearer token (B-194).
            raise self._refusal(request, "dpop.as-bearer", "invalid_token", DPOP)
        if not self.takes_unbound and (
            confirmation is None or not confirmation.satisfies(self.rules.binding)
        ):
            scheme = BEARER if self.rules.binding == "mtls" else DPOP
            raise self._refusal(request, "jwt.binding", "invalid_token", scheme)
        if confirmation is None:
            return
        if confirmation.x5t and not confirmation.is_certificate(request.client.certificate):
            has_one = request.client.certificate is not None
            reason = "mtls.other-certificate" if has_one else "mtls.no-certificate"
            raise self.refusal(request, reason)
        if confirmation.jkt:
            self._check_proof(request, token, confirmation.jkt, now)

    def _check_proof(self, request: Request, token: bytes, jkt: str, now: float) -> None:
        field = request.fields.get(b"dpop")
        if field is None:
            raise self._refusal(request, "dpop.missing", "invalid_dpop_proof", DPOP)
        origin = self.rules.public_url or f"{request.scheme}://{request.host}"
        try:
            proof = verify_proof(
                field,
                method=request.method,
                uri=origin + request.target.encoded_path.decode("ascii"),
                now=now,
                access_token=token,
                nonces=self._nonces,
                nonce_needed=self.rules.nonce,
            )
        except InvalidProof as error:
            if error.reason == "dpop.nonce":
                raise self._use_nonce(request, error.reason, now) from None
            raise self._refusal(request, error.reason, "invalid_dpop_proof", DPOP) from None
        if not hmac.compare_digest(proof.jkt, jkt):
            raise self._refusal(request, "dpop.other-key", "invalid_token", DPOP)
        self._use_up(request, proof, now)

    def _use_up(self, request: Request, proof: Proof, now: float) -> None:
        if not self._is_after_start(proof):
            # What was used before, nobody knows. A nonce of ours shows that this is not from then.
            raise self._use_nonce(request, "dpop.nonce", now)
        if not self._once.is_first(proof.jkt, proof.replay_id, proof.expires_at, now):
            raise self._refusal(request, "dpop.replay", "invalid_dpop_proof", DPOP)

    def _is_after_start(self, proof: Proof) -> bool:
        """Whether the memory of used proofs goes back to before this one was made."""
        made_at = self._once.known_since
        if proof.issued_at >= math.floor(made_at):
            return True
        return proof.nonce_made_at is not None and proof.nonce_made_at >= made_at

    def _use_nonce(self, request: Request, reason: str, now: float) -> Denied:
        # RFC 9449 §9: 401 with use_dpop_nonce, and the nonce to use.
        denied = self._refusal(request, reason, "use_dpop_nonce", DPOP)
        denied.fields += nonce_line(self._nonces, now)
        return denied

    def _refusal(self, request: Request, reason: str, error: str, scheme: str) -> Denied:
        line = challenge(scheme, metadata=self._metadata, error=error)
        return Denied("unauthenticated", reason, fields=addressed(line, request))


def nonce_line(nonces: Nonces, now: float) -> bytes:
    """The field line with the nonce for the next proof."""
    return b"dpop-nonce: %b\r\n" % nonces.issue(now).encode("ascii")


def _is_dpop(request: Request) -> bool:
    # RFC 9110 §11.1: the scheme is case-insensitive.
    value = request.fields.get(b"authorization") or b""
    return value[:5].lower() == b"dpop "
