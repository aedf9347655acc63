"""Rate limits and quotas (TR-1).

Limits on addresses and whole operations are judged before authentication, so that a flood costs
little; limits on callers after it, so that nobody uses up the limit of another (B-268). Hence two
filters of one name. HEAD is the same operation as GET and shares its limit (B-267).
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import ClassVar, Literal

from vallum.core.ports import ANYONE, KNOWN, Clock, LimitStore
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.limits.address import CEILING, address_keys
from vallum.limits.gcra import interval_seconds
from vallum.openapi.model import Operation

LimitKey = Literal["principal", "key", "address", "operation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many units in so much time for each caller of one kind."""

    units: int
    seconds: float
    per: LimitKey
    burst: int
    """Units that may be taken at once; `units` unless the policy says otherwise."""
    cost: int = 1
    """Units that one request takes."""
    group: str = ""
    """Operations of one group share a bucket (B-267); empty: the operation's own."""


_MOST_LINES = 1024
"""Lines that a meter keeps; limits with more units left than this make theirs each time."""

Jitter = Callable[[], float]
"""Returns a number in [0, 1)."""

API_KEY_ISSUER = "vallum:keys"
"""The issuer of principals that showed an API key; their credential is the key's id."""

_Check = Callable[[Exchange], None]
_WINDOWS = {1: "second", 60: "minute", 3600: "hour", 86_400: "day"}


def describe(limit: Limit) -> str:
    """The limit in the words of the policy file, such as `60/minute per principal`."""
    window = _WINDOWS.get(int(limit.seconds)) if limit.seconds == int(limit.seconds) else None
    return f"{limit.units}/{window or f'{limit.seconds:g}s'} per {limit.per}"


@lru_cache(maxsize=256)
def _lines(name: str, burst: int, interval: float) -> dict[int, bytes]:
    """RateLimit field lines by units left, made when first needed; equal limits share them."""
    return {}


class Meter:
    """One limit on one operation (or group), compiled: takes units and says what is left."""

    __slots__ = (
        "_burst",
        "_clock",
        "_cost",
        "_interval",
        "_jitter",
        "_line",
        "_lines",
        "_reason",
        "_take",
        "name",
        "policy",
        "prefix",
    )

    def __init__(
        self,
        limit: Limit,
        *,
        name: str,
        scope: str,
        store: LimitStore,
        clock: Clock,
        jitter: Jitter,
    ) -> None:
        """
        Args:
            limit: what may be used.
            name: the limit's name in RateLimit fields, unique on the operation.
            scope: whose requests share buckets: the operation or the group.
            store: where buckets are kept.
            clock: wall-clock Unix seconds.
            jitter: spreads the retries of refused callers.

        Raises:
            ValueError: the limit can never let a request pass.
        """
        if not 1 <= limit.cost <= limit.burst:
            raise ValueError(
                f"a limit of burst {limit.burst} never lets a request of cost {limit.cost} pass"
            )
        self.name = name
        self._take = store.take
        self._clock = clock
        self._jitter = jitter
        self._burst = limit.burst
        self._cost = limit.cost
        self._interval = interval_seconds(limit.units, limit.seconds)
        self._reason = f"limit.{limit.per}"
        # Whatever changes the arithmetic makes other buckets; the cost does not.
        identity = f"{limit.per}|{limit.units}|{limit.seconds}|{limit.burst}|{scope}"
        self.prefix = blake2b(identity.encode(), digest_size=8).digest()
        # draft-ietf-httpapi-ratelimit-headers-10 §3: a String item; q: quota, w: window in seconds.
        # The partition key `pk` is left out: it would tell callers about each other (B-270).
        self.policy = b'"%b";q=%d;w=%d' % (name.encode(), limit.units, math.ceil(limit.seconds))
        self._line = b'RateLimit: "%b";r=' % name.encode()
        self._lines = _lines(name, self._burst, self._interval)

    def take(self, key: bytes) -> bytes:
        """Take one request's units from the bucket `key`; return the RateLimit field line.

        Raises:
            Denied: nothing was left.
        """
        left = self._take(
            key, now=self._clock(), interval=self._interval, burst=self._burst, cost=self._cost
        )
        if left < 0.0:
            raise self._refusal(-left)
        return self._lines.get(int(left)) or self._make_line(int(left))

    def _make_line(self, units: int) -> bytes:
        """The field line for `units` left (§4: r: what is left, t: seconds until all is back)."""
        seconds = math.ceil((self._burst - units) * self._interval)
        line = b"%b%d;t=%d\r\n" % (self._line, units, seconds)
        if units < _MOST_LINES:
            self._lines[units] = line
        return line

    def _refusal(self, wait: float) -> Denied:
        # Callers that were refused together do not come back together (B-270).
        retry = math.ceil(wait + self._jitter() * max(1.0, wait / 10))
        fields = b"%b0;t=%d\r\nRetry-After: %d\r\n" % (self._line, math.ceil(wait), max(1, retry))
        return Denied("rate-limited", self._reason, fields=fields)


class _LimitFilter(ABC):
    """What both phases share."""

    name: ClassVar[str] = "limit"
    kinds: ClassVar[frozenset[LimitKey]]

    def __init__(
        self,
        store: LimitStore,
        clock: Clock,
        *,
        api: str = "",
        label: str = "",
        jitter: Jitter = random.random,
    ) -> None:
        """
        Args:
            store: where buckets are kept; shared by all workers.
            clock: wall-clock Unix seconds.
            api: keeps operations of the same id in other APIs apart; groups span all APIs.
            label: stands before the names of limits, where they are of a part of the operation.
            jitter: for Retry-After.
        """
        self._store = store
        self._clock = clock
        self._api = api
        self._label = f"{label}-" if label else ""
        self._jitter = jitter

    def attach(self, operation: Operation, settings: Sequence[Limit]) -> Attachment | None:
        """Compile the limits of this phase.

        Raises:
            ValueError: a limit can never let a request pass.
        """
        # Each limit is named for what it counts; a second one of a kind gets a number.
        seen: Counter[str] = Counter()
        checks: list[_Check] = []
        policies: list[bytes] = []
        for limit in settings:
            seen[limit.per] += 1
            if limit.per not in self.kinds:
                continue
            number = seen[limit.per]
            name = limit.per if number == 1 else f"{limit.per}-{number}"
            meter = self._meter(operation, limit, self._label + name)
            checks.append(self._check(operation, limit, meter))
            policies.append(meter.policy)
        if not checks:
            return None
        summary = ", ".join(describe(limit) for limit in settings if limit.per in self.kinds)
        return Attachment(
            summary=summary,
            check=checks[0] if len(checks) == 1 else _all(tuple(checks)),
            explain=lambda exchange: f"within {summary}",
            reply_fields=b"RateLimit-Policy: %b\r\n" % b", ".join(policies),
        )

    @abstractmethod
    def _check(self, operation: Operation, limit: Limit, meter: Meter) -> _Check:
        """The check of one limit of this phase."""

    def _meter(self, operation: Operation, limit: Limit, name: str) -> Meter:
        scope = f"group|{limit.group}" if limit.group else f"operation|{self._api}|{operation.id}"
        return Meter(
            limit,
            name=name,
            scope=scope,
            store=self._store,
            clock=self._clock,
            jitter=self._jitter,
        )

    def _by_address(self, operation: Operation, limit: Limit, meter: Meter) -> _Check:
        """A check that takes from the client's address, and from the network around it."""
        ceiling = replace(limit, units=limit.units * CEILING, burst=limit.burst * CEILING)
        network = self._meter(operation, ceiling, meter.name)
        caller_prefix, network_prefix = ANYONE + meter.prefix, ANYONE + network.prefix

        def check(exchange: Exchange) -> None:
            caller, around = address_keys(exchange.request.client.address)
            line = meter.take(caller_prefix + caller)
            # The caller first: one that is refused does not use up its neighbours' ceiling.
            if around is not None:
                network.take(network_prefix + around)
            exchange.reply_fields += line

        return check


class FloodLimits(_LimitFilter):
    """Limits per address and per operation, before authentication."""

    phase: ClassVar[Phase] = Phase.ADMIT
    kinds = frozenset({"address", "operation"})

    def _check(self, operation: Operation, limit: Limit, meter: Meter) -> _Check:
        if limit.per == "address":
            return self._by_address(operation, limit, meter)
        key = KNOWN + meter.prefix

        def check(exchange: Exchange) -> None:
            exchange.reply_fields += meter.take(key)

        return check


class CallerLimits(_LimitFilter):
    """Limits per caller: the principal, or the credential that it uses."""

    phase: ClassVar[Phase] = Phase.METER
    kinds = frozenset({"principal", "key"})

    def _check(self, operation: Operation, limit: Limit, meter: Meter) -> _Check:
        prefix = KNOWN + meter.prefix
        by_address = self._by_address(operation, limit, meter)
        by_key = limit.per == "key"

        def check(exchange: Exchange) -> None:
            principal = exchange.principal
            if principal is None:
                # A public operation that was called without a credential.
                by_address(exchange)
                return
            identity = _key_of(principal) if by_key else principal.id
            # The identity is canonical: the verifier made it, no spelling of a header did (B-262).
            exchange.reply_fields += meter.take(prefix + identity.encode())

        return check


def _key_of(principal: Principal) -> str:
    """The API key; for a token its principal, since a caller can get any number of tokens."""
    if principal.issuer == API_KEY_ISSUER and principal.credential:
        return principal.credential
    return principal.id


def _all(checks: tuple[_Check, ...]) -> _Check:
    def check(exchange: Exchange) -> None:
        for each in checks:
            each(exchange)

    return check
