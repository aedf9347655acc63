"""Warnings about operations. Operations that one line of the policy concerns are one warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vallum.config.apis import LoadedAPI
from vallum.config.diagnostics import Report, listing, suggest
from vallum.config.levels import OPERATION
from vallum.config.resolve import Resolved
from vallum.config.source import Node
from vallum.core.words import nearest
from vallum.filters.inspect_ruling import Selector
from vallum.filters.properties import has_unreadable_forms
from vallum.wire.pointer import pointer_steps

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LARGE_BODY = 10 * 1024 * 1024
_SLOW = 10 / 60
"""Requests a second."""


@dataclass(frozen=True, slots=True)
class _Lint:
    """A concern about single operations."""

    code: str
    key: str
    """The key of the policy that decides it."""
    concerns: Callable[[Resolved], bool]
    message: str
    """What follows the operations' names."""
    hint: str


def _has_any_origin(each: Resolved) -> bool:
    return each.controls.cors is not None and "*" in each.controls.cors.origins


def _is_open_write(each: Resolved) -> bool:
    """Whether anybody may change things without contract and policy both having said so.

    What the contract declares open, the policy's own line repeats and a low limit per address
    holds down is a decision (a registration, say), not an oversight.
    """
    if not each.controls.public or each.operation.method in _SAFE_METHODS:
        return False
    if each.controls.signature is not None:
        return False  # Only who holds a key may.
    is_own = _says_itself(each, "public") and _says_itself(each, "limit")
    is_slow = any(
        limit.per == "address" and limit.units / limit.seconds <= _SLOW
        for limit in each.controls.limits
    )
    return not (each.operation.security_is_explicit_none and is_own and is_slow)


def _says_itself(each: Resolved, key: str) -> bool:
    """Whether the operation's own line says it, and not what it has in common with others."""
    return key in each.given and each.given[key].rank == OPERATION


def _without_body(key: str) -> Callable[[Resolved], bool]:
    return lambda each: not each.operation.bodies and _says_itself(each, key)


def _guessable(each: Resolved) -> bool:
    controls = each.controls
    if controls.public or controls.roles:
        return False
    return any(info.location == "path" and info.is_numeric for info in each.operation.parameters)


def _has_shared_secret(each: Resolved) -> bool:
    signature = each.controls.signature
    return signature is not None and any(
        key.algorithm.is_symmetric for key in signature.keys.values()
    )


def _has_rule_of_tokens(each: Resolved) -> bool:
    """Whether the operation's own line asks something of tokens, and none are taken."""
    if any(name != "api_key" for name in each.controls.authenticate):
        return False
    return any(_says_itself(each, key) for key in _OF_TOKENS)


def _is_somewhere(each: Resolved, selector: Selector) -> bool:
    """Whether the contract has what the operation's own line tells something about.

    Header fields and cookies are inspected declared or not, so any of them may be named.
    """
    if selector.location in ("header", "cookie"):
        return True
    if selector.location != "body":
        (name,) = selector.steps
        return any(
            info.location == selector.location and name in ("*", info.name)
            for info in each.operation.parameters
        )
    plans = each.operation.texts.values()
    return not plans or any(plan.has(selector.steps) for plan in plans)


_OF_TOKENS = ("binding", "dpop_nonce", "acr", "max_auth_age", "mfa")

_LINTS = (
    _Lint(
        "public-write",
        "public",
        _is_open_write,
        "changes things, and anybody may call it",
        "authenticate its callers; or say `security: []` in the contract and give it a limit of "
        "10/minute per address or less",
    ),
    _Lint(
        "public-over-contract",
        "public",
        lambda each: (
            each.controls.public
            and bool(each.operation.security)
            and not each.operation.security_is_explicit_none
        ),
        "is public, and the contract asks for authentication",
        "remove `public: true`, or write `security: []` in the contract",
    ),
    _Lint(
        "scopes-alternatives",
        "scopes",
        lambda each: (
            each.asked.has_other_scopes and "scopes" not in each.given and not each.controls.public
        ),
        "may be called with one of several sets of scopes by the contract; the first is needed",
        "write `scopes:` for it",
    ),
    _Lint(
        "no-limit",
        "limit",
        lambda each: not each.controls.limits,
        "has no rate limit",
        "write a generous one instead of `none`, such as `limit: 6000/minute per principal`",
    ),
    _Lint(
        "validation-off",
        "validate",
        lambda each: each.controls.validate != "block",
        "lets requests pass that break the contract",
        "write `validate: block` once monitoring shows no wrong refusals",
    ),
    _Lint(
        "inspection-off",
        "inspect",
        lambda each: each.controls.inspect != "block",
        "lets requests pass that look like attacks",
        "write `inspect: block` once monitoring shows no wrong refusals",
    ),
    _Lint(
        "unknown-ignored",
        "unknown",
        lambda each: each.controls.unknown == "ignore",
        "lets parameters and properties pass that the contract does not declare",
        "declare them in the contract and write `unknown: refuse`",
    ),
    _Lint(
        "cors-any-origin",
        "cors",
        lambda each: each.controls.public and _has_any_origin(each),
        "may be called by scripts of any web page",
        "list the origins that need it",
    ),
    _Lint(
        "cors-private-network",
        "cors",
        lambda each: each.controls.cors is not None and each.controls.cors.private_network,
        "may be called by public pages from inside a private network",
        "remove `private_network: true` unless the gateway is meant for that",
    ),
    _Lint(
        "headers-off",
        "headers",
        lambda each: each.controls.headers == "off",
        "answers without security headers",
        "override single headers instead",
    ),
    _Lint(
        "credential-forwarded",
        "forward_token",
        lambda each: each.controls.forward_token,
        "passes the caller's credential to the upstream, which could use it elsewhere",
        "let the upstream read the signed identity instead (`identity: true`)",
    ),
    _Lint(
        "body-without-contract",
        "body",
        lambda each: (
            each.controls.body > 0 and not each.operation.bodies and _says_itself(each, "body")
        ),
        "has a body size, and the contract declares no body",
        "declare the body in the contract, or remove `body:`",
    ),
    *(
        _Lint(
            "body-without-contract",
            key,
            _without_body(key),
            f"has `{key}`, and the contract declares no body",
            f"declare the body in the contract, or remove `{key}:`",
        )
        for key in ("codings", "uploads")
    ),
    _Lint(
        "keys-without-effect",
        "idempotency",
        lambda each: (
            each.controls.idempotency is not None
            and _says_itself(each, "idempotency")
            and (each.operation.method in _SAFE_METHODS or not each.controls.authenticate)
        ),
        "has `idempotency`, and changes nothing or does not know its callers: keys are for those "
        "that do both",
        "remove `idempotency:`, or authenticate its callers",
    ),
    _Lint(
        "unbound-alternative",
        "binding",
        lambda each: each.controls.binding != "none" and "api_key" in each.controls.authenticate,
        "asks for tokens that are bound to a key, and takes API keys, which are not",
        "take tokens only: `authenticate:` with the name of the issuer",
    ),
    _Lint(
        "rule-of-tokens",
        "authenticate",
        _has_rule_of_tokens,
        "has a rule about tokens, and takes none",
        "add an issuer to `authenticate:`, or remove `binding`, `dpop_nonce`, `acr`, "
        "`max_auth_age` and `mfa`",
    ),
    _Lint(
        "hmac-algorithm",
        "signature",
        _has_shared_secret,
        "takes signatures by shared secrets: whoever can verify one can also make one",
        "let signers keep keys of their own: `alg` Ed25519 or ES256",
    ),
    _Lint(
        "rights-without-json",
        "properties",
        lambda each: has_unreadable_forms(each.operation, each.controls.properties),
        "has property rights, and answers types in which nothing can be taken out or masked: such "
        "an answer goes to those alone who may see all of it",
        "declare JSON, JSON by lines or event streams, or accept it",
    ),
    _Lint(
        "large-body",
        "body",
        lambda each: each.controls.body > _LARGE_BODY,
        "takes bodies of more than 10 MiB, which a worker holds in memory",
        "lower `body:` to what the operation needs",
    ),
    _Lint(
        "numeric-id",
        "",
        _guessable,
        "names objects by numbers that anyone can count through, and rules of ownership are not "
        "part of this version",
        "let the API itself check that the caller owns the object, or name objects by UUIDs",
    ),
)


def lint_operations(loaded: LoadedAPI, report: Report) -> None:
    """Add every warning about the operations of an API to the report."""
    for lint in _LINTS:
        for place, names in _by_place(loaded, lint):
            if len(names) == 1:
                subject = f"`{names[0]}`"
            else:
                subject = f"each of {len(names):,} operations ({listing(names)})"
            report.add(lint.code, f"{subject} {lint.message}", place, lint.hint)
    _check_any_origin(loaded, report)
    _check_properties(loaded, report)
    _check_fields(loaded, report)


def _by_place(loaded: LoadedAPI, lint: _Lint) -> Iterator[tuple[Node, list[str]]]:
    """The operations that a lint concerns, by the line that would mend it."""
    groups: dict[int, tuple[Node, list[str]]] = {}
    api = loaded.levels.api
    for each in loaded.resolved:
        if not lint.concerns(each):
            continue
        given = each.given.get(lint.key)
        place = given.place if given is not None else api.places["openapi"]
        groups.setdefault(id(place), (place, []))[1].append(each.operation.id)
    yield from groups.values()


def _check_any_origin(loaded: LoadedAPI, report: Report) -> None:
    """`*` is for what is public (BR-1): an error, found here beside its milder sister."""
    lint = _Lint(
        "cors-wildcard-protected",
        "cors",
        lambda each: not each.controls.public and _has_any_origin(each),
        "",
        "",
    )
    for place, names in _by_place(loaded, lint):
        report.add(
            lint.code,
            f"scripts of any web page may call {listing(names)}, which "
            f"{'is' if len(names) == 1 else 'are'} not public",
            place,
            "list the origins, such as `https://shop.example`; `*` is for operations with "
            "`public: true`",
        )


def _check_properties(loaded: LoadedAPI, report: Report) -> None:
    """A right about a misspelt property protects nothing."""
    if not any(each.controls.properties for each in loaded.resolved):
        return
    declared = loaded.source.property_names()
    for each in loaded.resolved:
        for pointer in each.controls.properties:
            steps = pointer_steps(pointer)
            strange = [step for step in steps if step not in declared and not _is_index(step)]
            if strange:
                report.add(
                    "property-nowhere",
                    f"no schema of the contract has a property `{strange[0]}`, as in `{pointer}`",
                    each.given["properties"].place,
                    suggest(strange[0], declared, what="property"),
                )


def _check_fields(loaded: LoadedAPI, report: Report) -> None:
    """What is said of a misspelt place takes effect nowhere."""
    for each in loaded.resolved:
        for key in ("fields", "exclude"):
            if not _says_itself(each, key):
                continue
            said = (one if isinstance(one, str) else one.field for one in each.given[key].value)
            for text in filter(None, said):
                if not _is_somewhere(each, Selector(text)):
                    close = _nearest_place(loaded, each, text)
                    report.add(
                        "field-nowhere",
                        f"`{each.operation.id}`: the contract has no free text at `{text}`, so "
                        f"what `{key}:` says of it takes effect nowhere",
                        each.given[key].place,
                        f"did you mean `{close}`?"
                        if close is not None
                        else f"correct the name, or remove it from `{key}:`",
                    )


def _nearest_place(loaded: LoadedAPI, each: Resolved, text: str) -> str | None:
    """What may be meant by a place that is nowhere; None where nothing is like it."""
    selector = Selector(text)
    if selector.location != "body":
        names = [f"{info.location}:{info.name}" for info in each.operation.parameters]
        return nearest(text, names)
    declared = loaded.source.property_names()
    strange = (step for step in selector.steps if step not in declared and not _is_index(step))
    return nearest(next(strange, ""), sorted(declared))


def _is_index(step: str) -> bool:
    return step == "*" or step.isdecimal()
