"""Refuses addresses that fail to authenticate too often (B-268).

Failures count on the address they come from, never on the account they aim at: guessing is slow,
and nobody can lock another out or use up its limit.
"""

from __future__ import annotations

import math
import random
from typing import get_args

from vallum.core.ports import ANYONE, Clock, LimitStore
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.engine.exchange import Exchange
from vallum.filters.limit import Jitter
from vallum.limits.address import CEILING, address_keys
from vallum.limits.gcra import interval_seconds
from vallum.pki.errors import Reason
from vallum.tokens.http_signature import SignatureReason

_PREFIX = ANYONE + b"failures"
_COUNTED = frozenset({"unauthenticated", "ambiguous-credentials"})
_NO_GUESSES = frozenset(
    {
        *("auth.none", "dpop.nonce", "mtls.no-certificate"),
        *("mtls.unknown-workload", "mtls.two-workloads"),
        *get_args(Reason),
        *get_args(SignatureReason),
    }
)
"""Reason codes of refusals that are no guesses: a request without a credential, of which any web
page can make its visitors' browsers send thirty; a proof that is good but for its nonce; a
certificate and a signature, which nobody finds by trying: a program whose certificate has expired
or whose clock is wrong tries on and on."""


class AuthFailureLimit:
    """Counts authentication failures per address, and refuses addresses with too many.

    `check` belongs before every verification of a credential that is not known already, so that
    the right guess after many wrong ones is refused too, while callers whose credential was
    verified before feel nothing of a stranger at the same address. `note_refusal` belongs after
    every refusal.
    """

    __slots__ = ("_burst", "_clock", "_interval", "_jitter", "_store")

    def __init__(
        self,
        store: LimitStore,
        clock: Clock,
        *,
        failures: int = 30,
        seconds: float = 60.0,
        jitter: Jitter = random.random,
    ) -> None:
        """
        Args:
            store: where failures are counted; shared by all workers.
            clock: wall-clock Unix seconds.
            failures: how many an address may have at once, and per `seconds`.
            seconds: the time after which all are forgotten.
            jitter: for Retry-After.

        Raises:
            ValueError: `failures` or `seconds` is not positive.
        """
        self._store = store
        self._clock = clock
        self._burst = failures
        self._interval = interval_seconds(failures, seconds)
        self._jitter = jitter

    def check(self, request: Request) -> None:
        """Let the request's credential be verified.

        Raises:
            Denied: too many failures came from this address, or from the network around it.
        """
        caller, around = address_keys(request.client.address)
        now = self._clock()
        self._ask(_PREFIX + caller, now, 1)
        if around is not None:
            self._ask(_PREFIX + around, now, CEILING)

    def _ask(self, key: bytes, now: float, factor: int) -> None:
        interval = self._interval / factor
        left = self._store.take(key, now=now, interval=interval, burst=self._burst * factor, cost=0)
        if left < 1.0:
            wait = interval * (1.0 - left) if left >= 0.0 else -left
            retry = math.ceil(wait + self._jitter() * max(1.0, wait / 10))
            raise Denied(
                "rate-limited",
                "limit.auth-failures",
                fields=b"Retry-After: %d\r\n" % max(1, retry),
            )

    def note_refusal(self, exchange: Exchange, denied: Denied) -> None:
        """Count a refusal if a credential was shown and was not good."""
        if denied.problem.slug not in _COUNTED or denied.reason in _NO_GUESSES:
            return
        caller, around = address_keys(exchange.request.client.address)
        now = self._clock()
        self._count(_PREFIX + caller, now, 1)
        if around is not None:
            self._count(_PREFIX + around, now, CEILING)

    def _count(self, key: bytes, now: float, factor: int) -> None:
        self._store.take(
            key, now=now, interval=self._interval / factor, burst=self._burst * factor, cost=1
        )
