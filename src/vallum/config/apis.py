"""The APIs of a policy: contract, levels and controls of each."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vallum.config import values
from vallum.config.contracts import ContractSource, compile_contract, open_contract
from vallum.config.diagnostics import Report, suggest
from vallum.config.keys_trust import is_mtls
from vallum.config.kinds import Context, Values
from vallum.config.levels import Levels, bind_operations
from vallum.config.model import API, Caps, Policy
from vallum.config.resolve import Resolved, resolve_api
from vallum.config.values import Bad
from vallum.core.words import nearest
from vallum.filters.graphql_settings import GraphQL
from vallum.filters.limit import Limit
from vallum.openapi.model import Contract, Unknown

_PARAMETER = re.compile(r"\{[^{}/]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAPI:
    """An API with what it was made from."""

    name: str
    api: API
    contract: Contract
    source: ContractSource
    levels: Levels
    resolved: list[Resolved]


def load_apis(
    found: Values,
    policy: Policy,
    *,
    issuers: Collection[str],
    roles: Collection[str],
    context: Context,
) -> list[LoadedAPI]:
    """Every API whose contract can be read. What is wrong goes into the report."""
    report = context.report
    defaults: Values | None = found.get("defaults")
    table: Values | None = found.get("apis")
    if defaults is not None:
        _check_names(defaults, issuers, roles, report)
    if table is None:
        return []
    if not table.node.value:
        report.add(
            "no-apis",
            "the policy has no API to protect",
            found.places["apis"],
            "add one: `apis: {NAME: {openapi: openapi.yaml, upstream: http://127.0.0.1:8000}}`",
        )
    loaded = []
    for name, said in table.items():
        one = load_api(name, said, defaults, issuers, roles, report)
        if one is not None:
            loaded.append(one)
    check_overlap(loaded, policy, report)
    _check_groups(loaded, report)
    _check_bodies(loaded, policy.caps, report)
    _check_keys(loaded, policy.timeouts.upstream, report)
    return loaded


def load_api(
    name: str,
    said: Values,
    defaults: Values | None,
    issuers: Collection[str],
    roles: Collection[str],
    report: Report,
) -> LoadedAPI | None:
    """One API; None once the report says why it cannot be had."""
    _check_names(said, issuers, roles, report)
    operations: Values | None = said.get("operations")
    for level in operations.values() if operations is not None else ():
        _check_names(level, issuers, roles, report)
    source = open_contract(said["openapi"], report) if "openapi" in said else None
    if source is None:
        return None
    unknown = _usual_unknown(said, defaults)
    contract = compile_contract(source, report, unknown=unknown, overrides={})
    if contract is None:
        return None
    levels = Levels(defaults, said)
    if operations is not None:
        bind_operations(name, operations, contract, levels, report)
    resolved = resolve_api(name, contract, levels, issuers, report)
    contract = _with_exceptions(contract, source, resolved, unknown, report)
    source.report(contract.warnings, report)
    base_path = _base_path(said, contract, report)
    if base_path is None or "upstream" not in said:
        return None
    api = API(
        name=name,
        openapi=source.path,
        upstream=said["upstream"],
        base_path=base_path,
        hosts=said.get("hosts", ()),
        public_url=said.get("public_url", ""),
        controls={each.operation.id: each.controls for each in resolved},
    )
    return LoadedAPI(
        name=name, api=api, contract=contract, source=source, levels=levels, resolved=resolved
    )


def _usual_unknown(said: Values, defaults: Values | None) -> Unknown:
    """What most operations say, so that the contract is rarely compiled twice."""
    inherited = defaults.get("unknown", "refuse") if defaults is not None else "refuse"
    usual: Unknown = said.get("unknown", inherited)
    return usual


def _with_exceptions(
    contract: Contract,
    source: ContractSource,
    resolved: Collection[Resolved],
    unknown: Unknown,
    report: Report,
) -> Contract:
    """The contract, compiled once more where operations treat the undeclared in another way."""
    overrides: dict[str, Unknown] = {
        each.operation.id: each.controls.unknown
        for each in resolved
        if each.controls.unknown != unknown
    }
    if not overrides:
        return contract
    return compile_contract(source, report, unknown=unknown, overrides=overrides) or contract


def _base_path(said: Values, contract: Contract, report: Report) -> str | None:
    if "base_path" in said:
        return str(said["base_path"])
    try:
        return values.base_path(contract.base_path)
    except Bad as err:
        report.add(
            err.code,
            f"the contract's first server has an unusable path: {err.message}",
            said.places["openapi"],
            "write `base_path:` for this API",
        )
        return None


def _check_names(
    level: Values, issuers: Collection[str], roles: Collection[str], report: Report
) -> None:
    """Report authenticators and roles that the policy does not have."""
    for entry in level.get("authenticate", ()):
        if is_mtls(entry):
            continue
        name = entry.removeprefix("jwt:")
        if entry == "api_key" or name in issuers:
            continue
        code = "unknown-issuer" if entry.startswith("jwt:") else "unknown-authenticator"
        report.add(
            code,
            f"`{entry}` is no way to authenticate: the policy has no issuer `{name}`",
            level.places["authenticate"],
            _authenticator_hint(name, issuers),
        )
    named = {key: level.get(key, ()) for key in ("roles", "deny_roles")}
    named["properties"] = tuple(
        role
        for right in level.get("properties", {}).values()
        for role in sorted((right.read or frozenset()) | (right.write or frozenset()))
    )
    graphql: GraphQL | None = level.get("graphql")
    if graphql is not None:
        rules = graphql.fields.values()
        named["graphql"] = sorted(frozenset().union(*(r.roles | r.deny_roles for r in rules)))
    for key, wanted in named.items():
        for role in wanted:
            if role not in roles:
                hint = (
                    suggest(role, roles, what="role")
                    if roles
                    else f"add it: `roles: {{{role}: {{scopes: []}}}}`"
                )
                report.add("unknown-role", f"there is no role `{role}`", level.places[key], hint)


def _authenticator_hint(name: str, issuers: Collection[str]) -> str:
    close = nearest(name, ("api_key", *issuers))
    if close is not None:
        return f"did you mean `{close}`?"
    known = ", ".join(f"`{each}`" for each in ("api_key", *issuers))
    return f"valid: {known}; add an issuer of tokens under `issuers:`"


def check_overlap(loaded: Sequence[LoadedAPI], policy: Policy, report: Report) -> None:
    """Report operations that two APIs claim."""
    claimed: dict[tuple[str, str, str], str] = {}
    for one in loaded:
        reported: set[str] = set()
        for operation in one.contract.operations:
            path = _PARAMETER.sub("{}", one.api.base_path + operation.path)
            for host in one.api.hosts or policy.listen.hosts or ("",):
                other = claimed.setdefault((host, operation.method, path), one.name)
                if other == one.name or other in reported:
                    continue
                reported.add(other)
                report.add(
                    "overlapping-apis",
                    f"`{one.name}` and `{other}` both have {operation.method} {path}",
                    one.levels.api.node,
                    "give them different `hosts:` or `base_path:`",
                )


def _check_groups(loaded: list[LoadedAPI], report: Report) -> None:
    """Operations of a group share buckets only where the arithmetic is the same (B-267)."""
    first: dict[tuple[str, str, float], Limit] = {}
    for one in loaded:
        for each in one.resolved:
            for limit in each.controls.limits:
                if not limit.group:
                    continue
                known = first.setdefault((limit.group, limit.per, limit.seconds), limit)
                if (known.units, known.burst) != (limit.units, limit.burst):
                    report.add(
                        "group-mismatch",
                        f"`{each.operation.id}` has {limit.units} units and burst {limit.burst} in "
                        f"the group `{limit.group}`; others have {known.units} and {known.burst}",
                        each.given["limit"].place,
                        "write the same rate and burst for all of a group; only `cost` may differ",
                    )


def _check_bodies(loaded: list[LoadedAPI], caps: Caps, report: Report) -> None:
    for one in loaded:
        for each in one.resolved:
            if each.controls.body > caps.in_flight_body_bytes:
                report.add(
                    "body-over-cap",
                    f"`{each.operation.id}` may have a body of {each.controls.body:,} bytes, and "
                    f"a worker holds {caps.in_flight_body_bytes:,} in all",
                    each.given["body"].place,
                    "lower `body:`, or raise `in_flight_body_bytes:` under `caps:`",
                )


def _check_keys(loaded: list[LoadedAPI], wait: float, report: Report) -> None:
    """A key that is forgotten while its request still runs lets it run twice (B-126)."""
    for one in loaded:
        for each in one.resolved:
            keys = each.controls.idempotency
            # The first of its answer may take so long to come, and the next of it as long again.
            if keys is not None and keys.keep < 2 * wait:
                report.add(
                    "keep-too-short",
                    f"`{each.operation.id}` forgets its keys after {keys.keep:g} s, and the "
                    f"upstream may take {wait:g} s to answer",
                    each.given["idempotency"].place,
                    f"write `keep: {math.ceil(2 * wait)}s` or more, or lower `upstream:` under "
                    "`timeouts:`",
                )
