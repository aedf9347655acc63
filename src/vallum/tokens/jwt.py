"""JWT access tokens: the one door. Bytes go in; verified claims come out, or an exception."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from vallum.tokens import jws
from vallum.tokens.claims import IssuerExpectations, VerifiedClaims, judge_claims
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwks import KeySet
from vallum.tokens.svid import claimed_trust_domain, judge_svid
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

_LIMITS: Final = JSONLimits(depth=8, width=256, string=jws.MAX_TOKEN)


class UnverifiedToken(NamedTuple):
    """A well-formed token that nobody has verified. Good for choosing keys, for nothing else."""

    unverified_jws: jws.UnverifiedJWS
    unverified_claims: dict[str, Any]

    @property
    def unverified_issuer(self) -> object:
        """Who the token says that vouches for it: `iss`, or a workload's trust domain."""
        jws_ = self.unverified_jws
        domain = claimed_trust_domain(jws_.header_names, jws_.type, self.unverified_claims)
        return domain or self.unverified_claims.get("iss")

    @property
    def unverified_kid(self) -> str | None:
        """`kid` as the token claims it; of the grammar of key ids."""
        return self.unverified_jws.kid


def read(token: bytes) -> UnverifiedToken:
    """Take a token apart without believing any of it.

    Raises:
        InvalidToken: it is not a strict compact JWT.
    """
    unverified = jws.read(token)
    # RFC 7519 §7.2: the payload is a JSON object; duplicate names are refused (B-140).
    try:
        claims = parse_json(unverified.payload, _LIMITS)
    except MalformedJSON:
        raise InvalidToken("jwt.claims") from None
    if not isinstance(claims, dict):
        raise InvalidToken("jwt.claims")
    return UnverifiedToken(unverified, claims)


def verify(
    token: bytes | UnverifiedToken, *, issuer: IssuerExpectations, keys: KeySet, now: float
) -> VerifiedClaims:
    """Verify an access token completely.

    Args:
        token: as received after `Bearer`, or what `read` made of it.
        issuer: what its tokens must look like.
        keys: the issuer's keys; never those of another.
        now: wall-clock Unix seconds.

    Raises:
        InvalidToken: with the reason; there is no other outcome than this or the claims.
    """
    if isinstance(token, bytes):
        token = read(token)
    jws.verify_signature(token.unverified_jws, keys, issuer.algorithms)
    judge = judge_svid if issuer.is_trust_domain else judge_claims
    return judge(token.unverified_claims, token.unverified_jws.type, issuer, now)
