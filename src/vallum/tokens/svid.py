"""JWT-SVIDs: tokens of workloads (SPIFFE JWT-SVID; B-206)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from vallum.core.spiffe import InvalidSpiffeId, SpiffeId, parse_workload_id
from vallum.tokens.claims import (
    IssuerExpectations,
    VerifiedClaims,
    confirmation_of,
    identifier,
    judge_audience,
    judge_times,
)
from vallum.tokens.errors import InvalidToken

KEY_USES: Final = frozenset({"sig", "jwt-svid"})
"""`use` of keys in a trust bundle that verify JWT-SVIDs (SPIFFE Trust Domain and Bundle §4.2.2)."""

_HEADERS: Final = frozenset({"alg", "kid", "typ"})
_TYPES: Final = frozenset({"jwt", "jose"})


def claimed_trust_domain(
    header_names: frozenset[str], type_: str | None, claims: dict[str, Any]
) -> str | None:
    """`spiffe://trust-domain` where a token that nobody has verified claims to be a JWT-SVID."""
    subject = claims.get("sub")
    if not header_names <= _HEADERS or (type_ is not None and type_.lower() not in _TYPES):
        return None
    try:
        found = parse_workload_id(subject) if isinstance(subject, str) else None
    except InvalidSpiffeId:
        return None
    return None if found is None else str(SpiffeId(found.trust_domain, ""))


def judge_svid(
    claims: dict[str, Any], type_: str | None, expected: IssuerExpectations, now: float
) -> VerifiedClaims:
    """Check the claims of a JWT-SVID whose signature is good.

    Raises:
        InvalidToken: with the first reason found.
    """
    if type_ is not None and type_.lower() not in _TYPES:
        raise InvalidToken("jwt.type")
    # §3.2 and §3.3: `aud` and `exp` are REQUIRED.
    judge_audience(claims.get("aud"), expected)
    issued_at, expires_at = judge_times({"iat": now, **claims}, expected, now)
    subject = claims.get("sub")
    # SECURITY: only what the policy lists: each workload of a trust domain is another caller.
    known = expected.workloads.get(subject) if isinstance(subject, str) else None
    if known is None:
        raise InvalidToken("jwt.subject")
    return VerifiedClaims(
        issuer=expected.issuer,
        kind="workload",
        subject=f"workload:{known.name}",
        scopes=known.scopes,
        roles=known.roles,
        token_id=identifier(claims, "jti"),
        issued_at=issued_at,
        expires_at=expires_at,
        claims=MappingProxyType(claims),
        confirmation=confirmation_of(claims, expected.binding),
    )
