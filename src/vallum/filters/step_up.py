"""How well and how lately somebody signed in, where an operation asks for more (RFC 9470)."""

from __future__ import annotations

from typing import ClassVar, Protocol

from vallum.core.ports import Clock
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.challenges import BEARER, DPOP, challenge
from vallum.openapi.model import Operation

_LEEWAY = 2.0
"""Seconds by which the issuer's clock may be ahead of ours."""


class StepUpSettings(Protocol):
    """What this control reads of an operation's policy."""

    @property
    def public(self) -> bool: ...
    @property
    def acr(self) -> tuple[str, ...]: ...
    @property
    def max_auth_age(self) -> float: ...
    @property
    def mfa(self) -> bool: ...


class StepUp:
    """Sends users back to sign in anew, or with more than before."""

    name: ClassVar[str] = "step_up"
    phase: ClassVar[Phase] = Phase.PERMIT

    def __init__(self, clock: Clock, *, mfa_acr: str = "") -> None:
        """
        Args:
            clock: wall-clock Unix seconds.
            mfa_acr: the `acr` by which the issuer is asked for more than one factor, where that is
                known: `amr` cannot be asked for.
        """
        self._clock = clock
        self._mfa_acr = (mfa_acr,) if mfa_acr else ()

    def attach(self, operation: Operation, settings: StepUpSettings) -> Attachment | None:
        """Compile what the operation asks; None where it asks for nothing.

        Raises:
            ValueError: a public operation asks for something.
        """
        if not (settings.acr or settings.max_auth_age or settings.mfa):
            return None
        if settings.public:
            raise ValueError(
                "an operation that is `public` asks how its callers signed in; remove `acr`, "
                "`max_auth_age` and `mfa`"
            )
        judge = _Judge(settings, self._clock, ask=settings.acr or self._mfa_acr * settings.mfa)
        return Attachment(
            summary=_summary(settings),
            check=judge.check,
            explain=lambda _: "signed in well enough, and lately enough",
        )


class _Judge:
    """What one operation asks, compiled."""

    __slots__ = ("_acr", "_clock", "_max_age", "_mfa", "_more")

    def __init__(self, settings: StepUpSettings, clock: Clock, *, ask: tuple[str, ...]) -> None:
        self._acr = frozenset(settings.acr)
        self._max_age = settings.max_auth_age
        self._mfa = settings.mfa
        self._clock = clock
        # RFC 9470 §3: what a new authorization request must ask for.
        self._more = f', acr_values="{" ".join(ask)}"' if ask else ""
        self._more += f', max_age="{int(self._max_age)}"' if self._max_age else ""

    def check(self, exchange: Exchange) -> None:
        principal = exchange.principal
        if principal is None or principal.kind != "user":
            # Nobody is there who could sign in anew.
            raise Denied("forbidden", "step-up.no-user")
        reason = self._lacks(principal)
        if reason:
            value = exchange.request.fields.get(b"authorization") or b""
            scheme = DPOP if value[:5].lower() == b"dpop " else BEARER
            line = challenge(scheme, error="insufficient_user_authentication", more=self._more)
            raise Denied("insufficient-authentication", reason, fields=line)

    def _lacks(self, principal: Principal) -> str:
        claims = principal.claims
        if self._acr:
            acr = claims.get("acr")
            if not isinstance(acr, str) or acr not in self._acr:
                return "step-up.acr"
        if self._mfa:
            methods = claims.get("amr")
            # RFC 8176 §2: "mfa" is what says that there was more than one factor.
            if not isinstance(methods, list) or "mfa" not in methods:
                return "step-up.mfa"
        if self._max_age:
            signed_in = claims.get("auth_time")
            if not isinstance(signed_in, int | float) or isinstance(signed_in, bool):
                return "step-up.age"
            if not -_LEEWAY <= self._clock() - signed_in <= self._max_age:
                return "step-up.age"
        return ""


def _summary(settings: StepUpSettings) -> str:
    parts = []
    if settings.acr:
        parts.append("acr " + "|".join(settings.acr))
    if settings.mfa:
        parts.append("mfa")
    if settings.max_auth_age:
        parts.append(f"signed in within {settings.max_auth_age:g}s")
    return ", ".join(parts)
