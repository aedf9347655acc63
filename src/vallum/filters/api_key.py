"""API keys (AN-2): for clients, never for users (B-243); from a header field, never a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, Protocol

from vallum.core.ports import Clock
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.core.secret import Secret
from vallum.filters.authenticate import Guard
from vallum.filters.state import generation_of
from vallum.store.keys import StoredKey
from vallum.tokens.api_key import InvalidAPIKey, read_id, verify_hash
from vallum.tokens.cache import VerifiedTokenCache

ISSUER: Final = "vallum:keys"
"""`Principal.issuer` of every API key."""

DEFAULT_FIELD: Final = b"x-api-key"

MAX_CACHED: Final = 16_384
"""Verified keys that are remembered; further ones cost a query each time."""

MAX_PENDING_USES: Final = 65_536
"""Keys whose last use waits to be written; further ones are not noted."""

_POLL_SECONDS: Final = 1.0
_FIELD_NAME: Final = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_NO_HASH: Final = bytes(32)
_NO_CLAIMS: Final[Mapping[str, Any]] = MappingProxyType({})


class Directory(Protocol):
    """Where keys are found; `vallum.store.keys.KeyDirectory`."""

    @property
    def pepper(self) -> Secret:
        """The secret under which keys are hashed."""
        ...

    def find(self, key_id: str) -> StoredKey | None:
        """The key of this id, active or not."""
        ...

    def generation(self) -> int:
        """Another number after any change."""
        ...


class APIKeyAuthenticator:
    """Accepts the keys of this deployment."""

    name: Final = "api_key"

    def __init__(
        self,
        directory: Directory,
        *,
        guard: Guard,
        clock: Clock,
        note_usage: Callable[[dict[str, float]], object],
        field: bytes = DEFAULT_FIELD,
    ) -> None:
        """
        Args:
            directory: where keys are found.
            guard: runs before a key is verified that is not known already.
            clock: wall-clock Unix seconds.
            note_usage: told by `note_used` when keys were last used (Unix seconds by key id); must
                not block.
            field: the request field that carries the key, as the contract names it.

        Raises:
            ValueError: `field` is not a field name, or one that has another meaning.
        """
        field = field.lower()
        if _FIELD_NAME.fullmatch(field) is None or field in (b"authorization", b"cookie", b"host"):
            raise ValueError(f"an API key cannot travel in the field {field!r}")
        self.field = field
        # Not a registered scheme, but RFC 9110 §11.6.1 wants a challenge, and it says what to send.
        self.challenge = (
            b'www-authenticate: ApiKey realm="vallum", header="' + self.field + b'"\r\n'
        )
        self._directory = directory
        self._guard = guard
        self._clock = clock
        self._cache = VerifiedTokenCache(MAX_CACHED, max_bytes=MAX_CACHED * 128)
        self._entries = self._cache.entries
        self._generation = -1
        self._polled = self._poll_at = 0.0
        self._used: dict[str, float] = {}
        self._note_usage = note_usage

    def authenticate(self, request: Request) -> Principal | None:
        """Judge the request's key; see `Authenticator`."""
        text = request.fields.get(self.field)
        if text is None:
            return None
        now = self._clock()
        # Both ends are compared: a clock that was set back must not put revocations off.
        if not self._polled <= now < self._poll_at:
            self._poll(now)
        digest = sha256(text).digest()
        entry = self._entries.get(digest)
        if entry is None or now >= entry.expires_at:
            return self._verify(request, text, digest, now)
        entry.used_at = now
        return entry.principal

    def _poll(self, now: float) -> None:
        generation = generation_of(self._directory)
        if generation != self._generation:
            self._used = self._take_usage()
            self._cache.clear()
            self._generation = generation
        self._polled, self._poll_at = now, now + _POLL_SECONDS

    def note_used(self) -> None:
        """Tell when keys were last used that were used since the last call."""
        used = self._take_usage()
        if used:
            self._note_usage(used)

    def _take_usage(self) -> dict[str, float]:
        used, self._used = self._used, {}
        for entry in self._entries.values():
            if entry.used_at:
                used[entry.principal.credential] = entry.used_at
                entry.used_at = 0.0
        return used

    def _verify(self, request: Request, text: bytes, digest: bytes, now: float) -> Principal:
        if len(request.fields.all(self.field)) > 1:
            raise Denied("ambiguous-credentials", "auth.two-credentials")
        self._guard(request)
        try:
            key_id = read_id(text)
        except InvalidAPIKey:
            raise self._denied("api-key.malformed") from None
        key = self._directory.find(key_id)
        try:
            # An unknown id takes the same way as a wrong secret (B-153, B-242).
            verify_hash(text, _NO_HASH if key is None else key.hash, self._directory.pepper)
        except InvalidAPIKey:
            raise self._denied("api-key.unknown") from None
        if key is None:
            raise self._denied("api-key.unknown")
        if key.revoked is not None:
            raise self._denied("api-key.revoked")
        if not key.is_active(now):
            raise self._denied("api-key.expired")
        principal = _principal(key)
        self._cache.put(digest, principal, size=len(text), now=now)
        if len(self._used) < MAX_PENDING_USES:
            self._used[key.id] = now
        return principal

    def _denied(self, reason: str) -> Denied:
        return Denied("unauthenticated", reason, fields=self.challenge)


def note_used(authenticators: Iterable[APIKeyAuthenticator]) -> None:
    """Have it noted when the keys of several fields were last used."""
    for authenticator in authenticators:
        authenticator.note_used()


def _principal(key: StoredKey) -> Principal:
    return Principal(
        # SECURITY: a key is handed from person to person; it never stands for a user (B-243).
        kind="client",
        issuer=ISSUER,
        subject=key.name,
        scopes=key.scopes,
        roles=key.roles,
        credential=key.id,
        expires_at=key.expires,
        claims=_NO_CLAIMS,
    )
