"""Which keys the sender of a request holds: of its proof (RFC 9449) and of its certificate
(RFC 8705). Tokens that are bound to them are worth nothing to whoever copies them."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.client_auth import Caller
from vallum.identity.services import Services
from vallum.identity.storage.once import first_time
from vallum.tokens.dpop import InvalidProof, Proof, verify_proof
from vallum.tokens.thumbprint import base64url_digest

NONCE_FIELD = "dpop-nonce"


class Sender(NamedTuple):
    """The keys that the sender of a request has shown to hold, of those that count."""

    jkt: str | None
    x5t: str | None

    @property
    def confirmation(self) -> dict[str, str] | None:
        """`cnf` of its tokens (RFC 7800); None: it gets bearer tokens."""
        keys = {"jkt": self.jkt, "x5t#S256": self.x5t}
        return {name: value for name, value in keys.items() if value is not None} or None

    @property
    def token_type(self) -> str:
        """RFC 9449 §5, RFC 6750."""
        return "Bearer" if self.jkt is None else "DPoP"


def read_proof(
    services: Services, request: Request, *, access_token: str | None = None
) -> Proof | None:
    """The proof of a request; None where it has none. `demand_new` must follow.

    Args:
        services: the provider's parts.
        request: with a `DPoP` field or without.
        access_token: that the request presents, at an endpoint that takes one.

    Raises:
        OAuthError: `invalid_dpop_proof`, or `use_dpop_nonce` with a nonce for the next try.
    """
    fields = request.headers.getlist("dpop")
    if not fields:
        return None
    # RFC 9449 §4.3, check 1.
    if len(fields) > 1:
        raise OAuthError("invalid_dpop_proof", "one proof at a time", reason="dpop.twice")
    now = services.clock()
    try:
        return verify_proof(
            fields[0].encode("utf-8", "replace"),
            method=request.method,
            uri=services.settings.issuer + request.url.path,
            now=now,
            access_token=None if access_token is None else access_token.encode("utf-8", "replace"),
            nonces=services.nonces,
            # SECURITY: always. A nonce of ours shows that the proof was made now, and not long
            # ago by somebody who had the key for a moment (RFC 9449 §11.2).
            nonce_needed=True,
        )
    except InvalidProof as error:
        if error.reason != "dpop.nonce":
            raise OAuthError("invalid_dpop_proof", reason=error.reason) from None
        raise OAuthError(
            "use_dpop_nonce",
            "the proof must hold the nonce of this answer",
            headers=nonce_field(services),
        ) from None


async def demand_new(services: Services, proof: Proof) -> None:
    """Refuse a proof that was shown before (RFC 9449 §11.1, B-195).

    Raises:
        OAuthError: `invalid_dpop_proof`.
    """
    async with services.database.write() as connection:
        is_first = await first_time(
            connection,
            "proof",
            proof.replay_id.hex(),
            until=proof.expires_at,
            now=services.clock(),
        )
    if not is_first:
        raise OAuthError("invalid_dpop_proof", reason="dpop.replay")


async def identify_sender(services: Services, caller: Caller, proof: Proof | None) -> Sender:
    """The keys that the tokens of this request are bound to.

    Raises:
        OAuthError: the proof was shown before, or the client must show a key and did not.
    """
    binding = caller.client.binding
    if proof is not None:
        await demand_new(services, proof)
    elif binding == "dpop":
        # RFC 9449 §5.2: requests without a proof of such a client MUST be rejected.
        raise OAuthError("invalid_dpop_proof", "this client proves its key with each request")
    x5t = None
    if binding == "mtls":
        if caller.certificate is None:
            raise OAuthError("invalid_request", "this client needs a certificate")
        x5t = base64url_digest(caller.certificate)
    return Sender(None if proof is None else proof.jkt, x5t)


def nonce_field(services: Services) -> dict[str, str]:
    """The field with the nonce for the next proof (RFC 9449 §8.2)."""
    return {NONCE_FIELD: services.nonces.issue(services.clock())}
