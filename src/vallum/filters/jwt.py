"""Access tokens (AN-3): JWTs (RFC 9068), and opaque ones that their issuer is asked about.

Shown as bearer tokens (RFC 6750 §2.1), or with a proof of possession (RFC 9449 §7.1).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from vallum.core.ports import Clock
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.filters.authenticate import Guard
from vallum.filters.introspection import IntrospectedIssuer
from vallum.filters.sender import SenderCheck
from vallum.filters.state import generation_of
from vallum.store.errors import IntrospectionFailed, KeysUnavailable
from vallum.tokens.cache import MAX_ENTRY_SECONDS, VerifiedTokenCache
from vallum.tokens.claims import IssuerExpectations, VerifiedClaims
from vallum.tokens.confirmation import Confirmation
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

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        *,
        revocations: RevocationList,
        guard: Guard,
        clock: Clock,
        sender: SenderCheck,
        asked: IntrospectedIssuer | None = None,
        cache: VerifiedTokenCache | None = None,
    ) -> None:
        """
        Args:
            issuers: those of the operation whose keys are known, and no others.
            revocations: tokens that ended early.
            guard: runs before a token is verified that is not known already.
            clock: wall-clock Unix seconds.
            sender: holds whoever shows a token to what it is bound to.
            asked: the one issuer of the operation that is asked about tokens that are no JWT of
                the others. With two, each would see the other's tokens.
            cache: shared with whoever accepts exactly the same issuers (B-152).

        Raises:
            ValueError: no issuer, or two with the same `iss`.
        """
        self._issuers = {issuer.expectations.issuer: issuer for issuer in issuers}
        if not (issuers or asked) or len(self._issuers) < len(issuers):
            raise ValueError("name at least one issuer, each with an `iss` of its own")
        names = [issuer.name for issuer in issuers]
        if asked is not None and asked.name not in names:
            names.append(asked.name)
        self.name = " or ".join(f"jwt:{name}" for name in names)
        self.challenge = sender.challenge
        self._sender = sender
        self._asked = asked
        self._sources = tuple(issuer.keys for issuer in issuers)
        self._revocations = revocations
        self._guard = guard
        self._clock = clock
        self._cache = token_cache() if cache is None else cache
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
        if entry.confirmation is not None or not self._sender.takes_unbound:
            # SECURITY: what was verified is the token, once. Its sender is judged each time.
            self._sender.check(request, _token(value), entry.confirmation, now)
        return entry.principal

    def _poll(self, now: float) -> None:
        state = (generation_of(self._revocations), *(source.version for source in self._sources))
        if state != self._state:
            self._cache.clear()
            self._state = state
        self._polled, self._poll_at = now, now + _POLL_SECONDS

    def _verify(
        self, request: Request, value: bytes, digest: bytes, now: float
    ) -> Principal | Awaitable[Principal | None] | None:
        # RFC 9110 §11.1: the scheme is case-insensitive; §11.4: 1*SP follows it.
        if value.partition(b" ")[0].lower() not in (b"bearer", b"dpop"):
            return None
        self._guard(request)
        token = _token(value)
        if b"," in token:
            raise Denied("ambiguous-credentials", "auth.two-credentials")
        shown = _Shown(request, token, digest, len(value))
        try:
            unverified = self._read(token)
            if unverified is None:
                return self._ask(shown)
            # SECURITY: the issuer's own name chooses its keys and nothing else; those keys never
            # verify another issuer's token (RFC 8725 §3.8, B-144).
            issuer = self._issuers[str(unverified.unverified_issuer)]
            # Before any fetch: a token that no key could save starts none.
            if unverified.unverified_jws.algorithm not in issuer.expectations.algorithms:
                raise InvalidToken("jwt.alg")
            keys = issuer.keys.keys(unverified.unverified_kid)
            if isinstance(keys, KeySet):
                claims = verify(unverified, issuer=issuer.expectations, keys=keys, now=now)
                return self._accept(shown, claims, now)
        except InvalidToken as error:
            raise self._sender.refusal(request, error.reason) from None
        except KeysUnavailable:
            raise _unavailable("jwt.keys-unavailable") from None
        return self._wait(shown, unverified, issuer, keys)

    def _read(self, token: bytes) -> UnverifiedToken | None:
        """A JWT of an issuer whose keys are known; None where another issuer is to be asked.

        Raises:
            InvalidToken: neither.
        """
        asked = self._asked
        try:
            unverified = read(token)
        except InvalidToken:
            # What is no JWT can be an opaque token, but nothing longer than a token may be.
            if asked is None or not asked.can_be_opaque(token):
                raise
            return None
        name = unverified.unverified_issuer
        if isinstance(name, str) and name in self._issuers:
            return unverified
        # SECURITY: a token that names another issuer is shown to nobody (RFC 9700 §4.9).
        if asked is None or name not in (None, asked.expectations.issuer):
            raise InvalidToken("jwt.issuer")
        return None

    async def _wait(
        self,
        shown: _Shown,
        unverified: UnverifiedToken,
        issuer: TrustedIssuer,
        awaited_keys: Awaitable[KeySet],
    ) -> Principal:
        try:
            keys = await awaited_keys
            now = self._clock()
            self._poll(now)
            claims = verify(unverified, issuer=issuer.expectations, keys=keys, now=now)
            return self._accept(shown, claims, now)
        except InvalidToken as error:
            raise self._sender.refusal(shown.request, error.reason) from None
        except KeysUnavailable:
            raise _unavailable("jwt.keys-unavailable") from None

    async def _ask(self, shown: _Shown) -> Principal:
        asked = self._asked
        if asked is None:
            raise RuntimeError("no issuer to ask")
        try:
            answer = await asked.ask(shown.token)
            now = self._clock()
            self._poll(now)
            return self._accept(shown, asked.judge(answer, now), now, seconds=asked.seconds)
        except InvalidToken as error:
            raise self._sender.refusal(shown.request, error.reason) from None
        except IntrospectionFailed:
            raise _unavailable("jwt.introspection-failed") from None

    def _accept(
        self,
        shown: _Shown,
        token: VerifiedClaims,
        now: float,
        *,
        seconds: float = MAX_ENTRY_SECONDS,
    ) -> Principal:
        if self._revocations.is_revoked(
            token.issuer, token.subject, token.token_id, token.issued_at
        ):
            raise InvalidToken("jwt.revoked")
        confirmation: Confirmation | None = token.confirmation
        # Before it is remembered: a token in the wrong scheme never gets that far.
        self._sender.check(shown.request, shown.token, confirmation, now)
        principal = Principal(
            kind=token.kind,
            issuer=token.issuer,
            subject=token.subject,
            scopes=token.scopes,
            roles=token.roles,
            credential=token.token_id,
            expires_at=token.expires_at if token.expires_at < math.inf else None,
            claims=token.claims,
        )
        self._cache.put(
            shown.digest,
            principal,
            size=shown.size,
            now=now,
            confirmation=confirmation,
            seconds=seconds,
        )
        return principal


class _Shown(NamedTuple):
    """A token that is not known yet."""

    request: Request
    token: bytes
    digest: bytes
    """Of the whole field value."""
    size: int


def token_cache() -> VerifiedTokenCache:
    """Room for the verified tokens of one set of issuers."""
    return VerifiedTokenCache(MAX_CACHED, MAX_CACHED_BYTES)


def _token(value: bytes) -> bytes:
    return value.partition(b" ")[2].lstrip(b" ")


def _unavailable(reason: str) -> Denied:
    # The caller's token may be good: 401 would make it throw the token away.
    return Denied("upstream-unavailable", reason, fields=_RETRY_AFTER)
