"""What an access token must say before anybody believes it (RFC 7519 §4, RFC 9068 §2, §4)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from vallum.core.spiffe import SCHEME
from vallum.tokens.algorithms import SVID_ALGORITHMS, require_algorithms
from vallum.tokens.confirmation import Binding, Confirmation, read_confirmation
from vallum.tokens.errors import InvalidToken, Reason

MAX_LEEWAY: Final = 60.0
"""Seconds of clock skew that can be allowed at most (B-142)."""

MAX_IDENTIFIER: Final = 255
"""Characters of `sub`, `client_id` and `jti` (as OpenID Connect Core §2 has it for `sub`)."""

MAX_NAMES: Final = 256
"""Scopes, roles or audiences of one token."""

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105  (a media type)

# RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ); tokens are separated by SP alone.
_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")

_CLIENT_GRANTS: Final = frozenset({"client_credentials", "client-credentials"})


class KnownSubject(NamedTuple):
    """A workload whose tokens are accepted."""

    name: str
    """As in the policy."""
    scopes: frozenset[str]
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerExpectations:
    """What tokens of one issuer must look like. There is no default for what matters.

    Raises:
        ValueError: an expectation that would check nothing, or contradicts another.
    """

    issuer: str
    """Exact `iss`."""
    audience: tuple[str, ...]
    """A token must name one of these."""
    algorithms: tuple[str, ...]
    types: tuple[str, ...]
    """Accepted `typ`, without `application/`."""
    max_lifetime: float
    """Seconds between `iat` and `exp`."""
    leeway: float = 10.0
    """Seconds of clock skew."""
    allow_multiple_audiences: bool = False
    scope_claim: str = "scope"
    roles_claim: str = "roles"
    binding: Binding = "none"
    """What each token must be bound to."""
    workloads: Mapping[str, KnownSubject] = field(default_factory=lambda: MappingProxyType({}))
    """By SPIFFE ID, where `issuer` is a trust domain (`spiffe://…`): those that are accepted."""

    @property
    def is_trust_domain(self) -> bool:
        """Whether its tokens are JWT-SVIDs."""
        return self.issuer.startswith(SCHEME)

    def __post_init__(self) -> None:
        require_algorithms(self.algorithms)
        if self.is_trust_domain and not SVID_ALGORITHMS.issuperset(self.algorithms):
            raise ValueError("JWT-SVIDs are signed with RS, PS or ES algorithms")
        if not self.issuer:
            raise ValueError("the issuer's exact `iss` is missing")
        for what, values in (("audience", self.audience), ("type", self.types)):
            if not values or not all(values):
                raise ValueError(f"no {what} is accepted: name at least one")
        if not 0 <= self.leeway <= MAX_LEEWAY:
            raise ValueError("leeway must be between 0 and 60 seconds")
        if not 0 < self.max_lifetime < math.inf:
            raise ValueError("the maximal lifetime must be a positive number of seconds")
        object.__setattr__(self, "types", tuple(media_type(value) for value in self.types))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedClaims:
    """The claims of a token that passed every check. Only `vallum.tokens.jwt.verify` makes one."""

    issuer: str
    kind: Literal["user", "client", "workload"]
    subject: str
    """`user:…`, `client:…` or `workload:…`, so that none can be registered as another
    (B-146)."""
    scopes: frozenset[str]
    roles: frozenset[str]
    token_id: str
    """`jti`, or empty where the token's type does not ask for one."""
    issued_at: float
    expires_at: float
    claims: Mapping[str, Any] = field(repr=False)
    confirmation: Confirmation | None = None
    """The keys that must be shown with the token; None: whoever has it may use it."""


def judge_claims(
    claims: dict[str, Any], type_: str | None, expected: IssuerExpectations, now: float
) -> VerifiedClaims:
    """Check the claims of a token whose signature is good.

    Args:
        claims: the payload.
        type_: the header's `typ`.
        expected: what the issuer's tokens must look like.
        now: wall-clock Unix seconds.

    Raises:
        InvalidToken: with the first reason found.
    """
    token_type = media_type(type_) if type_ is not None else ""
    # RFC 9068 §4: the resource server MUST verify `typ` and reject tokens carrying any other.
    if token_type not in expected.types:
        raise InvalidToken("jwt.type")
    # RFC 7519 §4.1.1 and RFC 9068 §4: `iss` MUST exactly match (B-144).
    if claims.get("iss") != expected.issuer:
        raise InvalidToken("jwt.issuer")
    judge_audience(claims.get("aud"), expected)
    issued_at, expires_at = judge_times(claims, expected, now)
    if "crit" in claims:
        raise InvalidToken("jwt.crit")
    confirmation = confirmation_of(claims, expected.binding)
    # RFC 9068 §2.2: sub, client_id and jti are REQUIRED in a JWT access token.
    is_rfc9068 = token_type == ACCESS_TOKEN
    subject = identifier(claims, "sub", required=True)
    client = identifier(claims, "client_id", required=is_rfc9068) or identifier(claims, "azp")
    kind = kind_of(claims, subject, client)
    return VerifiedClaims(
        issuer=expected.issuer,
        kind=kind,
        subject=f"{kind}:{subject}",
        scopes=scopes_of(claims.get(expected.scope_claim), expected.scope_claim),
        roles=roles_of(claims.get(expected.roles_claim)),
        token_id=identifier(claims, "jti", required=is_rfc9068),
        issued_at=issued_at,
        expires_at=expires_at,
        claims=MappingProxyType(claims),
        confirmation=confirmation,
    )


def confirmation_of(claims: dict[str, Any], binding: Binding) -> Confirmation | None:
    confirmation = read_confirmation(claims)
    if binding != "none" and (confirmation is None or not confirmation.satisfies(binding)):
        raise InvalidToken("jwt.binding")
    return confirmation


def media_type(value: str) -> str:
    """A `typ` in its short form (RFC 7515 §4.1.9): lower case, without `application/`."""
    value = value.lower()
    # "... a recipient treats it as if `application/` were prepended when it has no other `/`."
    short = value.removeprefix("application/")
    return value if "/" in short else short


def judge_audience(audience: object, expected: IssuerExpectations) -> None:
    # RFC 7519 §4.1.3: a string, or an array of strings; the recipient MUST be among them.
    names = [audience] if isinstance(audience, str) else audience
    if not isinstance(names, list) or not 0 < len(names) <= MAX_NAMES:
        raise InvalidToken("jwt.audience")
    if not all(isinstance(name, str) for name in names):
        raise InvalidToken("jwt.audience")
    # We are stricter: a token for several audiences lets each of them call the others (B-143).
    if len(names) > 1 and not expected.allow_multiple_audiences:
        raise InvalidToken("jwt.audience")
    if not any(name in expected.audience for name in names):
        raise InvalidToken("jwt.audience")


def judge_times(
    claims: dict[str, Any], expected: IssuerExpectations, now: float
) -> tuple[float, float]:
    """`iat` and `exp` of a token that is to be believed now; raises InvalidToken."""
    # RFC 7519 §4.1.4 to §4.1.6; RFC 9068 §2.2 makes `exp` and `iat` required.
    expires_at = numeric_date(claims.get("exp"), "jwt.expired")
    issued_at = numeric_date(claims.get("iat"), "jwt.lifetime")
    not_before = numeric_date(claims.get("nbf", 0), "jwt.not-yet")
    if now >= expires_at + expected.leeway:
        raise InvalidToken("jwt.expired")
    if max(issued_at, not_before) > now + expected.leeway:
        raise InvalidToken("jwt.not-yet")
    if not 0 < expires_at - issued_at <= expected.max_lifetime:
        raise InvalidToken("jwt.lifetime")
    return issued_at, expires_at


def numeric_date(value: object, reason: Reason) -> float:
    # A boolean is an int in Python and not a NumericDate anywhere.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise InvalidToken(reason)
    return float(value)


def identifier(claims: dict[str, Any], name: str, *, required: bool = False) -> str:
    if name not in claims and not required:
        return ""
    value = claims.get(name)
    # SECURITY: identities end up in fields and logs; no control or invisible character (B-059).
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_IDENTIFIER
        or not value.isprintable()
    ):
        raise InvalidToken("jwt.subject" if name == "sub" else "jwt.claims")
    return value


def kind_of(claims: dict[str, Any], subject: str, client: str) -> Literal["user", "client"]:
    # RFC 9068 §2.2 and §5: without a resource owner `sub` identifies the client. RFC 9700 §4.15:
    # servers must tell the two apart. The grant, where an issuer states it, decides as well.
    grants = (claims.get("gty"), claims.get("grant_type"))
    is_client = subject == client or any(
        isinstance(grant, str) and grant in _CLIENT_GRANTS for grant in grants
    )
    return "client" if is_client else "user"


def scopes_of(value: object, claim: str) -> frozenset[str]:
    if value is None or value == "":
        return frozenset()
    # RFC 8693 §4.2: `scope` is a string. Claims of other names follow no standard, and issuers
    # use arrays for them.
    names = value.split(" ") if isinstance(value, str) else value
    if not isinstance(names, list) or (claim == "scope" and not isinstance(value, str)):
        raise InvalidToken("jwt.scope")
    if len(names) > MAX_NAMES or not all(
        isinstance(name, str) and _SCOPE_TOKEN.fullmatch(name) for name in names
    ):
        raise InvalidToken("jwt.scope")
    return frozenset(names)


def roles_of(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or len(value) > MAX_NAMES:
        raise InvalidToken("jwt.roles")
    if not all(
        isinstance(role, str) and 0 < len(role) <= MAX_IDENTIFIER and role.isprintable()
        for role in value
    ):
        raise InvalidToken("jwt.roles")
    return frozenset(value)
