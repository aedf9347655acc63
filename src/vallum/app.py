"""The composition root: a policy's values become the objects that enforce it.

The only module that knows every class. It decides nothing about a request; it proves at start-up
that everything the policy names is attached to a live operation.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from vallum.app_inspection import make_inspector, make_leak_finder
from vallum.app_tokens import TokenSetup
from vallum.authz.roles import RoleTable
from vallum.config.identity_api import IDENTITY_API, OWN_ISSUER, nonce_key_file
from vallum.config.load import LoadedPolicy
from vallum.config.model import API, Controls, Issuer, Listen, Policy, Upstream
from vallum.config.provider import TWO_FACTORS
from vallum.config.security import key_field
from vallum.core.fields import Fields
from vallum.core.ports import LimitStore
from vallum.core.problems import Denied
from vallum.core.request import Request, Target
from vallum.core.secret import Secret
from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnyFilter, Check
from vallum.engine.pipeline import Control, Route, attach_controls, body_controls, head_controls
from vallum.engine.router import Router
from vallum.filters.access import Access
from vallum.filters.answers import AnswersFilter
from vallum.filters.api_key import APIKeyAuthenticator, note_used
from vallum.filters.auth_failures import AuthFailureLimit
from vallum.filters.authenticate import Authenticate, AuthenticateSettings, Authenticator
from vallum.filters.codings import Codings, undone_fields
from vallum.filters.cors import CORS, CrossOrigin, preflight
from vallum.filters.errors import SafeErrors
from vallum.filters.headers import SecurityHeaders, security_lines
from vallum.filters.idempotency import IdempotencyFilter
from vallum.filters.inspect import InspectBody, InspectHead
from vallum.filters.jwt import TrustedIssuer
from vallum.filters.leaks import LeaksFilter
from vallum.filters.limit import CallerLimits, FloodLimits
from vallum.filters.mtls import MTLSAuthenticator
from vallum.filters.properties import ReadProperties, WriteProperties
from vallum.filters.require_mtls import RequireMTLS
from vallum.filters.step_up import StepUp
from vallum.filters.uploads import CheckUploads
from vallum.filters.validate import ValidateBody, ValidateParameters
from vallum.gateway.asgi_origin import ASGIApplication, ASGIOrigin
from vallum.gateway.resource_metadata import (
    ORIGIN_NAME,
    WITHHELD,
    ResourceMetadata,
    describe,
    metadata_filters,
    metadata_operation,
    metadata_path,
    takers,
)
from vallum.gateway.runtime import Origin, Runtime, StatementMaker
from vallum.gateway.tls import upstream_context
from vallum.gateway.upstream import UpstreamPool
from vallum.inspection.inspector import Inspector
from vallum.inspection.leaks.finder import LeakFinder
from vallum.limits.replays import MemoryReplays, Replays
from vallum.openapi.model import Contract, Operation
from vallum.pki.trust import Trusts
from vallum.store.idempotency import Runs
from vallum.store.keys import KeyDirectory
from vallum.store.revocations import Revocations
from vallum.store.secret_file import load_secret
from vallum.store.usage import UsageWriter
from vallum.tokens.internal import InternalStatements
from vallum.tokens.nonces import Nonces
from vallum.wire.authority import canonical_host, parse_networks
from vallum.wire.forwarding import is_free

ValueT = TypeVar("ValueT")


class StartRefused(Exception):  # noqa: N818  (a verdict on a policy)
    """The policy cannot be enforced as it is written; the text lists every reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What outlives a reload in one process."""

    limits: LimitStore
    directory: KeyDirectory
    revocations: Revocations
    pseudonym: bytes
    """This deployment's name in `Via`."""
    note_usage: UsageWriter
    inspector: Inspector
    leaks: LeakFinder
    runs: Runs
    replays: Replays | MemoryReplays
    nonces: Nonces
    clock: Callable[[], float] = time.time
    origins: dict[tuple[Upstream, float, bytes], Origin] = field(default_factory=dict)
    """The origins in use; a reload goes on with those whose settings, and the files that these
    name, have not changed."""
    remote_keys: dict[Issuer, TrustedIssuer] = field(default_factory=dict)
    """Issuers with keys from afar: a reload during an outage must not lose the last good ones."""


def open_services(
    policy: Policy, limits: LimitStore, replays: Replays | MemoryReplays | None = None
) -> Services:
    """Open the state of a policy, in the process that will use it.

    Args:
        policy: names the state file.
        limits: shared by all workers.
        replays: what proofs were used, shared by all workers; None: this process remembers alone,
            which is enough to explain a request and not to serve one.

    Raises:
        StateUnusable: the state file or a secret beside it cannot be used.
    """
    directory = KeyDirectory(policy.state)
    pepper = directory.pepper.reveal()
    digest = hashlib.sha256(b"via" + pepper).hexdigest()
    return Services(
        limits=limits,
        directory=directory,
        revocations=Revocations(policy.state),
        note_usage=UsageWriter(policy.state),
        inspector=make_inspector(),
        leaks=make_leak_finder(),
        runs=Runs(policy.state.with_name(f"{policy.state.name}.idempotency")),
        pseudonym=f"vallum-{digest[:12]}".encode("ascii"),
        replays=replays or MemoryReplays(),
        nonces=Nonces(_nonce_key(policy, pepper)),
    )


def _nonce_key(policy: Policy, pepper: bytes) -> Secret:
    if policy.identity is not None:
        return load_secret(nonce_key_file(policy))
    return Secret(hmac.digest(pepper, b"dpop-nonce", "sha256"))


def compile_runtime(loaded: LoadedPolicy, services: Services) -> Runtime:
    """Everything that the data plane needs to enforce a policy.

    Raises:
        StartRefused: a control cannot be attached as the policy says.
    """
    failures = AuthFailureLimit(services.limits, services.clock)
    tokens = TokenSetup(
        policy=loaded.policy,
        revocations=services.revocations,
        replays=services.replays,
        limits=services.limits,
        nonces=services.nonces,
        guard=failures.check,
        clock=services.clock,
        remote_keys=services.remote_keys,
    )
    return _Compiler(loaded, services, failures, tokens).compile()


@dataclass(slots=True)
class _Compiler:
    loaded: LoadedPolicy
    services: Services
    failures: AuthFailureLimit
    tokens: TokenSetup
    authenticate: Authenticate = field(default_factory=Authenticate)
    problems: list[str] = field(default_factory=list)
    _equal: dict[Any, Any] = field(default_factory=dict)
    """Equal values of many operations are kept once: a busy processor then has them at hand."""
    _metadata: ResourceMetadata = field(default_factory=ResourceMetadata)
    _key_authenticators: dict[bytes, APIKeyAuthenticator] = field(default_factory=dict)
    _certificate_authenticators: dict[tuple[str, ...], MTLSAuthenticator] = field(
        default_factory=dict
    )

    def compile(self) -> Runtime:
        policy = self.loaded.policy
        https = policy.listen.tls != "off"
        access = Access(RoleTable(policy.roles))
        hosts: dict[str, Router] = {}
        routes: list[Route] = []
        for api in policy.apis.values():
            contract = self.loaded.contracts[api.name]
            for operation in contract.operations:
                route = self._route(api, contract, operation, access, https=https)
                if route is None:
                    continue
                routes.append(route)
                self._add_route(hosts, api, route)
            self._describe(hosts, api, https=https)
        if self.problems:
            raise StartRefused("\n".join(self.problems))
        return Runtime(
            revision=self.loaded.revision,
            scheme="https" if https else "http",
            hosts=hosts,
            origins=self._origins(policy),
            statements={api.name: self._statements(api) for api in policy.apis.values()},
            preflight=_preflight(policy),
            unmatched=_unmatched(https=https),
            pseudonym=self.services.pseudonym,
            trusted_proxies=parse_networks(policy.listen.trusted_proxies),
            trusts=_trusts(policy.listen),
            shows_certificate=frozenset(
                api.name for api in policy.apis.values() if api.upstream.client_cert
            ),
            underscored=_underscored(self.loaded),
            caps=policy.caps,
            timeouts=policy.timeouts,
            note_refusal=self.failures.note_refusal,
            note_usage=partial(note_used, tuple(self._key_authenticators.values())),
            routes=tuple(routes),
        )

    def _origins(self, policy: Policy) -> dict[str, Origin]:
        known = self.services.origins
        kept, origins = {}, {}
        for api in policy.apis.values():
            upstream, timeout = api.upstream, policy.timeouts.connect
            settings = (upstream, timeout, _content(upstream))
            origin = known.get(settings) or make_origin(upstream, timeout)
            origins[api.name] = kept[settings] = origin
        known.clear()  # Only now: a policy that is refused changes nothing.
        known.update(kept)
        origins[ORIGIN_NAME] = ASGIOrigin(self._metadata, "localhost")
        return origins

    def _describe(self, hosts: dict[str, Router], api: API, *, https: bool) -> None:
        """Let an API that takes tokens say whose (RFC 9728), unless its contract does."""
        issuers = takers(api, self.loaded.policy.issuers)
        if not issuers:
            return
        path = metadata_path(api)
        operation, controls = metadata_operation(path)
        filters = metadata_filters(controls, self.services.limits, self.services.clock, https=https)
        attached = attach_controls(operation, filters)
        route = self._freeze(ORIGIN_NAME, operation, controls, attached, WITHHELD)
        for host in served_hosts(self.loaded.policy.listen, api):
            router = hosts.setdefault(host, Router())
            if "GET" in router.methods_at(tuple(path[1:].split("/"))):
                continue
            router.add(path, route)
            origin = api.public_url or f"{'https' if https else 'http'}://{host}"
            self._metadata.add(host, path, describe(api, origin, issuers))

    def _add_route(self, hosts: dict[str, Router], api: API, route: Route) -> None:
        path = api.base_path + route.operation.path
        for host in served_hosts(self.loaded.policy.listen, api):
            try:
                hosts.setdefault(host, Router()).add(path, route)
            except ValueError as error:
                self.problems.append(f"{api.name}: {error}")
                return

    def _route(
        self, api: API, contract: Contract, operation: Operation, access: Access, *, https: bool
    ) -> Route | None:
        controls = api.controls[operation.id]
        try:
            authenticators = tuple(self._authenticators_of(api, controls, contract))
            attached = attach_controls(
                operation, self._filters(api, controls, authenticators, access, https=https)
            )
        except ValueError as error:
            self.problems.append(f"{api.name}: {operation.id}: {error}")
            return None
        names = {control.name for control in attached}
        if not controls.public and "authenticate" not in names:
            self.problems.append(
                f"{api.name}: {operation.id}: nothing authenticates callers and it is not public"
            )
            return None
        # SECURITY: no credential goes on, whichever of them this operation takes (B-065).
        withheld = {
            _key_field(contract),
            *(each.field for each in authenticators if each.field),
            b"authorization",
            b"dpop",
        }
        withheld |= undone_fields(controls)
        if controls.forward_token:
            withheld -= {b"authorization", b"dpop"}
        return self._freeze(api.name, operation, controls, attached, frozenset(withheld))

    def _one(self, value: ValueT) -> ValueT:
        """The one of all equal values."""
        return cast("ValueT", self._equal.setdefault(value, value))

    def _freeze(
        self,
        api: str,
        operation: Operation,
        controls: Controls,
        attached: tuple[Control, ...],
        withheld: frozenset[bytes],
    ) -> Route:
        screens = [
            control.attachment for control in attached if control.attachment.screen is not None
        ]
        body_screens = tuple(
            control.attachment.body_screen
            for control in attached
            if control.attachment.body_screen is not None
        )
        return Route(
            api=api,
            operation=operation,
            is_own=self.loaded.policy.identity is not None and api == IDENTITY_API,
            controls=attached,
            head_checks=tuple(
                control.attachment.check
                for control in head_controls(attached)
                if control.attachment.check is not None
            ),
            body_checks=_body_checks(operation, controls, attached),
            screens=tuple(each.screen for each in screens if each.screen is not None),
            screens_from=min((each.screen_from for each in screens), default=600),
            body_screens=body_screens,
            answer_limit=controls.answer_body,
            reply_fields=self._one(
                b"".join(control.attachment.reply_fields for control in attached)
            ),
            body_limit=controls.body,
            body_on_get=controls.body_on_get or bool(operation.bodies),
            withheld=self._one(withheld.union(*(each.attachment.withholds for each in attached))),
            identity=controls.identity and not (controls.public and not controls.authenticate),
            query_names=self._one(
                frozenset(
                    parameter.name
                    for parameter in operation.parameters
                    if parameter.location == "query"
                )
            ),
            unicode_path=controls.unicode_path,
        )

    def _filters(
        self,
        api: API,
        controls: Controls,
        authenticators: tuple[Authenticator, ...],
        access: Access,
        *,
        https: bool,
    ) -> Iterator[tuple[AnyFilter, object]]:
        """The house's one list of controls, each with its settings; phases put them in order."""
        limits, clock = self.services.limits, self.services.clock
        inspector = self.services.inspector
        yield CrossOrigin(), controls.cors
        yield FloodLimits(limits, clock, api=api.name), controls.limits
        yield RequireMTLS(), controls.require_mtls
        yield (
            self.authenticate,
            AuthenticateSettings(authenticators=authenticators, public=controls.public),
        )
        yield from self.tokens.senders(api, controls)
        yield access, controls
        # The one issuer of whom it is known what it calls a second factor.
        own = f"jwt:{OWN_ISSUER}" in controls.authenticate
        yield StepUp(clock, mfa_acr=TWO_FACTORS if own else ""), controls
        yield CallerLimits(limits, clock, api=api.name), controls.limits
        yield Codings(), controls
        yield ValidateParameters(), controls
        yield ValidateBody(), controls
        yield CheckUploads(), controls
        if controls.graphql is not None:
            yield self._graphql(api, access, authenticators), controls
        yield InspectHead(inspector, clock), controls
        yield InspectBody(inspector, clock), controls
        yield SafeErrors(), controls
        yield SecurityHeaders(https=https), controls
        yield AnswersFilter(), controls
        yield ReadProperties(access.table), controls
        yield LeaksFilter(self.services.leaks), controls
        yield WriteProperties(access.table), controls
        yield IdempotencyFilter(self.services.runs, clock, api=api.name), controls

    def _graphql(
        self, api: API, access: Access, authenticators: tuple[Authenticator, ...]
    ) -> AnyFilter:
        # Loaded here because it brings a library that few policies need.
        from vallum.filters.graphql import GraphQLFilter

        return GraphQLFilter(
            self.services.limits,
            self.services.clock,
            access.table,
            api=api.name,
            challenge=b"".join(each.challenge for each in authenticators),
        )

    def _authenticators_of(
        self, api: API, controls: Controls, contract: Contract
    ) -> Iterator[Authenticator]:
        issuers = _named(controls, "jwt:")
        trusts = _named(controls, "mtls:")
        if trusts:
            yield self._certificates(trusts)
        if "api_key" in controls.authenticate:
            yield self._api_keys(_key_field(contract))
        if issuers:
            yield self.tokens.authenticator(api, controls, issuers)

    def _certificates(self, trusts: tuple[str, ...]) -> MTLSAuthenticator:
        known = self._certificate_authenticators.get(trusts)
        if known is None:
            workloads = self.loaded.policy.workloads.values()
            known = self._certificate_authenticators[trusts] = MTLSAuthenticator(trusts, workloads)
        return known

    def _api_keys(self, field_name: bytes) -> APIKeyAuthenticator:
        known = self._key_authenticators.get(field_name)
        if known is None:
            known = self._key_authenticators[field_name] = APIKeyAuthenticator(
                self.services.directory,
                guard=self.failures.check,
                clock=self.services.clock,
                note_usage=self.services.note_usage,
                field=field_name,
            )
        return known

    def _statements(self, api: API) -> StatementMaker:
        state = self.loaded.policy.state
        key = load_secret(state.with_name(f"{state.name}.{api.name}.identity"))
        return InternalStatements(key, api.name).header


def _body_checks(
    operation: Operation, controls: Controls, attached: tuple[Control, ...]
) -> tuple[Check, ...]:
    if controls.body == 0 and not operation.body_is_required:
        # A request that brings a body is refused before one could be read.
        attached = tuple(control for control in attached if not control.attachment.needs_body)
    return tuple(
        control.attachment.check
        for control in body_controls(attached)
        if control.attachment.check is not None
    )


def make_origin(upstream: Upstream, connect_timeout: float) -> Origin:
    """The object that forwards to an upstream.

    Args:
        upstream: where it is.
        connect_timeout: seconds.

    Raises:
        StartRefused: the URL cannot be used, or the application cannot be imported.
    """
    url = upstream.url
    if url.startswith("asgi:"):
        return ASGIOrigin(import_application(url.removeprefix("asgi:")), "localhost")
    parts = urlsplit(url)
    unix_path = parts.path if parts.scheme == "unix" else None
    host = parts.hostname or "localhost"
    https = parts.scheme == "https"
    port = parts.port or (443 if https else 80)
    certificate = upstream.client_certificate
    shown = f"[{host}]" if ":" in host else host
    return UpstreamPool(
        authority=shown if unix_path is not None or parts.port is None else f"{shown}:{port}",
        host=host,
        port=port,
        unix_path=unix_path,
        tls=upstream_context(
            upstream.ca,
            certificate.certificate if certificate else None,
            certificate.key if certificate else None,
        )
        if https
        else None,
        most=upstream.connections,
        connect_timeout=connect_timeout,
    )


def _content(upstream: Upstream) -> bytes:
    """What tells the TLS files of an upstream from renewed ones."""
    digest = hashlib.sha256()
    for path in upstream.files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def import_application(name: str) -> ASGIApplication:
    """The ASGI application `package.module:attribute`.

    Raises:
        StartRefused: it cannot be imported; the text says why.
    """
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise StartRefused(f"`{name}` is not an application; write package.module:attribute")
    try:
        found: object = importlib.import_module(module_name)
    except ImportError as error:
        raise StartRefused(f"cannot import `{module_name}`: {error}") from error
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise StartRefused(f"`{module_name}` has no application `{attribute}`")
    return cast("ASGIApplication", found)


def served_hosts(listen: Listen, api: API) -> tuple[str, ...]:
    """The canonical authorities under which an API is served (B-090: there is no default)."""
    scheme = "http" if listen.tls == "off" else "https"
    names = api.hosts or listen.hosts
    if not names:
        loopback = ("localhost", "127.0.0.1", "[::1]")
        own = f"[{listen.address}]" if ":" in listen.address else listen.address
        names = tuple(f"{name}:{listen.port}" for name in (*loopback, own))
    return tuple(dict.fromkeys(canonical_host(name.encode("ascii"), scheme) for name in names))


def _named(controls: Controls, prefix: str) -> tuple[str, ...]:
    """What `authenticate` names of one kind."""
    return tuple(
        name.removeprefix(prefix) for name in controls.authenticate if name.startswith(prefix)
    )


def _trusts(listen: Listen) -> Trusts | None:
    found = listen.client_certificates
    if found is None:
        return None
    return Trusts([each.trust for each in found.trusts.values()], required=found.require)


def _key_field(contract: Contract) -> bytes:
    return key_field(contract).lower().encode("ascii")


def _underscored(loaded: LoadedPolicy) -> frozenset[bytes]:
    """The declared request fields with an underscore that no upstream takes for one of ours."""
    names = set()
    for contract in loaded.contracts.values():
        names.add(key_field(contract).lower().encode("ascii"))
        for operation in contract.operations:
            names |= operation.declared_headers
    return frozenset(name for name in names if b"_" in name and is_free(name.replace(b"_", b"-")))


def _preflight(policy: Policy) -> Callable[[Mapping[str, Route], Request], tuple[int, bytes]]:
    def answer(routes: Mapping[str, Route], request: Request) -> tuple[int, bytes]:
        settings: dict[str, CORS | None] = {
            method: policy.apis[route.api].controls[route.operation.id].cors
            for method, route in routes.items()
            if route.api in policy.apis
        }
        status, fields = preflight(settings, request)
        return status, fields

    return answer


def _unmatched(*, https: bool) -> Route:
    """What answers where no operation is: the default security headers and nothing else."""

    def refuse(target: Target, path: Mapping[str, str], fields: Fields) -> None:
        raise Denied("not-found", "route.unknown-path")

    operation = Operation(id="", method="", path="", check_parameters=refuse)
    return Route(api="", operation=operation, reply_fields=security_lines({}, https=https))


def explain_controls(exchange: Exchange) -> Iterator[tuple[Control, str]]:
    """What each control of the exchange decides, in order; for `vallum explain`.

    Raises:
        Denied: the control that would come next refuses.
    """
    route = exchange.route
    for control in (*head_controls(route.controls), *body_controls(route.controls)):
        check, explain = control.attachment.check, control.attachment.explain
        try:
            asks = check is not None and check(exchange) is not None
        except Denied:
            if control.name == Access.name and explain is not None:
                yield control, explain(exchange)  # What the caller lacks.
            raise
        if asks:
            yield control, "needs keys that are not here; it would ask for them"
            continue
        yield control, explain(exchange) if explain is not None else "passes"
