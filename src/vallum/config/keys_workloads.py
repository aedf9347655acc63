"""The keys of workloads: programs that are known by their certificates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vallum.config.diagnostics import suggest
from vallum.config.keys_identity import NAME, SCOPE
from vallum.config.keys_trust import DEFAULT_TRUST, is_mtls, trust_of
from vallum.config.kinds import INVALID, Context, Key, Made, Many, Section, Table, Text, Values
from vallum.config.levels import Levels, every
from vallum.config.model import Issuer, Policy, Workload
from vallum.config.source import Node
from vallum.config.values import Bad
from vallum.core.spiffe import InvalidSpiffeId, is_spiffe, parse_workload_id
from vallum.pki.names import ATTRIBUTES, Attribute, canonical_subject, is_dns, is_email, is_uri


def _dns(text: str) -> str:
    if not is_dns(text):
        raise Bad("bad-value", f"`{text}` is no host name", "lower case, without wildcards")
    return text


def _email(text: str) -> str:
    if not is_email(text):
        raise Bad("bad-value", f"`{text}` is no mailbox", "write `name@domain`, in lower case")
    return text


def _uri(text: str) -> str:
    if not is_uri(text):
        raise Bad("bad-value", f"`{text}` is no URI", "write `spiffe://trust-domain/path`, say")
    if is_spiffe(text):
        try:
            parse_workload_id(text)
        except InvalidSpiffeId as error:
            raise Bad("bad-value", f"`{text}` is no SPIFFE ID of a workload", str(error)) from None
    return text


def _subject(text: str) -> str:
    try:
        return canonical_subject(text)
    except ValueError:
        hint = "write it as RFC 4514 has it, such as `CN=billing,O=Shop`"
        raise Bad("bad-value", f"`{text}` is no distinguished name", hint) from None


_MATCH_KEYS: Final = {
    "subject": Key(Text("a distinguished name", _subject), "the whole subject, by RFC 4514"),
    "dns": Key(Text("a host name", _dns), "a DNS name among the alternative names"),
    "uri": Key(Text("a URI", _uri), "a URI among them, such as a SPIFFE ID"),
    "email": Key(Text("a mailbox", _email), "a mailbox among them"),
}


def _match(found: Values, context: Context) -> Any:
    if len(found.places) != 1:
        # RFC 8705 §2.1.2: one attribute, whose meaning does not depend on the others.
        context.report.add(
            "bad-value",
            f"a workload is known by one attribute, and {len(found.places) or 'none'} are here",
            found.node,
            "write exactly one of " + ", ".join(f"`{each}`" for each in ATTRIBUTES),
        )
        return INVALID
    return next(iter(found.items()), INVALID)


_WORKLOAD_KEYS: Final = {
    "match": Key(
        Made(Section("`match`", _MATCH_KEYS), _match),
        "the one attribute of its certificate, exactly",
        is_needed=True,
    ),
    "trust": Key(NAME, "whose authorities vouch for it; default `default`"),
    "scopes": Key(Many(SCOPE), "scopes that it has"),
    "roles": Key(Many(NAME), "roles that it has"),
}


def _workload(found: Values, _: Context) -> Any:
    if "match" not in found:
        return INVALID
    attribute, value = found["match"]
    return Workload(
        name="",
        trust=found.get("trust", DEFAULT_TRUST),
        attribute=attribute,
        value=value,
        scopes=frozenset(found.get("scopes", ())),
        roles=frozenset(found.get("roles", ())),
    )


WORKLOADS: Final = Table(NAME, Made(Section("a workload", _WORKLOAD_KEYS), _workload), "workload")


def trusts_of(policy: Policy) -> tuple[str, ...]:
    """The names of the listener's trusts."""
    certificates = policy.listen.client_certificates
    return () if certificates is None else tuple(certificates.trusts)


def with_workloads(policy: Policy) -> dict[str, Issuer]:
    """The issuers; trust domains with the workloads whose JWT-SVIDs they sign."""
    return {
        name: replace(
            issuer,
            workloads=tuple(
                each
                for each in policy.workloads.values()
                if each.trust == name and each.attribute == "uri"
            ),
        )
        if is_spiffe(issuer.issuer)
        else issuer
        for name, issuer in policy.issuers.items()
    }


def check_workloads(
    policy: Policy, places: Mapping[str, Node], roles: Collection[str], context: Context
) -> None:
    """Report workloads that nobody vouches for, or that could not be told apart."""
    seen: dict[tuple[str, Attribute, str], str] = {}
    domains = [name for name, each in policy.issuers.items() if is_spiffe(each.issuer)]
    trusts = (*trusts_of(policy), *domains)
    for name, workload in policy.workloads.items():
        if workload.trust not in trusts:
            context.report.add(
                "bad-certificates",
                f"nobody vouches for `{name}`: the listener has no trust `{workload.trust}`",
                places[name],
                suggest(workload.trust, trusts, what="trust")
                if trusts
                else "name authorities under `listen: {client_certificates: {ca: …}}`",
            )
        if workload.trust in domains and not _is_of(workload, policy.issuers[workload.trust]):
            context.report.add(
                "bad-value",
                f"`{workload.trust}` signs no token of `{name}`",
                places[name],
                "match the SPIFFE ID of a workload in its trust domain, by `uri`",
            )
        for role in sorted(workload.roles - set(roles)):
            hint = suggest(role, roles, what="role")
            context.report.add("unknown-role", f"there is no role `{role}`", places[name], hint)
        key = (workload.trust, workload.attribute, workload.value)
        other = seen.setdefault(key, name)
        if other != name:
            context.report.add(
                "bad-value",
                f"`{name}` and `{other}` are known by the same certificate",
                places[name],
                "merge them",
            )


def _is_of(workload: Workload, domain: Issuer) -> bool:
    return workload.attribute == "uri" and workload.value.startswith(f"{domain.issuer}/")


def check_certificate_levels(policy: Policy, apis: Sequence[Levels], context: Context) -> None:
    """Report controls that need client certificates which nobody could show."""
    trusts = trusts_of(policy)
    matched = {workload.trust for workload in policy.workloads.values()}
    said = {id(level): level for levels in apis for _, level in every(levels)}
    for level in said.values():
        if level.get("require_mtls") and not trusts:
            context.report.add(
                "bad-certificates",
                "callers can show no certificate: the listener does not ask for one",
                level.places["require_mtls"],
                "add `client_certificates: {ca: FILE}` under `listen:`",
            )
        for entry in level.get("authenticate", ()):
            if not is_mtls(entry):
                continue
            trust = trust_of(entry)
            if trust not in trusts:
                problem = f"the listener has no trust `{trust}`"
                hint = suggest(trust, trusts, what="trust") if trusts else ""
                hint = hint or "add `client_certificates: {ca: FILE}` under `listen:`"
            elif trust not in matched:
                problem = f"no workload of the trust `{trust}` is known"
                hint = "add one: `workloads: {NAME: {match: {dns: billing.internal}}}`"
            else:
                continue
            context.report.add(
                "bad-certificates",
                f"`{entry}` lets nobody in: {problem}",
                level.places["authenticate"],
                hint,
            )
