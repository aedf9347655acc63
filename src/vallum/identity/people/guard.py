"""Guessing made slow: failures are counted, and cost waiting, but never lock anybody out (TR-4).

Nobody is made to wait here: who comes too early is refused with the seconds that are left.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.errors import PageError
from vallum.identity.people import counting
from vallum.identity.people.guard_rules import (
    PACE,
    RATIO_ATTEMPTS,
    RATIO_FAILED,
    RATIO_WINDOW,
    RULES,
    Rule,
    What,
    source_of,
)
from vallum.identity.storage.database import Database
from vallum.identity.storage.events import Events
from vallum.identity.storage.once import first_time
from vallum.identity.storage.tables import ATTEMPTS

_FORGET_SECONDS: Final = 30 * 86_400.0
_WORTH_KEEPING: Final = 50
_CLOSED_SECONDS: Final = 86_400.0
_NEVER: Final = -1.0


class TooManyAttempts(PageError):  # noqa: N818  (a verdict on whoever tries)
    """Come back later. Says the same whether or not there is such an account."""

    def __init__(self, seconds: float, *, closed: bool = False) -> None:
        self.seconds = max(1, int(seconds + 0.999))
        advice = (
            "Use a browser in which you have signed in before, or choose a new password by mail."
            if closed
            else f"Try again in {in_words(self.seconds)}."
        )
        super().__init__(
            "Please wait a little",
            f"There were too many attempts. {advice}",
            status=429,
            reason="guard.closed" if closed else "guard.wait",
            headers={"retry-after": str(self.seconds)},
        )


class _Key(NamedTuple):
    dimension: str
    digest: bytes
    rule: Rule


class Attempt(NamedTuple):
    """One attempt that may be made."""

    what: What
    account: str
    address: str
    keys: tuple[_Key, ...]
    window: bytes | None
    """Where the ratio of failures is kept."""


class _Crossing(NamedTuple):
    """A count that has just become one that somebody may want to know of."""

    kind: str
    dimension: str
    failures: int
    alert: bool


class Guard:
    """Counts attempts to guess, atomically, in the database that all requests share."""

    def __init__(self, database: Database, clock: Clock, events: Events, key: Secret) -> None:
        """
        Args:
            database: where failures are counted.
            clock: Unix seconds.
            events: told when guessing begins to be slowed.
            key: hides whom the counts are about from who copies the database.
        """
        self._database = database
        self._clock = clock
        self._events = events
        self._key = key

    async def check(
        self, what: What, *, account: str = "", address: str, device: bytes | None = None
    ) -> Attempt:
        """Whether an attempt may be made now; it counts as a failure until it succeeds.

        Args:
            what: is guessed at.
            account: whose; canonical, and known or not.
            address: the client's.
            device: what identifies the browser, if this account's person is known to use it.

        Raises:
            TooManyAttempts: not now. Nothing was counted.
        """
        attempt = self._attempt(what, account, address, device)
        if not RULES[what].counts_before:
            await self._look(attempt)
            return attempt
        await self._count(attempt)
        return attempt

    async def failed(self, attempt: Attempt) -> None:
        """The attempt has failed."""
        if not RULES[attempt.what].counts_before:
            await self._count(attempt, refuse=False)

    async def succeeded(self, attempt: Attempt) -> None:
        """The attempt was right: it was no failure, and what this person mistyped is forgotten."""
        if not RULES[attempt.what].counts_before:
            return
        async with self._database.write() as connection:
            for key in attempt.keys:
                # A source is not cleared: who guesses would sign in to an account of his own now
                # and then.
                is_shared = key.dimension in ("source", "everywhere", "pace")
                statement = counting.TAKE_BACK if is_shared else counting.CLEAR
                await connection.execute(statement, {"which": key.digest})
            if attempt.window is not None:
                await connection.execute(counting.TAKE_FROM_WINDOW, {"which": attempt.window})

    async def withdrawn(self, attempt: Attempt) -> None:
        """The attempt was never looked at: it was none, and changes nothing else."""
        if not RULES[attempt.what].counts_before:
            return
        digests = [key.digest for key in attempt.keys]
        if attempt.window is not None:
            digests.append(attempt.window)
        async with self._database.write() as connection:
            await connection.execute(
                update(ATTEMPTS)
                .where(ATTEMPTS.c.key.in_(digests))
                .values(consecutive=ATTEMPTS.c.consecutive - 1, failures=ATTEMPTS.c.failures - 1)
            )

    async def clear(self, what: What, account: str) -> None:
        """Forget the failures of strangers on an account: its person has proved something else."""
        digest = self._digest(what, "account", account)
        async with self._database.write() as connection:
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key == digest))

    async def forget_old(self) -> None:
        """Delete counts that nobody has added to for a month; long rows of failures stay."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(ATTEMPTS).where(
                    ATTEMPTS.c.last < self._clock() - _FORGET_SECONDS,
                    ATTEMPTS.c.consecutive < _WORTH_KEEPING,
                )
            )

    def _attempt(self, what: What, account: str, address: str, device: bytes | None) -> Attempt:
        rules, source = RULES[what], source_of(address)
        if device is not None and rules.device is not None:
            digest = self._digest(what, "device", account, device.hex())
            return Attempt(what, account, address, (_Key("device", digest, rules.device),), None)
        # INVARIANT: always in this order, or two attempts could wait for each other's rows.
        candidates = (
            ("account-source", rules.account_source, (account, source)),
            ("account", rules.account, (account,)),
            ("source", rules.source, (source,)),
            ("everywhere", rules.everywhere, ()),
        )
        keys = tuple(
            _Key(dimension, self._digest(what, dimension, *parts), rule)
            for dimension, rule, parts in candidates
            if rule is not None
        )
        window = None
        if rules.watches_ratio:
            window = self._digest(what, "window", str(int(self._clock() // RATIO_WINDOW)))
        return Attempt(what, account, address, keys, window)

    def _digest(self, what: What, dimension: str, *parts: str) -> bytes:
        text = "\0".join((what, dimension, *(f"{len(part)}:{part}" for part in parts)))
        return hmac.digest(self._key.reveal(), text.encode("utf-8", "surrogatepass"), sha256)

    async def _look(self, attempt: Attempt) -> None:
        async with self._database.read() as connection:
            for key in attempt.keys:
                await _demand_open(connection, key, self._clock())

    async def _count(self, attempt: Attempt, *, refuse: bool = True) -> None:
        now = self._clock()
        crossings: list[_Crossing] = []
        async with self._database.write() as connection:
            for key in attempt.keys:
                crossings += await self._count_one(connection, key, now, refuse=refuse)
            if attempt.window is not None:
                crossings += await self._weigh(connection, attempt, now)
        for crossing in crossings:
            await self._events.record(
                crossing.kind,
                address=attempt.address,
                alert=crossing.alert,
                what=attempt.what,
                counted_on=crossing.dimension,
                failures=float(crossing.failures),
                account=attempt.account if crossing.dimension.startswith("account") else None,
            )

    async def _count_one(
        self, connection: AsyncConnection, key: _Key, now: float, *, refuse: bool
    ) -> list[_Crossing]:
        rule = key.rule
        counts = await _increment(connection, key, now, refuse=refuse)
        if counts is None:
            await _demand_open(connection, key, now)
            raise TooManyAttempts(1.0)
        failures = counts.consecutive
        wait = rule.wait(failures)
        if wait:
            blocked = {"which": key.digest, "blocked_until": now + wait}
            await connection.execute(counting.BLOCK, blocked)
        if rule.most is not None and failures == rule.most:
            return [_Crossing("guard.closed", key.dimension, failures, alert=True)]
        if rule.free > 0 and failures == rule.free + 1:
            return [_Crossing("guard.slowed", key.dimension, failures, alert=rule.most is not None)]
        return []

    async def _weigh(
        self, connection: AsyncConnection, attempt: Attempt, now: float
    ) -> list[_Crossing]:
        """Slow all strangers down while nearly everything fails everywhere."""
        assert attempt.window is not None  # noqa: S101  (the caller has asked)
        window = _Key("window", attempt.window, Rule(1 << 30, 0.0, 0.0))
        counts = await _increment(connection, window, now, refuse=False)
        assert counts is not None  # noqa: S101  (nothing is refused)
        failed, total = counts.failures, counts.consecutive
        if total < RATIO_ATTEMPTS or failed < RATIO_FAILED * total:
            return []
        pace = _Key("pace", self._digest(attempt.what, "pace"), PACE)
        await self._count_one(connection, pace, now, refuse=True)
        is_news = await first_time(
            connection, "attack", attempt.window.hex(), until=now + 2 * RATIO_WINDOW, now=now
        )
        return [_Crossing("guard.attack", "all", int(failed), alert=True)] if is_news else []


def in_words(seconds: int) -> str:
    """A time to wait, as people say it."""
    if seconds < 120:
        return f"{seconds} second" + ("" if seconds == 1 else "s")
    return f"{(seconds + 59) // 60} minutes"


async def _increment(connection: AsyncConnection, key: _Key, now: float, *, refuse: bool) -> Any:
    """Count one failure in one statement; the counts, or None where it is not open."""
    rule = key.rule
    statement = counting.increment(connection.dialect.name, refuse=refuse)
    values = {
        "which": key.digest,
        "now": now,
        "forgotten": _NEVER if rule.forget is None else now - rule.forget,
        "most": counting.NO_END if rule.most is None else rule.most,
    }
    return (await connection.execute(statement, values)).one_or_none()


async def _demand_open(connection: AsyncConnection, key: _Key, now: float) -> None:
    row = (await connection.execute(counting.COUNTS, {"which": key.digest})).one_or_none()
    if row is None:
        return
    if key.rule.most is not None and row.consecutive >= key.rule.most:
        raise TooManyAttempts(_CLOSED_SECONDS, closed=True)
    if row.blocked_until > now:
        raise TooManyAttempts(row.blocked_until - now)
