"""The controls of each operation: what the policy gives, what the contract asks, safe defaults."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from vallum.config.diagnostics import Report, listing
from vallum.config.keys_trust import is_mtls, trust_of
from vallum.config.levels import OPERATION, Given, Levels
from vallum.config.model import Controls
from vallum.config.security import Asked, asked
from vallum.config.source import Node
from vallum.filters.limit import Limit, LimitKey
from vallum.openapi.model import Contract, Operation

DEFAULT_BODY = 256 * 1024
_PLAIN_KEYS = (
    *("answers", "answer_body", "leaks", "properties"),
    *("codings", "uploads", "validate", "unknown", "graphql", "cors", "headers"),
    *("idempotency", "require_mtls", "signature"),
    *("inspect", "sensitivity", "detectors", "fields", "exclude"),
    *("forward_token", "identity", "body_on_get", "unicode_path"),
    *("binding", "dpop_nonce"),
)
"""Keys whose value is the control's own."""

_OF_USERS = ("acr", "max_auth_age", "mfa")
"""Keys that ask how callers signed in; without meaning where nobody has to."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One operation with its controls and where they come from."""

    operation: Operation
    controls: Controls
    given: dict[str, Given]
    asked: Asked


@dataclass(slots=True)
class _Grouped:
    """Problems of many operations that one line of the policy can mend."""

    names: list[str] = field(default_factory=list)
    detail: str = ""


def resolve_api(
    name: str, contract: Contract, levels: Levels, issuers: Collection[str], report: Report
) -> list[Resolved]:
    """The controls of every operation of an API. What is wrong goes into the report."""
    resolver = _Resolver(contract, levels, issuers, report)
    found = [resolver.resolve(operation) for operation in contract.operations]
    resolver.report_unauthenticated(name)
    return found


class _Resolver:
    def __init__(
        self, contract: Contract, levels: Levels, issuers: Collection[str], report: Report
    ) -> None:
        self._contract = contract
        self._levels = levels
        self._issuers = issuers
        self._report = report
        self._unauthenticated: dict[tuple[str, str], _Grouped] = {}

    def resolve(self, operation: Operation) -> Resolved:
        given = self._levels.given(operation, self._report)
        asks = asked(operation, self._contract, self._issuers)
        public = bool(_value(given, "public", default=False))
        if public:
            self._check_public(operation, given)
        authenticate = self._authenticators(operation, given, asks, public=public)
        keys = _PLAIN_KEYS if public else (*_PLAIN_KEYS, *_OF_USERS)
        plain = {key: given[key].value for key in keys if key in given}
        controls = Controls(
            public=public,
            authenticate=authenticate,
            scopes=_scopes(given, asks, public=public),
            roles=frozenset(() if public else _value(given, "roles", default=())),
            deny_roles=frozenset(() if public else _value(given, "deny_roles", default=())),
            limits=_limits(given, is_anonymous=public and not authenticate),
            body=_body(operation, given),
            **plain,
        )
        return Resolved(operation, controls, given, asks)

    def _check_public(self, operation: Operation, given: dict[str, Given]) -> None:
        """A key that protects, as near to the operation as `public` or nearer, contradicts it."""
        public = given["public"]
        for key in ("scopes", "roles", "deny_roles", *_OF_USERS):
            other = given.get(key)
            if other is not None and other.value and other.rank >= public.rank:
                self._report.add(
                    "public-conflict",
                    f"`{operation.id}` is public (line {public.place.line}) and asks for `{key}`",
                    other.place,
                    f"remove `{key}`, or write `public: false`",
                )
        authenticate = given.get("authenticate")
        if authenticate is not None and authenticate.rank > public.rank:
            self._report.add(
                "public-conflict",
                f"`{operation.id}` is public by `{public.level}` (line {public.place.line}) "
                "and has authenticators of its own",
                authenticate.place,
                "write `public: false` beside it; or `public: true`, where a credential may be "
                "shown and need not be",
            )

    def _authenticators(
        self, operation: Operation, given: dict[str, Given], asks: Asked, *, public: bool
    ) -> tuple[str, ...]:
        named = given.get("authenticate")
        if named is not None:
            return tuple(dict.fromkeys(_authenticator(entry) for entry in named.value))
        if not asks.authenticators and not public:
            self._note_unauthenticated(operation, asks)
        return asks.authenticators

    def _note_unauthenticated(self, operation: Operation, asks: Asked) -> None:
        detail = asks.detail
        code = asks.problem or "no-authenticator"
        if code == "no-authenticator":
            detail = "public" if operation.security_is_explicit_none else ""
        group = self._unauthenticated.setdefault((code, detail), _Grouped(detail=detail))
        group.names.append(operation.id)

    def report_unauthenticated(self, api: str) -> None:
        """One error for all operations that lack an authenticator for one reason."""
        for (code, detail), group in self._unauthenticated.items():
            at: Node = self._levels.places.get(group.names[0], self._levels.api.node)
            if at is self._levels.api.node:
                at = self._levels.api.places.get("openapi", at)
            message, hint = _words(code, detail)
            count = len(group.names)
            subject = (
                f"{listing(group.names)} of `{api}`"
                if count == 1
                else f"{count:,} operations of `{api}` ({listing(group.names)})"
            )
            self._report.add(code, f"{subject}: {message}", at, hint)


def _words(code: str, detail: str) -> tuple[str, str]:
    """Message and hint for operations without an authenticator."""
    match code:
        case "no-issuer":
            return (
                f"the contract asks for {detail}",
                "add the issuer of the tokens under `issuers:`, or write `authenticate: api_key`",
            )
        case "combined-schemes":
            return (
                f"the contract asks for {detail}, and Vallum takes one credential a request",
                "choose with `authenticate: api_key`, or with the name of an issuer",
            )
        case "unsupported-scheme":
            return (
                f"the contract asks for {detail}, which Vallum does not take",
                "write `authenticate: api_key` (a key in a header field), `mtls` or an issuer",
            )
        case _ if detail == "public":
            return (
                "nothing authenticates callers; the contract says that none is needed",
                "write `public: true` if everybody may call, or `authenticate: api_key`",
            )
        case _:
            return (
                "nothing authenticates callers, and the contract names no security",
                "write `authenticate: api_key` (under `defaults:`, say), or `public: true`",
            )


def _authenticator(entry: str) -> str:
    """As `Controls` names it."""
    if is_mtls(entry):
        return f"mtls:{trust_of(entry)}"
    return entry if entry == "api_key" else f"jwt:{entry.removeprefix('jwt:')}"


def _value(given: dict[str, Given], key: str, *, default: Any) -> Any:
    return given[key].value if key in given else default


def _scopes(given: dict[str, Given], asks: Asked, *, public: bool) -> frozenset[str]:
    if public:
        return frozenset()
    return frozenset(given["scopes"].value) if "scopes" in given else asks.scopes


def _limits(given: dict[str, Given], *, is_anonymous: bool) -> tuple[Limit, ...]:
    if "limit" in given:
        limits: tuple[Limit, ...] = given["limit"].value
        return limits
    per: LimitKey = "address" if is_anonymous else "principal"
    return (Limit(units=60, seconds=60.0, per=per, burst=60),)


def _body(operation: Operation, given: dict[str, Given]) -> int:
    """Where the contract declares no body, only the operation's own line can allow one."""
    body = given.get("body")
    if body is not None and (operation.bodies or body.rank == OPERATION):
        return int(body.value)
    return DEFAULT_BODY if operation.bodies else 0
