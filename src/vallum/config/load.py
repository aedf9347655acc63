"""From a policy file to a `Policy`, with everything that is wrong or unwise in it at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from vallum.config.apis import LoadedAPI, check_overlap, load_apis
from vallum.config.diagnostics import Diagnostic, PolicyErrors, Report
from vallum.config.document import read_text
from vallum.config.identity_api import load_identity_api, with_own_tokens, with_provider
from vallum.config.keys import TOP
from vallum.config.keys_identity import check_issuers, check_roles
from vallum.config.keys_workloads import check_certificate_levels, check_workloads, with_workloads
from vallum.config.kinds import INVALID, Context, Values
from vallum.config.lints import lint_policy
from vallum.config.model import (
    API,
    DEFAULT_RECORDS,
    DEFAULT_STATE,
    Caps,
    Issuer,
    Listen,
    Policy,
    Records,
    Role,
    Timeouts,
    Workload,
)
from vallum.config.source import Duplicate, Node, SourceError, parse_yaml
from vallum.openapi.model import Contract

_MAX_BYTES = 4 * 1024 * 1024
_MAX_VALUES = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    """A policy that can be enforced, with its compiled contracts."""

    policy: Policy
    contracts: Mapping[str, Contract]
    """By API name."""
    revision: str
    """Digest of the policy file and every file of its contracts; 16 hex digits."""
    files: tuple[Path, ...]
    """Every file that was read: a change of one calls for a reload."""
    warnings: tuple[Diagnostic, ...] = ()


def load_policy_with_contracts(path: Path) -> LoadedPolicy:
    """The policy in a file, with the contracts that it names.

    Raises:
        PolicyErrors: it cannot be enforced; holds all errors, and the warnings too.
    """
    loaded, diagnostics = inspect_with_contracts(path)
    if loaded is None:
        raise PolicyErrors(diagnostics)
    return loaded


def inspect_policy(path: Path) -> tuple[Policy | None, list[Diagnostic]]:
    """The policy, or None where it has errors; and all errors and warnings in order."""
    loaded, diagnostics = inspect_with_contracts(path)
    return (loaded.policy if loaded is not None else None), diagnostics


def read_policy(path: Path) -> tuple[str, Node, list[Duplicate]]:
    """The text of a policy, its tree, and the keys that stand in it twice.

    Raises:
        SourceError: it cannot be read, or is no valid YAML.
    """
    text = read_text(path, _MAX_BYTES)
    root, duplicates = parse_yaml(text, max_nodes=_MAX_VALUES)
    return text, root, duplicates


def inspect_with_contracts(path: Path) -> tuple[LoadedPolicy | None, list[Diagnostic]]:
    """What `inspect_policy` and `load_policy_with_contracts` have in common."""
    report = Report(path)
    try:
        text, root, duplicates = read_policy(path)
    except SourceError as err:
        report.add_source_error(err, path)
        return None, report.in_order()
    for duplicate in duplicates:
        report.add(
            "duplicate-key",
            f"`{duplicate.key.value}` stands twice, first on line {duplicate.first.line}",
            duplicate.key,
            "keep one of the two",
        )
    context = Context(report, path.parent, os.environ)
    found = TOP.read(root, context)
    if found is INVALID:
        return None, report.in_order()
    policy, loaded_apis = _build(found, path, context)
    diagnostics = report.in_order()
    if report.has_errors:
        return None, diagnostics
    files = [path, *(file for loaded in loaded_apis for file in loaded.source.files)]
    digest = hashlib.sha256(text.encode("utf-8"))
    for loaded in loaded_apis:
        digest.update(loaded.source.digest())
        for each in loaded.resolved:
            if each.controls.graphql is not None:
                files += each.controls.graphql.files
                digest.update(each.controls.graphql.digest)
            if each.controls.signature is not None:
                files.append(each.controls.signature.file)
                digest.update(each.controls.signature.digest)
    certificates = policy.listen.client_certificates
    if certificates is not None:
        files += certificates.files
        digest.update(certificates.digest)
    return (
        LoadedPolicy(
            policy=policy,
            contracts={loaded.name: loaded.contract for loaded in loaded_apis},
            revision=digest.hexdigest()[:16],
            files=tuple(dict.fromkeys(files)),
            warnings=tuple(diagnostics),
        ),
        diagnostics,
    )


def _build(found: Values, path: Path, context: Context) -> tuple[Policy, list[LoadedAPI]]:
    issuers, issuer_places = _named(found, "issuers")
    roles, role_places = _named(found, "roles")
    workloads, workload_places = _named(found, "workloads")
    base = context.base
    policy = Policy(
        source=path,
        listen=found.get("listen") or Listen(),
        state=found.get("state") or base / DEFAULT_STATE,
        records=found.get("records") or Records(path=base / DEFAULT_RECORDS),
        caps=found.get("caps") or Caps(),
        timeouts=found.get("timeouts") or Timeouts(),
        issuers=cast(Mapping[str, Issuer], issuers),
        roles=cast(Mapping[str, Role], roles),
        workloads=cast(Mapping[str, Workload], workloads),
    )
    check_issuers(dict(policy.issuers), issuer_places, context)
    check_roles(dict(policy.roles), role_places, context)
    policy = replace(policy, issuers=with_workloads(policy))
    check_workloads(policy, workload_places, tuple(role_places), context)
    policy = with_provider(policy, found, context)
    issuer_names = (*issuer_places, *(set(policy.issuers) - set(issuer_places)))
    apis = load_apis(found, policy, issuers=issuer_names, roles=tuple(role_places), context=context)
    check_certificate_levels(policy, [loaded.levels for loaded in apis], context)
    if policy.identity is not None:
        apis = [with_own_tokens(each, policy.identity, context.report) for each in apis]
    lint_policy(policy, found, apis, context.report)
    if policy.identity is not None:
        apis.append(load_identity_api(policy.identity))
        check_overlap(apis, policy, context.report)
    by_name: dict[str, API] = {loaded.name: loaded.api for loaded in apis}
    return replace(policy, apis=by_name), apis


def _named(found: Values, key: str) -> tuple[dict[str, Any], dict[str, Node]]:
    """The values of a table with their names in them, and where each name that was read stands.

    Names whose values are wrong are places without values: what refers to them is not reported
    once more.
    """
    table = found.get(key)
    if table is None:
        return {}, {}
    values = {name: replace(value, name=name) for name, value in table.items()}
    return values, dict(table.node.keys)
