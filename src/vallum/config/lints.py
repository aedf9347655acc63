"""Warnings about a policy as a whole: what is legal, and unwise."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from vallum.config.apis import LoadedAPI
from vallum.config.diagnostics import Report, suggest
from vallum.config.identity_api import OWN_ISSUER
from vallum.config.kinds import Values
from vallum.config.levels import every
from vallum.config.lints_operations import lint_operations
from vallum.config.model import Issuer, Policy
from vallum.config.security import describe, key_field, kind_of
from vallum.config.source import Node
from vallum.tokens.algorithms import ALGORITHMS
from vallum.wire.authority import is_this_machine
from vallum.wire.pointer import escape_step

_DAY = 86_400.0


def lint_policy(policy: Policy, found: Values, apis: Sequence[LoadedAPI], report: Report) -> None:
    """Add every warning about a policy to the report."""
    _lint_listener(policy, found.node, report)
    _lint_names(policy, found.node, apis, report)
    used = {
        name for loaded in apis for each in loaded.resolved for name in each.controls.authenticate
    }
    for name, issuer in policy.issuers.items():
        _lint_issuer(issuer, found.node, report)
        if apis and f"jwt:{name}" not in used:
            report.add(
                "unused-issuer",
                f"no operation takes tokens of `{name}`",
                place_of(found.node, "issuers", name),
                f"write `authenticate: {name}` where it should, or remove the issuer",
            )
    for name, role in policy.roles.items():
        _lint_scopes(role.scopes, place_of(found.node, "roles", name, "scopes"), report)
    _lint_levels(found, apis, report)
    for loaded in apis:
        _lint_upstream(loaded, report)
        _lint_schemes(loaded, report)
        _lint_issued(policy, loaded, report)
        lint_operations(loaded, report)


def place_of(root: Node, *keys: str) -> Node:
    """The key that a path of keys leads to, or the last one before it that exists."""
    place, node = root, root
    for key in keys:
        if not isinstance(node.value, dict) or key not in node.value:
            break
        place, node = node.keys[key], node.value[key]
    return place


def _lint_listener(policy: Policy, root: Node, report: Report) -> None:
    if policy.listen.insecure_plain_http:
        report.add(
            "insecure-option",
            "`insecure_plain_http` lets credentials cross a network unencrypted",
            place_of(root, "listen", "insecure_plain_http"),
            "use it only behind a proxy of your own that ends TLS",
        )
    for network in policy.listen.trusted_proxies:
        parsed = ipaddress.ip_network(network)
        if parsed.prefixlen < (8 if parsed.version == 4 else 16):
            report.add(
                "trust-everyone",
                f"any client in `{network}` can choose the address that it is limited by",
                place_of(root, "listen", "trusted_proxies"),
                "list the networks of your own proxies only",
            )
    if policy.records.path is None:
        report.add(
            "records-off",
            "no exchange is recorded, so nothing can be traced after an attack",
            place_of(root, "records"),
            "remove `records: off`; records hold no secrets",
        )


def _lint_names(policy: Policy, root: Node, apis: Sequence[LoadedAPI], report: Report) -> None:
    everywhere = policy.listen.address
    nameless = [each.name for each in apis if not (each.api.hosts or policy.listen.hosts)]
    if nameless and everywhere in ("0.0.0.0", "::"):
        report.add(
            "no-hosts",
            f"no client in the network calls `{nameless[0]}` by the name `{everywhere}`;"
            " others are answered with 421",
            place_of(root, "listen", "address"),
            "add `hosts:` under `listen:`, the names by which clients call the gateway",
        )


def _lint_issuer(issuer: Issuer, root: Node, report: Report) -> None:
    path = ("issuers", issuer.name)
    if issuer.insecure_http_jwks:
        report.add(
            "insecure-option",
            f"`insecure_http_jwks` lets whoever can answer on loopback make tokens of "
            f"`{issuer.name}`",
            place_of(root, *path, "insecure_http_jwks"),
            "use it for tests and development only",
        )
    if any(ALGORITHMS[algorithm].is_symmetric for algorithm in issuer.algorithms):
        report.add(
            "hmac-algorithm",
            "with an HS algorithm, whoever can verify a token can also make one",
            place_of(root, *path, "algorithms"),
            "use RS256, ES256 or EdDSA",
        )
    if issuer.max_lifetime > _DAY:
        report.add(
            "long-lifetime",
            f"a stolen token of `{issuer.name}` may work for {issuer.max_lifetime / _DAY:g} days",
            place_of(root, *path, "max_lifetime"),
            "let access tokens live for minutes or hours: `max_lifetime: 1h`",
        )


def _lint_issued(policy: Policy, loaded: LoadedAPI, report: Report) -> None:
    """Note scopes that the own provider's tokens can never have, misspelt ones above all."""
    resources = policy.identity.resources.values() if policy.identity is not None else ()
    resource = next((each for each in resources if each.api == loaded.name), None)
    if resource is None:
        return
    issued = {*resource.scopes, *(scope for role in policy.roles.values() for scope in role.scopes)}
    for each in loaded.resolved:
        controls = each.controls
        never = controls.asked_scopes - issued
        if f"jwt:{OWN_ISSUER}" not in controls.authenticate or not never:
            continue
        missing = min(never)
        given = each.given.get("scopes") or each.given.get("graphql")
        hint = suggest(missing, resource.scopes, what="scope")
        report.add(
            "scope-not-issued",
            f"`{each.operation.id}` asks for the scope `{missing}`, which no token of the own "
            "provider has",
            given.place if given is not None else loaded.levels.api.node,
            f"name it under `scopes:` of its resource in `identity:`; {hint}",
        )


def _lint_scopes(scopes: Iterable[str], at: Node, report: Report) -> None:
    for scope in sorted(scopes):
        if "*" in scope:
            report.add(
                "scope-wildcard",
                f"the scope `{scope}` is compared as it stands and matches nothing but itself",
                at,
                "name each scope; give a role the scopes of others with `inherits`",
            )


def _lint_levels(found: Values, apis: Sequence[LoadedAPI], report: Report) -> None:
    levels = [found["defaults"]] if "defaults" in found else []
    wide_levels = [*levels, *(loaded.levels.api for loaded in apis)]
    for loaded in apis:
        levels += [level for name, level in every(loaded.levels) if name != "defaults"]
    for level in levels:
        if "scopes" in level:
            _lint_scopes(level["scopes"], level.places["scopes"], report)
    for wide in wide_levels:
        if wide.get("public"):
            report.add(
                "public-by-default",
                "every operation is public unless it says otherwise, new ones too",
                wide.places["public"],
                "write `public: true` for each operation that everybody may call",
            )


def _lint_upstream(loaded: LoadedAPI, report: Report) -> None:
    url = loaded.api.upstream.url
    if url.startswith("http:") and not is_this_machine(urlsplit(url).hostname or ""):
        report.add(
            "plain-upstream",
            f"requests travel to `{url}` unencrypted, with whatever they hold",
            loaded.levels.api.places["upstream"],
            "use https, a Unix socket, or an address of this machine",
        )


def _lint_schemes(loaded: LoadedAPI, report: Report) -> None:
    """API keys that the contract carries where they leak, though the gateway never takes them."""
    asked = {
        name
        for each in loaded.resolved
        if "api_key" in each.controls.authenticate
        for requirement in each.operation.security
        for name in requirement
    }
    for scheme in loaded.contract.security_schemes.values():
        if scheme.type != "apiKey" or kind_of(scheme) == "api_key" or scheme.name not in asked:
            continue
        pointer = "/components/securitySchemes/" + escape_step(scheme.name)
        leaks = ", which ends up in logs and histories" if scheme.location == "query" else ""
        report.add_at(
            "api-key-place",
            f"the contract declares {describe(scheme)}{leaks}",
            loaded.source.path,
            loaded.source.place(pointer),
            f"callers send keys in the header field `{key_field(loaded.contract)}`; "
            "say so in the contract",
        )
