"""What a contract's security requirements ask of a gateway that takes API keys and tokens."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from vallum.openapi.model import Contract, Operation, SecurityRequirement, SecurityScheme

Kind = Literal["api_key", "token", "unsupported"]

DEFAULT_KEY_FIELD = "X-API-Key"
_FIELD_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_RESERVED_FIELDS = frozenset({"authorization", "cookie", "host"})


class Asked(NamedTuple):
    """What a contract asks of the callers of one operation."""

    authenticators: tuple[str, ...] = ()
    """`api_key` and `jwt:<issuer>`, ready for `Controls`."""
    scopes: frozenset[str] = frozenset()
    """Those of the first alternative that has any."""
    has_other_scopes: bool = False
    """Whether another alternative has other scopes."""
    kinds: frozenset[Kind] = frozenset()
    """What the alternatives that can be met are made of."""
    problem: str = ""
    """Code of the reason why none of the alternatives can be met; empty when one can."""
    detail: str = ""
    """The reason in words."""


def kind_of(scheme: SecurityScheme) -> Kind:
    """What credential a scheme stands for."""
    if scheme.type == "apiKey":
        return "api_key" if _is_key_field(scheme) else "unsupported"
    if scheme.type == "http":
        return "token" if scheme.http_scheme in {"bearer", "dpop"} else "unsupported"
    return "unsupported" if scheme.type == "mutualTLS" else "token"


def _is_key_field(scheme: SecurityScheme) -> bool:
    name = scheme.parameter.lower()
    is_field = _FIELD_NAME.fullmatch(name) is not None and name not in _RESERVED_FIELDS
    return scheme.location == "header" and is_field


def describe(scheme: SecurityScheme) -> str:
    """A scheme in words."""
    match scheme.type:
        case "apiKey":
            place = {"header": "header field", "query": "query parameter", "cookie": "cookie"}
            return f"an API key in the {place[scheme.location]} `{scheme.parameter}`"
        case "http":
            return f"HTTP {scheme.http_scheme} authentication"
        case "mutualTLS":
            return "a client certificate"
        case "oauth2":
            return "an OAuth 2.0 token"
        case "openIdConnect":
            return "an OpenID Connect token"


def key_field(contract: Contract) -> str:
    """The header field in which the gateway takes API keys for a contract."""
    for scheme in contract.security_schemes.values():
        if scheme.type == "apiKey" and kind_of(scheme) == "api_key":
            return scheme.parameter
    return DEFAULT_KEY_FIELD


def key_fields(contracts: Iterable[Contract]) -> tuple[str, ...]:
    """The header fields in which the gateway takes API keys for any of the contracts, each once."""
    by_name = {field.lower(): field for field in map(key_field, contracts)}
    return tuple(by_name.values()) or (DEFAULT_KEY_FIELD,)


def asked(operation: Operation, contract: Contract, issuers: Collection[str]) -> Asked:
    """What the contract asks of the callers of an operation.

    Args:
        operation: one of the contract's.
        contract: for its security schemes.
        issuers: names of the policy's issuers of tokens.
    """
    kinds: list[Kind] = []
    scopes: list[frozenset[str]] = []
    problems: dict[str, str] = {}
    for requirement in operation.security:
        # Also those of alternatives that cannot be met: whoever calls in another way needs no less.
        named = frozenset(scope for each in requirement.values() for scope in each)
        if named:
            scopes.append(named)
        kind, problem, detail = _judge(requirement, contract.security_schemes)
        if kind is None:
            problems[problem] = detail
            continue
        if kind == "token" and not issuers:
            problems["no-issuer"] = "an access token, and the policy has no issuer"
            continue
        if kind not in kinds:
            kinds.append(kind)
    if operation.security and not kinds:
        code = next(code for code in _PROBLEMS if code in problems)
        return Asked(problem=code, detail=problems[code])
    authenticators: list[str] = []
    for kind in kinds:
        authenticators += ["api_key"] if kind == "api_key" else [f"jwt:{name}" for name in issuers]
    return Asked(
        authenticators=tuple(authenticators),
        scopes=scopes[0] if scopes else frozenset(),
        has_other_scopes=len(set(scopes)) > 1,
        kinds=frozenset(kinds),
    )


_PROBLEMS = ("no-issuer", "combined-schemes", "unsupported-scheme")


def _judge(
    requirement: SecurityRequirement, schemes: Mapping[str, SecurityScheme]
) -> tuple[Kind | None, str, str]:
    """What one alternative needs, or the code and the words of why it cannot be met."""
    # Several schemes that one token satisfies, such as two OAuth 2.0 flows, are one credential.
    kinds = {kind_of(schemes[name]) for name in requirement}
    if "unsupported" in kinds:
        odd = next(name for name in requirement if kind_of(schemes[name]) == "unsupported")
        return None, "unsupported-scheme", describe(schemes[odd])
    if len(kinds) > 1:
        words = " together with ".join(describe(schemes[name]) for name in requirement)
        return None, "combined-schemes", words
    return next(iter(kinds)), "", ""


def first_scopes(operation: Operation) -> tuple[str, ...]:
    """The scopes of the first alternative that has any, in the contract's order."""
    for requirement in operation.security:
        named = tuple(dict.fromkeys(scope for each in requirement.values() for scope in each))
        if named:
            return named
    return ()
