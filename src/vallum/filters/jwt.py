"""JWT access tokens as bearer tokens (AN-3; RFC 6750 §2.1, RFC 9068)."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from vallum.core.ports import Clock
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.filters.authenticate import Guard
from vallum.store.errors import KeysUnavailable
from vallum.tokens.cache import VerifiedTokenCache
from vallum.tokens.claims import IssuerExpectations
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwks import KeySet, KeySource
from vallum.tokens.jwt import UnverifiedToken, read, verify

MAX_CACHED: Final = 4096
"""Verified tokens that are remembered."""

MAX_CACHED_BYTES: Final = 4 * 1024 * 1024
"""Of tokens; their claims take a few times as much."""

_POLL_SECONDS: Final = 1.0
_RETRY_AFTER: Final = b"retry-after: 30\r\n"


class RevocationList(Protocol):
    """Tokens that ended early; `vallum.store.revocations.Revocations`."""

    def generation(self) -> int:
        """Another number after something was revoked."""
        ...

    def is_revoked(self, issuer: str, subject: str, token_id: str, issued_at: float) -> bool:
        """Whether a verified token was revoked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer whose tokens an operation accepts."""

    name: str
    """As in the policy."""
    expectations: IssuerExpectations
    keys: KeySource


class JWTAuthenticator:
    """Accepts access tokens of certain issuers, and remembers those that it verified."""

    field: Final = b"authorization"
    challenge: Final = b'www-authenticate: Bearer realm="vallum"\r\n'

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        *,
        revocations: RevocationList,
        guard: Guard,
        clock: Clock,
    ) -> None:
        """
        Args:
            issuers: those of the operation, and no others: their cache is this object's own, so a
                token that another operation accepts is judged again here (B-152).
            revocations: tokens that ended early.
            guard: runs before a token is verified that is not known already.
            clock: wall-clock Unix seconds.

        Raises:
            ValueError: no issuer, or two with the same `iss`.
        """
        self._issuers = {issuer.expectations.issuer: issuer for issuer in issuers}
        if not issuers or len(self._issuers) < len(issuers):
            raise ValueError("name at least one issuer, each with an `iss` of its own")
        self.name = " or ".join(f"jwt:{issuer.name}" for issuer in issuers)
        self._sources = tuple(issuer.keys for issuer in issuers)
        self._revocations = revocations
        self._guard = guard
        self._clock = clock
        self._cache = VerifiedTokenCache(MAX_CACHED, MAX_CACHED_BYTES)
        self._entries = self._cache.entries
        self._state: tuple[int, ...] = ()
        self._polled = self._poll_at = 0.0

    def authenticate(self, request: Request) -> Principal | Awaitable[Principal | None] | None:
        """Judge the request's bearer token; see `Authenticator`."""
        value = request.fields.get(b"authorization")
        if value is None:
            return None
        now = self._clock()
        # Both ends are compared: a clock that was set back must not put revocations off.
        if not self._polled <= now < self._poll_at:
            self._poll(now)
        # SECURITY: the hash of the whole credential, never of a part of it (B-152). The scheme's
        # name is hashed with it: two spellings of it are two entries, which does no harm.
        digest = sha256(value).digest()
        entry = self._entries.get(digest)
        if entry is None or now >= entry.expires_at:
            return self._verify(request, value, digest, now)
        return entry.principal

    def _poll(self, now: float) -> None:
        state = (self._revocations.generation(), *(source.version for source in self._sources))
        if state != self._state:
            self._cache.clear()
            self._state = state
        self._polled, self._poll_at = now, now + _POLL_SECONDS

    def _verify(
        self, request: Request, value: bytes, digest: bytes, now: float
    ) -> Principal | Awaitable[Principal | None] | None:
        # RFC 9110 §11.1: the scheme is case-insensitive; §11.4: 1*SP follows it.
        scheme, _, token = value.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        self._guard(request)
        token = token.lstrip(b" ")
        if b"," in token:
            raise Denied("ambiguous-credentials", "auth.two-credentials")
        try:
            unverified = read(token)
            # SECURITY: the issuer's own name chooses its keys and nothing else; those keys never
            # verify another issuer's token (RFC 8725 §3.8, B-144).
            unverified_issuer = unverified.unverified_issuer
            if not isinstance(unverified_issuer, str) or unverified_issuer not in self._issuers:
                raise InvalidToken("jwt.issuer")
            issuer = self._issuers[unverified_issuer]
            # Before any fetch: a token that no key could save starts none.
            if unverified.unverified_jws.algorithm not in issuer.expectations.algorithms:
                raise InvalidToken("jwt.alg")
            keys = issuer.keys.keys(unverified.unverified_kid)
            if isinstance(keys, KeySet):
                return self._accept(unverified, issuer, keys, digest, len(value), now)
        except InvalidToken as error:
            raise _denied(error) from None
        except KeysUnavailable:
            raise _unavailable() from None
        return self._wait(unverified, issuer, keys, digest, len(value))

    async def _wait(
        self,
        unverified: UnverifiedToken,
        issuer: TrustedIssuer,
        awaited_keys: Awaitable[KeySet],
        digest: bytes,
        size: int,
    ) -> Principal:
        try:
            keys = await awaited_keys
            now = self._clock()
            self._poll(now)
            return self._accept(unverified, issuer, keys, digest, size, now)
        except InvalidToken as error:
            raise _denied(error) from None
        except KeysUnavailable:
            raise _unavailable() from None

    def _accept(
        self,
        unverified: UnverifiedToken,
        issuer: TrustedIssuer,
        keys: KeySet,
        digest: bytes,
        size: int,
        now: float,
    ) -> Principal:
        token = verify(unverified, issuer=issuer.expectations, keys=keys, now=now)
        if self._revocations.is_revoked(
            token.issuer, token.subject, token.token_id, token.issued_at
        ):
            raise InvalidToken("jwt.revoked")
        principal = Principal(
            kind=token.kind,
            issuer=token.issuer,
            subject=token.subject,
            scopes=token.scopes,
            roles=token.roles,
            credential=token.token_id,
            expires_at=token.expires_at,
            claims=token.claims,
        )
        self._cache.put(digest, principal, size=size, now=now)
        return principal


def _denied(error: InvalidToken) -> Denied:
    # RFC 6750 §3.1: invalid_token covers expired, revoked, malformed and otherwise invalid ones.
    return Denied(
        "unauthenticated",
        error.reason,
        fields=b'www-authenticate: Bearer realm="vallum", error="invalid_token"\r\n',
    )


def _unavailable() -> Denied:
    # The caller's token may be good: 401 would make it throw the token away.
    return Denied("upstream-unavailable", "jwt.keys-unavailable", fields=_RETRY_AFTER)
