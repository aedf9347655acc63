"""Remembers credentials that were verified, so that their second use costs a hash."""

from __future__ import annotations

from typing import Final

from vallum.core.principal import Principal
from vallum.tokens.confirmation import Confirmation

MAX_ENTRY_SECONDS: Final = 300.0
"""After this a credential is verified anew, however long it is valid."""


class Verified:
    """A verified credential."""

    __slots__ = ("confirmation", "expires_at", "principal", "size", "used_at")

    def __init__(
        self,
        principal: Principal,
        expires_at: float,
        size: int,
        confirmation: Confirmation | None = None,
    ) -> None:
        self.principal = principal
        self.confirmation = confirmation
        """What must be shown with it, each time anew; None: nothing."""
        self.expires_at = expires_at
        """Unix seconds; the entry is dead from then on."""
        self.size = size
        self.used_at = 0.0
        """Unix seconds of the last use, where the owner of the cache keeps it."""


class VerifiedTokenCache:
    """Verified credentials by the SHA-256 of the whole credential (B-152).

    One cache belongs to one immutable configuration (one set of issuers with its expectations), so
    the configuration needs no place in the key. Failures are never remembered. The owner calls
    `clear` when keys or revocations change. Bounded by entries and by bytes of the credentials;
    the oldest entries go first.
    """

    __slots__ = ("_bytes", "entries", "max_bytes", "max_entries")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        if max_entries < 1 or max_bytes < 1:
            raise ValueError("a cache needs room for at least one entry")
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self._bytes = 0
        self.entries: dict[bytes, Verified] = {}
        """By digest. Whoever reads an entry compares its `expires_at` first."""

    def __len__(self) -> int:
        return len(self.entries)

    def put(
        self,
        digest: bytes,
        principal: Principal,
        *,
        size: int,
        now: float,
        confirmation: Confirmation | None = None,
        seconds: float = MAX_ENTRY_SECONDS,
    ) -> Verified:
        """Remember a credential that was verified just now.

        Args:
            digest: SHA-256 of the whole credential.
            principal: whom it stands for.
            size: bytes of the credential, the measure of what its claims can hold.
            now: Unix seconds.
            confirmation: what must be shown with it each time.
            seconds: for how long it is remembered at most.
        """
        expires_at = now + seconds
        if principal.expires_at is not None:
            expires_at = min(expires_at, principal.expires_at)
        if digest in self.entries:
            self._remove(digest)
        entry = self.entries[digest] = Verified(principal, expires_at, size, confirmation)
        self._bytes += size
        while len(self.entries) > self.max_entries or self._bytes > self.max_bytes:
            self._remove(next(iter(self.entries)))
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self._bytes = 0

    def _remove(self, digest: bytes) -> None:
        self._bytes -= self.entries.pop(digest).size
