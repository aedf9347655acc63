"""Keeps the keys of one issuer: fetched by one request at a time, seldom, and never lost.

keys known, kid known     → at once; a refresh in the background when they are 5 minutes old
kid unknown               → one refresh for all who wait, at most every 30 s; else at once
refresh fails or is bad   → the last good keys stay, for 24 h; then nothing is believed
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Final, Generic, Protocol, TypeVar

from vallum.core.ports import Clock
from vallum.store.errors import KeysUnavailable
from vallum.store.jwks_file import Loader

REFRESH_AFTER: Final = 300.0
"""Seconds after which keys are fetched anew though nobody misses one: some may be withdrawn."""

REFRESH_PAUSE: Final = 30.0
"""Seconds between the starts of two refreshes, whatever happens (B-134)."""

MAX_STALE: Final = 24 * 3600.0
"""Seconds for which keys are believed after the last good refresh (B-151)."""

_log = logging.getLogger(__name__)


class Keys(Protocol):
    """What the source asks of a key set; `vallum.tokens.jwks.KeySet` is one."""

    @property
    def problems(self) -> Sequence[str]:
        """Keys that were left out and why."""
        ...

    def __contains__(self, kid: object) -> bool: ...


KeysT = TypeVar("KeysT", bound=Keys)


class JWKSSource(Generic[KeysT]):
    """The present keys of one issuer."""

    def __init__(
        self,
        name: str,
        load: Loader,
        parse: Callable[[bytes], KeysT],
        *,
        monotonic: Clock,
        first: bytes | None = None,
    ) -> None:
        """
        Args:
            name: of the issuer, for messages.
            load: gets the document.
            parse: makes keys of it; raises ValueError for a document that must not be used.
            monotonic: monotonic seconds.
            first: a document that is there already, such as a file read at start-up.

        Raises:
            ValueError: `first` must not be used.
        """
        self._name = name
        self._load = load
        self._parse = parse
        self._now = monotonic
        self._keys: KeysT | None = None
        self._digest = b""
        self._loaded_at = 0.0
        self._started_at: float | None = None
        self._refresh_task: asyncio.Task[None] | None = None
        self.version = 0
        """Counts the times that keys were replaced or dropped."""
        if first is not None:
            self._accept(first)

    def keys(self, kid: str | None) -> KeysT | Awaitable[KeysT]:
        """The present keys; an awaitable when they must be fetched because `kid` is unknown.

        Raises:
            KeysUnavailable: there are none, or none recent enough to trust.
        """
        age = self._drop_stale()
        keys = self._keys
        if keys is not None and (kid is None or kid in keys):
            if age > REFRESH_AFTER and self._may_refresh():
                self._start()
            return keys
        if self._refresh_task is None:
            # SECURITY: whoever sends unknown key ids cannot make us fetch (B-134). Until the
            # pause is over, what is known is the answer.
            if not self._may_refresh():
                return self._present()
            return self._after(self._start())
        return self._after(self._refresh_task)

    def _present(self) -> KeysT:
        if self._keys is None:
            raise KeysUnavailable(self._name)
        return self._keys

    def _drop_stale(self) -> float:
        age = self._now() - self._loaded_at
        if self._keys is not None and age > MAX_STALE:
            _log.error("keys of issuer %s: none for 24 hours; its tokens are refused", self._name)
            self._keys = None
            self.version += 1
        return age

    def _may_refresh(self) -> bool:
        return self._refresh_task is None and (
            self._started_at is None or self._now() - self._started_at >= REFRESH_PAUSE
        )

    def _start(self) -> asyncio.Task[None]:
        self._started_at = self._now()
        task = self._refresh_task = asyncio.get_running_loop().create_task(self._refresh())
        return task

    async def _after(self, refresh: asyncio.Task[None]) -> KeysT:
        # One caller that goes away must not take the keys from the others.
        await asyncio.shield(refresh)
        return self._present()

    async def _refresh(self) -> None:
        try:
            self._accept(await self._load())
        except ValueError as error:
            kept = "the last good ones stay" if self._keys is not None else "there are none"
            _log.warning("keys of issuer %s: %s; %s", self._name, error, kept)
        finally:
            self._refresh_task = None

    def _accept(self, document: bytes) -> None:
        digest = sha256(document).digest()
        if self._keys is not None and digest == self._digest:
            self._loaded_at = self._now()
            return
        keys = self._parse(document)
        for problem in keys.problems:
            _log.warning("keys of issuer %s: left out key %s", self._name, problem)
        self._keys = keys
        self._digest = digest
        self._loaded_at = self._now()
        self.version += 1
