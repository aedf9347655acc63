"""What a provider says about itself (OpenID Connect Discovery), judged and kept for an hour."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from vallum.config.provider import UpstreamProvider
from vallum.core.ports import Clock
from vallum.store.http_client import checked_url
from vallum.store.jwks_fetch import from_url
from vallum.tokens.algorithms import ALGORITHMS
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

FRESH: Final = 3600.0
"""Seconds after which it is asked again."""
STALE: Final = 24 * 3600.0
"""Seconds for which it is believed while the provider does not answer, or answers badly."""
PAUSE: Final = 30.0
"""Seconds between the starts of two requests, whatever happens."""

_LIMITS: Final = JSONLimits(depth=6, width=512, string=4096)
_AUTHORITY: Final = re.compile(
    r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9a-f:]{2,39}\](?::[0-9]{1,5})?"
)
# SECURITY: signatures alone. With a MAC, whoever knows the client secret could say who anybody is.
# The first of a kind that the provider knows is the one for keys of that kind (RFC 8725 §3.1).
_SIGNATURES: Final = (
    *("RS256", "PS256", "RS384", "RS512", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    *("EdDSA", "Ed25519"),
)

_log = logging.getLogger(__name__)


class MetadataRefused(ValueError):  # noqa: N818  (a verdict on a document)
    """Metadata that must not be used; the message says why."""


class ProviderUnreachable(Exception):  # noqa: N818  (a state of the world)
    """There is no metadata of a provider that is recent enough to trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What we use of a provider's metadata."""

    authorization_endpoint: str
    authorization_origin: str
    """`https://host[:port]`, where browsers go."""
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    algorithms: tuple[str, ...]
    """What its ID tokens may be signed with; one for each kind of key."""
    auth_methods: frozenset[str]
    """How clients may authenticate at its token endpoint."""
    names_itself: bool
    """Whether each of its authorization responses carries `iss` (RFC 9207)."""
    tells_auth_time: bool
    """Whether its ID tokens can say when the person signed in there."""


def read_metadata(document: bytes, provider: UpstreamProvider) -> Metadata:
    """Judge a provider's metadata.

    Raises:
        MetadataRefused: of another issuer, incomplete, or with URLs that must not be used.
    """
    try:
        found = parse_json(document, _LIMITS)
    except MalformedJSON:
        raise MetadataRefused("it is not strict JSON") from None
    # Discovery §4.3, RFC 8414 §3.3: the issuer MUST be identical, character by character (B-187).
    if not isinstance(found, dict) or found.get("issuer") != provider.issuer:
        raise MetadataRefused("it is the metadata of another issuer")
    authorization = _url(found, "authorization_endpoint", provider)
    has_userinfo = "userinfo_endpoint" in found
    return Metadata(
        authorization_endpoint=authorization,
        authorization_origin=_origin(authorization),
        token_endpoint=_url(found, "token_endpoint", provider),
        jwks_uri=_url(found, "jwks_uri", provider),
        userinfo_endpoint=_url(found, "userinfo_endpoint", provider) if has_userinfo else None,
        algorithms=_algorithms(found),
        # RFC 8414 §2: "If omitted, the default is `client_secret_basic`".
        auth_methods=frozenset(
            _names(found, "token_endpoint_auth_methods_supported", ("client_secret_basic",))
        ),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        tells_auth_time="auth_time" in _names(found, "claims_supported", ()),
    )


def allows_http(provider: UpstreamProvider) -> bool:
    """Whether a provider's own URLs may be http: only where its issuer is, on this machine."""
    return provider.insecure_http and provider.issuer.startswith("http://")


def well_known(provider: UpstreamProvider) -> str:
    """Where the metadata is (Discovery §4: appended to the issuer).

    Raises:
        ValueError: the issuer is no URL that may be asked.
    """
    base = checked_url(provider.issuer, insecure_http=allows_http(provider))
    if base.raw_query_string:
        raise ValueError(f"the issuer `{provider.issuer}` must not have a query")
    return f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"


class MetadataSource:
    """Keeps the metadata of one provider: one request at a time, seldom."""

    def __init__(self, provider: UpstreamProvider, monotonic: Clock) -> None:
        """
        Args:
            provider: whose.
            monotonic: monotonic seconds.

        Raises:
            ValueError: its issuer is no URL that may be asked.
        """
        self._provider = provider
        # No redirect is followed, to wherever: stricter than B-187 asks.
        self._load = from_url(well_known(provider), insecure_http=allows_http(provider))
        self._now = monotonic
        self._known: Metadata | None = None
        self._known_at = 0.0
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None

    async def get(self) -> Metadata:
        """The metadata.

        Raises:
            ProviderUnreachable: there is none that is recent enough.
        """
        if self._known is not None and self._now() - self._known_at <= FRESH:
            return self._known
        may_ask = self._asked_at is None or self._now() - self._asked_at >= PAUSE
        if self._asking is None and may_ask:
            self._asked_at = self._now()
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        if self._asking is not None:
            # One browser that goes away must not take the answer from the others.
            await asyncio.shield(self._asking)
        if self._known is None or self._now() - self._known_at > STALE:
            raise ProviderUnreachable(self._provider.name)
        return self._known

    async def _ask(self) -> None:
        try:
            self._known = read_metadata(await self._load(), self._provider)
            self._known_at = self._now()
        except ValueError as error:
            _log.warning("metadata of provider %s: %s", self._provider.name, error)
        finally:
            self._asking = None


def _url(found: dict[str, Any], name: str, provider: UpstreamProvider) -> str:
    value = found.get(name)
    # It ends up in a header of ours: no space, no line break, nothing but printable ASCII.
    if (
        not isinstance(value, str)
        or not value.isascii()
        or not value.isprintable()
        or " " in value
        or '"' in value
    ):
        raise MetadataRefused(f"its `{name}` is no URL")
    try:
        checked_url(value, insecure_http=allows_http(provider))
    except ValueError:
        raise MetadataRefused(f"its `{name}` is not https") from None
    if _AUTHORITY.fullmatch(value.split("/", 3)[2].partition("?")[0]) is None:
        raise MetadataRefused(f"its `{name}` names no host")
    return value


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"


def _names(found: dict[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    values = found.get(name, default)
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        raise MetadataRefused(f"its `{name}` is no list of names")
    return tuple(values)


def _algorithms(found: dict[str, Any]) -> tuple[str, ...]:
    known = _names(found, "id_token_signing_alg_values_supported", ("RS256",))
    chosen: dict[tuple[str, str], str] = {}
    for name in _SIGNATURES:
        if name in known:
            algorithm = ALGORITHMS[name]
            chosen.setdefault((algorithm.key_type, algorithm.curve), name)
    if not chosen:
        raise MetadataRefused("it signs with no algorithm that we trust")
    return tuple(chosen.values())
