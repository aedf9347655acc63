"""Rules of fields: who may select one, and how often (AZ-1, AZ-6, B-297, B-303)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vallum.authz.decide import Rule, decide
from vallum.authz.roles import RoleTable
from vallum.core.ports import Clock, LimitStore
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Check
from vallum.filters.challenges import addressed
from vallum.filters.graphql_settings import GENERIC_ROOTS, FieldRule, GraphQL
from vallum.filters.limit import CallerLimits, FloodLimits, Limit
from vallum.graphql.document import Operation as Wanted
from vallum.openapi.model import Operation

_LINE = b"RateLimit: "


class FieldAccess:
    """Which callers may select which fields, compiled."""

    __slots__ = ("_challenge", "_denied", "_rules", "_table")

    def __init__(self, settings: GraphQL, table: RoleTable, challenge: bytes) -> None:
        """
        Args:
            settings: of the operation.
            table: the policy's roles.
            challenge: field lines for callers without a credential; empty where there is no way
                to show one.

        Raises:
            ValueError: a field has a rule that nobody can satisfy.
        """
        self._table = table
        self._challenge = challenge
        rules = settings.fields
        self._rules = dict(_compiled(settings))
        self._denied: frozenset[str] = frozenset()
        if settings.nodes == "deny":
            generic = (f"{settings.schema.query}.{name}" for name in GENERIC_ROOTS)
            self._denied = frozenset(name for name in generic if name not in rules)
        if self._rules and not challenge:
            raise ValueError(
                f"nobody can prove who they are, as the rule of `{next(iter(self._rules))}` asks; "
                "write `authenticate:` too"
            )

    def check(self, wanted: Wanted, exchange: Exchange) -> None:
        """Judge every field that an operation selects, through whatever fragment or alias.

        Raises:
            Denied: the caller may not have one of them.
        """
        for coordinate in wanted.fields:
            if coordinate in self._denied:
                raise Denied("forbidden", "graphql.generic-root")
            for rule in self._rules.get(coordinate, ()):
                decision = decide(rule, exchange.principal, self._table)
                if decision.allowed:
                    continue
                if exchange.principal is None:
                    challenge = addressed(self._challenge, exchange.request)
                    raise Denied("unauthenticated", "graphql.anonymous", fields=challenge)
                raise Denied("forbidden", decision.reason)


def _compiled(settings: GraphQL) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """The rules of every field that has any: its own, and those of the field on kindred types."""
    schema = settings.schema
    for coordinate in schema.coordinates():
        found: list[Rule] = []
        for each in (coordinate, *schema.kin(coordinate)):
            said = rule_for(settings, each)
            if said is None or said.public:
                continue
            rule = Rule(scopes=said.scopes, roles=said.roles, deny_roles=said.deny_roles)
            if rule != Rule() and rule not in found:
                found.append(rule)
        if found:
            yield coordinate, tuple(found)


def rule_for(settings: GraphQL, coordinate: str) -> FieldRule | None:
    """What the policy says about a field: in its own line, or in that of its type."""
    type_name = coordinate.partition(".")[0]
    return settings.fields.get(coordinate) or settings.fields.get(f"{type_name}.*")


def field_costs(settings: GraphQL) -> Mapping[str, int]:
    """The cost of every field that does not cost 1: the highest of it and kindred types."""
    schema = settings.schema
    costs: dict[str, int] = {}
    for coordinate in schema.coordinates():
        found = [rule_for(settings, each) for each in (coordinate, *schema.kin(coordinate))]
        cost = max((rule.cost for rule in found if rule is not None), default=1)
        if cost != 1:
            costs[coordinate] = cost
    return costs


class FieldLimits:
    """Takes from limits for what an operation selects, as if each were a request of its own."""

    __slots__ = ("_checks", "_whole")

    def __init__(
        self,
        operation: Operation,
        settings: GraphQL,
        limits: Sequence[Limit],
        store: LimitStore,
        clock: Clock,
        api: str,
    ) -> None:
        """
        Args:
            operation: of the contract.
            settings: of the operation.
            limits: of the operation; one unit of each has been taken already.
            store: where buckets are kept.
            clock: wall-clock Unix seconds.
            api: name of the API.

        Raises:
            ValueError: a limit can never let a request pass.
        """

        def attach(where: Operation, given: Sequence[Limit], label: str) -> list[Check]:
            found = (
                FloodLimits(store, clock, api=api, label=label).attach(where, given),
                CallerLimits(store, clock, api=api, label=label).attach(where, given),
            )
            return [each.check for each in found if each is not None and each.check is not None]

        self._whole = attach(operation, limits, "")
        self._checks: dict[str, list[Check]] = {}
        schema = settings.schema
        by_line = {
            line: attach(replace(operation, id=f"{operation.id} {line}"), rule.limits, line)
            for line, rule in settings.fields.items()
            if rule.limits
        }
        for coordinate in schema.coordinates() if by_line else ():
            for each in (coordinate, *schema.kin(coordinate)):
                line = each if each in settings.fields else f"{each.partition('.')[0]}.*"
                if line in by_line:
                    self._checks.setdefault(coordinate, []).extend(by_line[line])

    def take(self, wanted: Sequence[Wanted], exchange: Exchange) -> None:
        """Take for each root field but the first, and for each field with a limit of its own.

        Raises:
            Denied: nothing was left of one.
        """
        roots = sum(len(each.roots) for each in wanted)
        for check in self._whole:
            for _ in range(roots - 1):
                _again(check, exchange)
        for each in wanted:
            for coordinate in each.fields.keys() & self._checks.keys():
                for check in self._checks[coordinate]:
                    for _ in range(each.fields[coordinate]):
                        _again(check, exchange)


def _again(check: Check, exchange: Exchange) -> None:
    """Run a check of a limit; of its field lines only the last ones tell the truth."""
    before, exchange.reply_fields = exchange.reply_fields, b""
    try:
        check(exchange)
    finally:
        lines = exchange.reply_fields
        names = {line.partition(b";")[0] for line in lines.split(b"\r\n") if line}
        kept = [
            line
            for line in before.split(b"\r\n")
            if line and not (line.startswith(_LINE) and line.partition(b";")[0] in names)
        ]
        exchange.reply_fields = b"".join(line + b"\r\n" for line in kept) + lines
