"""The policy as values: what `vallum.yaml` says, every default filled in, nothing left to parse.

Made by `vallum.config.load` only, which reports all errors at once. Frozen: a reload makes a new
one. Defaults live here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vallum.config.keys_trust import ClientCertificates
from vallum.config.provider import IdentitySettings
from vallum.filters.answers import AnswerMode
from vallum.filters.cors import CORS
from vallum.filters.graphql_settings import GraphQL
from vallum.filters.idempotency import Idempotency
from vallum.filters.inspect_ruling import Exclusion
from vallum.filters.leaks import LeakAction
from vallum.filters.limit import Limit
from vallum.filters.signature import SignatureSettings
from vallum.filters.uploads import Uploads
from vallum.inspection.model import Sensitivity
from vallum.openapi.rights import Right
from vallum.pki.names import Attribute
from vallum.tokens.confirmation import Binding

Mode = Literal["block", "monitor", "off"]
DEFAULT_STATE = Path("var/vallum.db")
DEFAULT_RECORDS = Path("var/records")
"""Where both are kept, beside the policy file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSFiles:
    """Certificate chain and private key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the gateway accepts connections."""

    address: str = "127.0.0.1"
    port: int = 8443
    tls: Literal["local", "off"] | TLSFiles = "local"
    hosts: tuple[str, ...] = ()
    """Authorities that are served (`api.example`, with a port only when it is not the default);
    empty: the listen address, `localhost` and the machine's loopback names with the listen port.
    Others get 421."""
    insecure_plain_http: bool = False
    client_certificates: ClientCertificates | None = None
    """Whether clients are asked for certificates, and who vouches for them (AN-7)."""
    trusted_proxies: tuple[str, ...] = ()
    """CIDR ranges whose X-Forwarded-For is believed; empty: none (B-056)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Bounds on what any client may make the gateway hold (TR-2)."""

    connections: int = 10_000
    connections_per_address: int = 256
    target: int = 8 * 1024
    """Bytes of the request target."""
    query_parameters: int = 256
    header_count: int = 100
    header_bytes: int = 32 * 1024
    header_line: int = 16 * 1024
    in_flight_body_bytes: int = 256 * 1024 * 1024
    """Body bytes that all exchanges of one worker may hold together (B-277)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds."""

    headers: float = 10.0
    """From the first byte of a request to the end of its head."""
    body: float = 30.0
    """Between two reads of a request body; the whole body may take ten times that."""
    idle: float = 75.0
    """A kept-alive connection without a request."""
    write: float = 30.0
    """A client that does not read its answer."""
    connect: float = 5.0
    """To the upstream."""
    upstream: float = 30.0
    """Until the upstream's answer begins, and between two reads of it."""
    drain: float = 20.0
    """For exchanges in flight after SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Where each exchange is recorded."""

    path: Path | None = DEFAULT_RECORDS
    """Directory of JSON-lines segments; None switches recording off."""
    keep_days: float = 30.0
    segment_bytes: int = 64 * 1024 * 1024
    max_bytes: int = 2 * 1024 * 1024 * 1024
    """The oldest segments go first."""
    on_failure: Literal["continue", "deny"] = "continue"
    """When records cannot be written: serve and count what was lost, or answer 503 (B-278)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """Where an issuer is asked about tokens that only it can read (RFC 7662)."""

    url: str
    client_id: str
    """How the gateway is registered there."""
    client_secret: Path
    """A file with that client's secret."""
    cache: float = 5.0
    """Seconds for which an answer is believed; 5 at most, so that revocation takes effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An issuer of access tokens that the gateway accepts (AN-3)."""

    name: str
    issuer: str
    """Exact `iss`."""
    audience: tuple[str, ...]
    """A token must name one of these."""
    algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")
    jwks: Path | str = ""
    """A file, or an https URL; empty: discovered from the issuer's metadata."""
    types: tuple[str, ...] = ("at+jwt",)
    """Accepted `typ`, without the `application/` prefix (RFC 9068 §4)."""
    max_lifetime: float = 86_400.0
    """Seconds between `iat` and `exp`."""
    leeway: float = 10.0
    """Seconds of clock skew."""
    allow_multiple_audiences: bool = False
    scope_claim: str = "scope"
    roles_claim: str = "roles"
    insecure_http_jwks: bool = False
    """Allows an `http://` JWKS URL, on loopback only; for tests and development."""
    weak_secrets: Path | None = None
    """A file with one known secret a line; HMAC keys that are in it are refused (B-148)."""
    binding: Binding = "none"
    """What each of its tokens must be bound to (AN-8)."""
    workloads: tuple[Workload, ...] = ()
    """Where it is a trust domain (`spiffe://…`): the workloads whose JWT-SVIDs are accepted."""
    introspection: Introspection | None = None
    """For its opaque tokens. Its JWTs are read by its keys only where `jwks` names them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of scopes; inherits from others without cycles (AZ-2)."""

    name: str
    scopes: frozenset[str] = frozenset()
    inherits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A program that is known by its certificate (AN-7)."""

    name: str
    trust: str
    """Whose authorities vouch for it."""
    attribute: Attribute
    value: str
    """What this attribute holds, exactly."""
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Everything that protects one operation, after defaults, API, tags and operation are merged.

    Each field is a key of the policy file and is handled by the filter of the same name.
    """

    public: bool = False
    authenticate: tuple[str, ...] = ()
    """`api_key`, `jwt:<issuer name>` and `mtls:<trust name>`, the ways in which a caller may prove
    itself."""
    require_mtls: bool = False
    """Whether callers need a client certificate, beside their credential (B-205)."""
    scopes: frozenset[str] = frozenset()
    """All of these are needed."""
    roles: frozenset[str] = frozenset()
    """One of these is needed, where not empty."""
    deny_roles: frozenset[str] = frozenset()
    """None of these may be held; overrides every permission."""
    binding: Binding = "none"
    """What tokens must be bound to; a bound token is held to it whatever stands here (AN-8)."""
    dpop_nonce: bool = False
    """Whether proofs of possession must hold a nonce of ours."""
    signature: SignatureSettings | None = None
    """How requests must be signed, beside their credential (CR-3); None: they need not be."""
    acr: tuple[str, ...] = ()
    """How users must have signed in: one of these `acr`; empty: in any way (RFC 9470)."""
    max_auth_age: float = 0.0
    """Seconds since users signed in at most; 0: any time ago."""
    mfa: bool = False
    """Whether users must have signed in with more than one factor."""
    limits: tuple[Limit, ...] = ()
    body: int = 256 * 1024
    """Largest body in bytes; 0: none is accepted."""
    codings: tuple[str, ...] = ()
    """Content codings that a request body may have: `gzip`, `br`, `zstd` (B-109)."""
    uploads: Uploads | None = field(default_factory=Uploads)
    """What files are taken; None: they are not looked at (IV-8)."""
    validate: Mode = "block"
    unknown: Literal["refuse", "ignore"] = "refuse"
    """Parameters and properties that the contract does not declare."""
    inspect: Mode = "block"
    sensitivity: Sensitivity = "default"
    detectors: Mapping[str, Mode] = field(default_factory=dict)
    """Families of attacks that are treated differently."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What places hold (`prose`, `code` …), or how findings in them are treated."""
    exclude: tuple[Exclusion, ...] = ()
    """Findings known to be harmless."""
    graphql: GraphQL | None = None
    """What may be asked for, where the operation takes GraphQL (GW-11)."""
    idempotency: Idempotency | None = None
    """How requests that must run once are told; None: keys mean nothing (B-126)."""
    cors: CORS | None = None
    headers: Mapping[str, str] | Literal["off"] = field(default_factory=dict)
    """Overrides of the default security headers by lower-case name; an empty value removes one."""
    answers: AnswerMode = "drop"
    """What happens to answers that break the contract (IV-9)."""
    answer_body: int = 1024 * 1024
    """Bytes of an answer that may be held to be looked into."""
    leaks: Mapping[str, LeakAction] | Literal["off"] = field(default_factory=dict)
    """What differs from the default actions, by kind; `off` by JSON Pointer."""
    properties: Mapping[str, Right] = field(default_factory=dict)
    """Who may read and write which property, by JSON Pointer, beside the contract's word (AZ-6)."""
    forward_token: bool = False
    """Whether the client's Authorization field reaches the upstream (B-065)."""
    identity: bool = True
    """Whether the upstream gets a signed statement of who is calling (GW-5)."""
    body_on_get: bool = False
    """Whether GET, HEAD and DELETE may have a body (B-027)."""
    unicode_path: bool = False
    """Whether path parameters may hold characters beyond ASCII (B-085)."""

    @property
    def asked_scopes(self) -> frozenset[str]:
        """The scopes that the operation asks for, or a field that may be selected in it."""
        rules = self.graphql.fields.values() if self.graphql is not None else ()
        return self.scopes.union(*(rule.scopes for rule in rules))


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where the API is."""

    url: str
    """`http://host:port`, `https://host:port`, `unix:/path` or `asgi:package.module:app`."""
    connections: int = 256
    """Most connections of one worker."""
    ca: Path | None = None
    """CA file for an https upstream; None: the system's."""
    client_certificate: TLSFiles | None = None
    """Shown to the upstream (GW-1)."""
    client_cert: bool = False
    """Whether the upstream gets the client's certificate in `Client-Cert` (RFC 9440)."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its TLS settings name."""
        shown = self.client_certificate
        named = (self.ca, *((shown.certificate, shown.key) if shown is not None else ()))
        return tuple(path for path in named if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class API:
    """One contract, its upstream and the controls of each operation."""

    name: str
    openapi: Path
    upstream: Upstream
    base_path: str
    """Path under which the gateway serves the API and the upstream expects it; `` or `/v1`."""
    hosts: tuple[str, ...] = ()
    """Authorities of this API alone; empty: all of the listener's."""
    public_url: str = ""
    """Scheme and authority by which clients know the API, where a proxy stands before the gateway;
    empty: those of the request."""
    controls: Mapping[str, Controls]
    """By operation id; exactly the operations of the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole policy file."""

    source: Path
    listen: Listen = field(default_factory=Listen)
    state: Path = DEFAULT_STATE
    """SQLite file; local CA and generated keys live beside it."""
    records: Records = field(default_factory=Records)
    caps: Caps = field(default_factory=Caps)
    timeouts: Timeouts = field(default_factory=Timeouts)
    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    workloads: Mapping[str, Workload] = field(default_factory=dict)
    identity: IdentitySettings | None = None
    """Vallum's own provider; None: there is none."""
    apis: Mapping[str, API] = field(default_factory=dict)
