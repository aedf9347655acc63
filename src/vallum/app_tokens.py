"""A policy's issuers become what verifies their tokens; a part of the composition root."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from vallum.config.identity_api import OWN_ISSUER
from vallum.config.model import API, Controls, Issuer, Policy
from vallum.core.default_secrets import is_default
from vallum.core.ports import LimitStore
from vallum.core.secret import Secret
from vallum.engine.filter import AnyFilter
from vallum.filters.authenticate import Guard
from vallum.filters.content_digest import ContentDigest
from vallum.filters.dpop_nonce import DPoPNonce
from vallum.filters.introspection import IntrospectedIssuer
from vallum.filters.jwt import JWTAuthenticator, TrustedIssuer, token_cache
from vallum.filters.sender import SenderCheck, SenderRules
from vallum.filters.signature import RequireSignature
from vallum.gateway.resource_metadata import metadata_path
from vallum.limits.replays import MemoryReplays, Replays
from vallum.store.jwks_file import Loader, from_file, read_file
from vallum.store.jwks_source import JWKSSource
from vallum.store.revocations import Revocations
from vallum.tokens.cache import VerifiedTokenCache
from vallum.tokens.claims import IssuerExpectations, KnownSubject
from vallum.tokens.jwk import SIGNATURES
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.nonces import Nonces
from vallum.tokens.svid import KEY_USES
from vallum.tokens.weak import WeakSecrets


@dataclass(slots=True, kw_only=True)
class TokenSetup:
    """Makes the authenticators of one policy; operations that ask the same share one."""

    policy: Policy
    revocations: Revocations
    replays: Replays | MemoryReplays
    limits: LimitStore
    nonces: Nonces
    guard: Guard
    clock: Callable[[], float]
    remote_keys: dict[Issuer, TrustedIssuer]
    """Outlives the policy; see `Services`."""
    _authenticators: dict[tuple[tuple[str, ...], SenderRules], JWTAuthenticator] = field(
        default_factory=dict
    )
    _token_caches: dict[tuple[str, ...], VerifiedTokenCache] = field(default_factory=dict)
    _key_sources: dict[str, TrustedIssuer] = field(default_factory=dict)

    def authenticator(
        self, api: API, controls: Controls, issuers: tuple[str, ...]
    ) -> JWTAuthenticator:
        """What accepts the tokens of some issuers, as an operation asks for them.

        Raises:
            ValueError: an issuer cannot be used, or more than one would be asked.
        """
        rules = SenderRules(
            binding=controls.binding,
            nonce=controls.dpop_nonce,
            public_url=api.public_url,
            metadata=metadata_path(api),
        )
        key = (*issuers, api.name) if OWN_ISSUER in issuers else issuers
        known = self._authenticators.get((key, rules))
        if known is not None:
            return known
        self.replays.open()
        by_keys = [self._trusted(name, api) for name in issuers if self._has_keys(name)]
        asked = [
            introspected_issuer(self.policy.issuers[name])
            for name in issuers
            if self.policy.issuers[name].introspection is not None
        ]
        if len(asked) > 1:
            # SECURITY: an opaque token does not say whose it is; both would see it.
            names = " and ".join(f"`{each.name}`" for each in asked)
            raise ValueError(f"{names} would both be asked about the same tokens; keep one")
        authenticator = self._authenticators[key, rules] = JWTAuthenticator(
            by_keys,
            revocations=self.revocations,
            guard=self.guard,
            clock=self.clock,
            sender=SenderCheck(
                rules,
                replays=self.replays,
                limits=self.limits,
                nonces=self.nonces,
            ),
            asked=asked[0] if asked else None,
            cache=self._token_caches.setdefault(key, token_cache()),
        )
        return authenticator

    def senders(self, api: API, controls: Controls) -> Iterator[tuple[AnyFilter, Controls]]:
        """The controls that hold senders to what they signed, beside the authenticators."""
        if controls.signature is not None:
            self.replays.open()
            signatures = RequireSignature(
                replays=self.replays,
                limits=self.limits,
                clock=self.clock,
                public_url=api.public_url,
            )
            yield signatures, controls
            yield ContentDigest(), controls
        yield DPoPNonce(self.nonces, self.clock), controls

    def _has_keys(self, name: str) -> bool:
        issuer = self.policy.issuers[name]
        return issuer.introspection is None or bool(issuer.jwks)

    def _trusted(self, name: str, api: API) -> TrustedIssuer:
        if name == OWN_ISSUER:
            return self._own(api)
        known = self._key_sources.get(name)
        if known is None:
            issuer = self.policy.issuers[name]
            known = self.remote_keys.get(issuer) or trusted_issuer(issuer)
            self._key_sources[name] = known
            if not isinstance(issuer.jwks, Path):
                self.remote_keys[issuer] = known
        return known

    def _own(self, api: API) -> TrustedIssuer:
        """Vallum's own provider, as one API sees it: its tokens for others are none (B-143)."""
        settings = self.policy.identity
        resources = () if settings is None else settings.resources.values()
        audience = tuple(each.identifier for each in resources if each.api == api.name)
        if not audience:
            raise ValueError(f"`authenticate: own` needs `identity.resources.{api.name}`")
        issuer = self.policy.issuers[OWN_ISSUER]
        return trusted_issuer(replace(issuer, audience=audience))


def trusted_issuer(issuer: Issuer) -> TrustedIssuer:
    """An issuer of the policy with the source of its keys.

    Raises:
        ValueError: the issuer's settings contradict each other, or its key file cannot be used.
    """
    first = None
    if isinstance(issuer.jwks, Path):
        load, first = from_file(issuer.jwks), read_file(issuer.jwks)
    else:
        load = _fetched(issuer)
    weak_secrets = _weak_secrets(issuer.weak_secrets)
    expectations = _expectations(issuer)
    uses = KEY_USES if expectations.is_trust_domain else SIGNATURES

    def parse(document: bytes) -> KeySet:
        return parse_jwks(
            document, algorithms=issuer.algorithms, weak_secrets=weak_secrets, uses=uses
        )

    return TrustedIssuer(
        name=issuer.name,
        expectations=expectations,
        keys=JWKSSource(issuer.name, load, parse, monotonic=time.monotonic, first=first),
    )


def _expectations(issuer: Issuer) -> IssuerExpectations:
    return IssuerExpectations(
        issuer=issuer.issuer,
        audience=issuer.audience,
        algorithms=issuer.algorithms,
        types=issuer.types,
        max_lifetime=issuer.max_lifetime,
        leeway=issuer.leeway,
        allow_multiple_audiences=issuer.allow_multiple_audiences,
        scope_claim=issuer.scope_claim,
        roles_claim=issuer.roles_claim,
        binding=issuer.binding,
        workloads={
            each.value: KnownSubject(each.name, each.scopes, each.roles)
            for each in issuer.workloads
        },
    )


def introspected_issuer(issuer: Issuer) -> IntrospectedIssuer:
    """An issuer of the policy that is asked about its tokens.

    Raises:
        ValueError: its settings contradict each other, or the secret cannot be read or is one that
            everybody knows.
    """
    # Loaded here because it brings an HTTP client of 11 MB, which key files do not need.
    from vallum.store.introspection import Introspector

    settings = issuer.introspection
    if settings is None:
        raise ValueError(f"`{issuer.name}` has no `introspection`")
    try:
        secret = settings.client_secret.read_bytes().strip()
    except OSError as error:
        raise ValueError(f"cannot read `{settings.client_secret}`: {error.strerror}") from error
    if not secret:
        raise ValueError(f"`{settings.client_secret}` is empty")
    # SECURITY: whoever has it may ask the issuer about tokens in the gateway's name (B-244).
    if is_default(secret.decode("utf-8", "replace")):
        raise ValueError(
            f"the client secret of the issuer `{issuer.name}` is a default that everybody knows;"
            " choose a random one"
        )
    return IntrospectedIssuer(
        name=issuer.name,
        expectations=_expectations(issuer),
        endpoint=Introspector(
            settings.url,
            settings.client_id,
            Secret(secret),
            insecure_http=issuer.insecure_http_jwks,
        ),
        seconds=settings.cache,
    )


def _weak_secrets(path: Path | None) -> WeakSecrets:
    if path is None:
        return WeakSecrets()
    try:
        with path.open("rb") as lines:
            return WeakSecrets(lines)
    except OSError as error:
        raise ValueError(f"cannot read `{path}`: {error.strerror}") from error


def _fetched(issuer: Issuer) -> Loader:
    # Loaded here because it brings an HTTP client of 11 MB, which key files do not need.
    from vallum.store.jwks_fetch import from_metadata, from_url

    insecure_http = issuer.insecure_http_jwks
    if issuer.jwks:
        return from_url(str(issuer.jwks), insecure_http=insecure_http)
    return from_metadata(issuer.issuer, insecure_http=insecure_http)
