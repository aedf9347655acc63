"""Requests with an `Idempotency-Key` run once, however often they are sent (B-126, TR-7).

A key belongs to one caller with its roles, one operation and one content. Whoever sends it again
gets the answer that there was, or learns that it cannot be had. In doubt a request does not run
twice: where the upstream failed or the client left, nobody knows whether something was done.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Final, Protocol

from vallum.core.ports import KeptAnswer
from vallum.core.principal import Principal
from vallum.core.problems import Denied, Violation
from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnswerBody, AnswerHead, Attachment, Ruling
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation
from vallum.store.errors import StateUnusable
from vallum.store.idempotency import Runs, TooManyRunsError

_log = logging.getLogger(__name__)
_KEY = re.compile(rb"[\x21-\x7e]{1,128}")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_NOT_RUN: Final = frozenset({425, 429})
"""Answers that say: not now, send it again."""
_TENANTS: Final = ("tenant", "tenant_id", "tid", "org_id")
"""Claims that say for whom a caller acts."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """How keys are sent, and how long they count."""

    header: str = "Idempotency-Key"
    keep: float = 86_400.0
    """Seconds."""


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def idempotency(self) -> Idempotency | None:
        """None: keys mean nothing to the gateway."""
        ...


class IdempotencyFilter:
    """Attaches the rules of keys to operations that change something."""

    name: ClassVar[str] = "idempotency"
    phase: ClassVar[Phase] = Phase.OWN

    def __init__(self, runs: Runs, clock: Callable[[], float], *, api: str) -> None:
        """
        Args:
            runs: shared by all workers.
            clock: Unix seconds.
            api: the API's name.
        """
        self._runs = runs
        self._clock = clock
        self._api = api

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """None where it is off, and where requests may be repeated anyway (RFC 9110 §9.2.1)."""
        chosen = settings.idempotency
        if chosen is None or operation.method in _SAFE:
            return None
        name = chosen.header.lower().encode("ascii")

        def check(exchange: Exchange) -> None:
            key = _key(exchange.request.fields.all(name), chosen.header)
            if key is None:
                return
            caller = exchange.principal
            if caller is None:
                raise _refused(chosen.header, "anonymous", "is for callers who are known")
            owner = _owner(caller)
            run = _digest(
                self._api.encode(), operation.id.encode(), operation.method.encode(), owner, key
            )
            exchange.once = _Once(
                self._runs, self._clock, run, owner, _content(exchange, caller), chosen.keep
            )

        return Attachment(
            summary=f"{chosen.header}, {chosen.keep:g} s",
            check=check,
            body_screen=_Hold(),
            explain=lambda exchange: "no key" if exchange.once is None else "runs once for its key",
        )


class _Hold:
    """Asks for answers whole, so that they can be kept."""

    def judge(self, head: AnswerHead) -> Ruling:
        return Ruling(reads=head.status < 500)

    def screen(self, exchange: Exchange, body: AnswerBody) -> None:
        """Nothing to be changed."""


class _Once:
    """One run of one key; see `Once`."""

    __slots__ = ("_clock", "_content", "_keep", "_owner", "_run", "_runs")

    def __init__(
        self,
        runs: Runs,
        clock: Callable[[], float],
        run: bytes,
        owner: bytes,
        content: bytes,
        keep: float,
    ) -> None:
        self._runs = runs
        self._clock = clock
        self._run = run
        self._owner = owner
        self._content = content
        self._keep = keep

    def begin(self) -> KeptAnswer | None:
        now = self._clock()
        try:
            earlier = self._runs.begin(
                self._run, self._owner, self._content, now=now, until=now + self._keep
            )
        except TooManyRunsError:
            raise Denied("overloaded", "idempotency.full") from None
        except (sqlite3.Error, StateUnusable) as error:
            # SECURITY: whoever cannot be told from the first of two does not run.
            _log.error("idempotency keys cannot be kept: %s", error)
            raise Denied("internal-error", "idempotency.store") from None
        if earlier is None:
            return None
        if earlier.content != self._content:
            raise Denied("idempotency-mismatch", "idempotency.mismatch")
        if earlier.answer is None:
            raise Denied("idempotency-in-progress", "idempotency.in-progress")
        return earlier.answer

    def answered(self, answer: KeptAnswer) -> None:
        if answer.status in _NOT_RUN:
            self.not_sent()
            return
        try:
            self._runs.keep(self._run, answer)
        except sqlite3.Error as error:
            # The fact is kept already: who repeats the request learns that it has run.
            _log.warning("the answer to an idempotency key is lost: %s", error)

    def not_sent(self) -> None:
        try:
            self._runs.forget(self._run)
        except sqlite3.Error as error:
            _log.warning("an idempotency key stays used though nothing ran: %s", error)


def _key(values: Sequence[bytes], header: str) -> bytes | None:
    if not values:
        return None
    if len(values) > 1 or _KEY.fullmatch(values[0]) is None:
        raise _refused(header, "malformed", "must be one line of 1 to 128 visible ASCII characters")
    return values[0]


def _refused(header: str, code: str, detail: str) -> Denied:
    return Denied(
        "contract-violation",
        f"idempotency.{code}",
        violations=[Violation("header", f"/{header}", code, detail)],
    )


def _owner(caller: Principal) -> bytes:
    tenants = [str(caller.claims.get(name, "")).encode() for name in _TENANTS]
    return _digest(caller.kind.encode(), caller.id.encode(), *tenants)


def _content(exchange: Exchange, caller: Principal) -> bytes:
    target = exchange.request.target
    media_type = exchange.request.fields.get(b"content-type") or b""
    # SECURITY: what an answer shows depends on the roles of whoever asked. Who has others now does
    # not get that one, and nothing runs twice for it either.
    roles = sorted(role.encode() for role in caller.roles)
    return _digest(target.encoded_path, target.encoded_query, media_type, exchange.body, *roles)


def _digest(*parts: bytes) -> bytes:
    """Of all parts in order; no two lists of parts are written alike."""
    digest = sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
