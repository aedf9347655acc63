"""Who may use an operation, by scopes and roles (AZ-1, AZ-2)."""

from __future__ import annotations

import re
from typing import ClassVar, Protocol

from vallum.authz.decide import Rule, decide
from vallum.authz.roles import RoleTable
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment, Check
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation

# RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class AccessSettings(Protocol):
    """What this control reads of an operation's policy."""

    @property
    def public(self) -> bool: ...
    @property
    def scopes(self) -> frozenset[str]: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def deny_roles(self) -> frozenset[str]: ...


class Access:
    """Refuses callers whose scopes and roles do not suffice."""

    name: ClassVar[str] = "access"
    phase: ClassVar[Phase] = Phase.PERMIT

    def __init__(self, table: RoleTable) -> None:
        """
        Args:
            table: the policy's roles.
        """
        self.table = table
        self._attached: dict[Rule, Attachment] = {}
        """Operations with equal rules share a check, which a busy processor then has at hand."""

    def attach(self, operation: Operation, settings: AccessSettings) -> Attachment | None:
        """Compile the operation's rule; None where everyone may call.

        Raises:
            ValueError: a public operation has a rule, or a scope is no scope token.
        """
        rule = Rule(scopes=settings.scopes, roles=settings.roles, deny_roles=settings.deny_roles)
        if settings.public:
            if rule != Rule():
                raise ValueError(
                    "an operation that is `public` asks for scopes or roles; remove one of them"
                )
            return None
        for scope in sorted(rule.scopes):
            if _SCOPE_TOKEN.fullmatch(scope) is None:
                raise ValueError(f'`{scope}` is not a scope: use visible ASCII without " and \\')
        known = self._attached.get(rule)
        if known is None:
            known = self._attached[rule] = self._compile(rule)
        return known

    def _compile(self, rule: Rule) -> Attachment:
        table = self.table
        return Attachment(
            summary=_summary(rule),
            check=_scopes_check(rule, table) if rule.scopes else _check(rule, table),
            explain=lambda exchange: decide(rule, exchange.principal, table).detail,
        )


def _scopes_check(rule: Rule, table: RoleTable) -> Check:
    """A check for the common rule: where only scopes are asked for, the caller's own may do."""
    full = _check(rule, table)
    if rule.roles or rule.deny_roles:
        return full
    needed = rule.scopes

    def check(exchange: Exchange) -> None:
        principal = exchange.principal
        if principal is None or not needed <= principal.scopes:
            full(exchange)

    return check


def _check(rule: Rule, table: RoleTable) -> Check:
    challenge = _challenge(rule)
    needed, wanted, banned = rule.scopes, rule.roles, rule.deny_roles
    grants_of = table.grants

    def check(exchange: Exchange) -> None:
        principal = exchange.principal
        if principal is not None:
            held, granted = grants_of(principal.roles)
            if (
                banned.isdisjoint(held)
                and (not wanted or not wanted.isdisjoint(held))
                and (needed <= principal.scopes or needed <= principal.scopes | granted)
            ):
                return
        _refuse(exchange, rule, table, challenge)

    return check


def _refuse(exchange: Exchange, rule: Rule, table: RoleTable, challenge: bytes) -> None:
    decision = decide(rule, exchange.principal, table)
    scheme = (exchange.request.fields.get(b"authorization") or b"").partition(b" ")[0].lower()
    if decision.reason == "access.missing-scope" and scheme in (b"bearer", b"dpop"):
        line = challenge if scheme == b"bearer" else challenge.replace(b" Bearer ", b" DPoP ", 1)
        raise Denied("forbidden", decision.reason, fields=line)
    raise Denied("forbidden", decision.reason)


def _challenge(rule: Rule) -> bytes:
    # RFC 6750 §3.1: insufficient_scope, 403; the "scope" attribute names the scope necessary.
    scope = " ".join(sorted(rule.scopes)).encode("ascii")
    return b'WWW-Authenticate: Bearer error="insufficient_scope", scope="%b"\r\n' % scope


def _summary(rule: Rule) -> str:
    parts = []
    if rule.scopes:
        parts.append(" ".join(sorted(rule.scopes)))
    if rule.roles:
        parts.append("role " + "|".join(sorted(rule.roles)))
    if rule.deny_roles:
        parts.append("not " + "|".join(sorted(rule.deny_roles)))
    return ", ".join(parts) or "any caller"
