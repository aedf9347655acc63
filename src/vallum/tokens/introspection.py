"""What an issuer answers about a token that only it can read (RFC 7662 §2.2)."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any, Final

from vallum.tokens.claims import (
    IssuerExpectations,
    VerifiedClaims,
    confirmation_of,
    identifier,
    judge_audience,
    kind_of,
    numeric_date,
    roles_of,
    scopes_of,
)
from vallum.tokens.errors import InvalidToken
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer."""

_LIMITS: Final = JSONLimits(depth=8, width=256, string=8 * 1024)
_TYPES: Final = frozenset({"bearer", "dpop", "pop", "at+jwt", "access_token"})


class BadAnswer(ValueError):  # noqa: N818  (a state of the issuer, not of the token)
    """An answer that is none: the issuer did not say whether the token is good."""


def read_answer(document: bytes) -> dict[str, Any]:
    """The members of an answer.

    Raises:
        BadAnswer: it is not strict JSON, or does not say whether the token is active.
    """
    if len(document) > MAX_ANSWER:
        raise BadAnswer("larger than 64 KiB")
    try:
        value = parse_json(document, _LIMITS)
    except MalformedJSON as error:
        raise BadAnswer(f"not strict JSON ({error.code})") from None
    # SECURITY: only true is true; "true" or 1 is an answer of something else.
    if not isinstance(value, dict) or not isinstance(value.get("active"), bool):
        raise BadAnswer("it does not say whether the token is active")
    return value


def judge_answer(
    answer: dict[str, Any], expected: IssuerExpectations, now: float
) -> VerifiedClaims:
    """Believe an answer as far as a token would be believed.

    Args:
        answer: from `read_answer`; it came from the issuer itself, over a connection of ours.
        expected: what the issuer's tokens must look like.
        now: wall-clock Unix seconds.

    Raises:
        InvalidToken: inactive, for others, expired, or not an access token.
    """
    if answer["active"] is not True:
        raise InvalidToken("jwt.inactive")
    # RFC 7662 §2.2: `iss` is optional, because the answer's issuer is known. Another one is wrong.
    if answer.get("iss", expected.issuer) != expected.issuer:
        raise InvalidToken("jwt.issuer")
    token_type = answer.get("token_type", "bearer")
    # SECURITY: some issuers answer for refresh tokens too, and say so here.
    if not isinstance(token_type, str) or token_type.lower() not in _TYPES:
        raise InvalidToken("jwt.type")
    # RFC 7662 §4: the audience must be checked by whoever asks. We are stricter: there must be one.
    judge_audience(answer.get("aud"), expected)
    issued_at, expires_at = _times(answer, expected, now)
    confirmation = confirmation_of(answer, expected.binding)
    client = identifier(answer, "client_id")
    subject = identifier(answer, "sub", required=not client) or client
    kind = kind_of(answer, subject, client)
    return VerifiedClaims(
        issuer=expected.issuer,
        kind=kind,
        subject=f"{kind}:{subject}",
        scopes=scopes_of(answer.get(expected.scope_claim), expected.scope_claim),
        roles=roles_of(answer.get(expected.roles_claim)),
        token_id=identifier(answer, "jti"),
        issued_at=issued_at,
        expires_at=expires_at,
        claims=MappingProxyType(answer),
        confirmation=confirmation,
    )


def _times(answer: dict[str, Any], expected: IssuerExpectations, now: float) -> tuple[float, float]:
    """`iat` (0 where there is none: any revocation of the subject ends it) and `exp`."""
    issued_at = numeric_date(answer.get("iat", 0), "jwt.lifetime")
    if max(issued_at, numeric_date(answer.get("nbf", 0), "jwt.not-yet")) > now + expected.leeway:
        raise InvalidToken("jwt.not-yet")
    if "exp" not in answer:
        return issued_at, math.inf
    expires_at = numeric_date(answer["exp"], "jwt.expired")
    if now >= expires_at + expected.leeway:
        raise InvalidToken("jwt.expired")
    if issued_at and not 0 < expires_at - issued_at <= expected.max_lifetime:
        raise InvalidToken("jwt.lifetime")
    return issued_at, expires_at
