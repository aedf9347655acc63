"""A first policy for a contract: deny by default, every operation listed, nothing to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from vallum.config import values
from vallum.config.diagnostics import counted
from vallum.config.draft_text import Line, aligned, comment, listed, quoted
from vallum.config.security import Asked, asked, describe, first_scopes, key_field
from vallum.config.values import Bad
from vallum.openapi.model import Contract, Operation

ISSUER_NAME = "login"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FILE_TYPES = ("multipart/", "image/", "audio/", "video/", "application/octet-stream", "*/*")
_DISCOVERY = re.compile(r"/\.well-known/(?:openid-configuration|oauth-authorization-server)/?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOptions:
    """What the draft is made for."""

    openapi: str
    """Path of the contract as the policy will name it."""
    upstream: str
    """URL; for `http` and `https` it may have a path, which becomes the base path."""
    issuer: str = ""
    audience: str = ""


class Draft(NamedTuple):
    """A drafted policy."""

    text: str
    operations: int
    public: int
    """Operations that anybody may call."""
    scopes: tuple[str, ...]
    """Scopes that callers need somewhere; first those with which they can read."""


class _Place(NamedTuple):
    """Where the API is."""

    upstream: str
    base_path: str | None
    """None: the contract's."""
    note: str


def draft_policy(contract: Contract, document: Mapping[str, Any], options: DraftOptions) -> Draft:
    """A commented policy that `vallum check` accepts as it is.

    Args:
        contract: the compiled contract.
        document: its document, for what the contract does not keep.
        options: what only the user knows.

    Raises:
        Bad: the upstream or the issuer is no URL that a policy can hold.
    """
    place = _place(contract, options.upstream)
    if options.issuer:
        values.web_url(options.issuer)
    drafter = _Drafter(contract, options)
    groups = list(drafter.groups())
    count = len(contract.operations)
    lines = [
        *_head(contract, options, count),
        *_server(document),
        *_issuers(document, contract, options),
        *_defaults(contract),
        *_api(contract, options, place),
    ]
    for title, rows in groups:
        lines += [f"      # {title} ({len(rows)})", *aligned(rows, "      "), ""]
    text = "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
    scopes = sorted(drafter.scopes, key=lambda scope: not drafter.scopes[scope])
    return Draft(text, count, drafter.public, tuple(scopes))


def _api(contract: Contract, options: DraftOptions, place: _Place) -> Iterator[str]:
    yield "apis:"
    yield f"  {quoted(_slug(contract.title))}:"
    yield f"    openapi: {quoted(options.openapi)}"
    yield f"    upstream: {quoted(place.upstream)}"
    if place.base_path is not None:
        yield f"    base_path: {quoted(place.base_path)}  # {place.note}"
    elif contract.base_path:
        yield f"    # base_path: {comment(contract.base_path)}  # the contract's first server"
    yield "    # cors: {origins: [https://shop.example]}  # web pages that may call; default none"
    yield ""
    yield "    operations:"


class _Drafter:
    def __init__(self, contract: Contract, options: DraftOptions) -> None:
        self._contract = contract
        self._issuers = (ISSUER_NAME,) if options.issuer else ()
        self.public = 0
        self.scopes: dict[str, bool] = {}
        """Scopes that callers need, in their order; whether to read is enough to need one."""

    def groups(self) -> Iterator[tuple[str, list[Line]]]:
        """The operations by their first tag, or else the first segment of their path."""
        groups: dict[str, list[Line]] = {}
        for operation in self._contract.operations:
            title = operation.tags[0] if operation.tags else f"/{operation.path.split('/')[1]}"
            groups.setdefault(comment(title), []).append(self._line(operation))
        yield from groups.items()

    def _line(self, operation: Operation) -> Line:
        parts: list[str] = []
        route = f"{operation.method} {operation.path}"
        # What the name does not say already: where the operation is, or what it is for.
        notes = [comment(operation.summary if route == operation.id else route)]
        asks = asked(operation, self._contract, self._issuers)
        public = operation.security_is_explicit_none
        if public:
            self.public += 1
            parts.append("public: true")
            notes.append("public in the contract")
        if not public or operation.security:
            parts.append(f"authenticate: {listed(_authenticators(asks))}")
            notes += self._notes(operation, asks)
        scopes = [scope for scope in first_scopes(operation) if _is_scope(scope)]
        if scopes and not public:
            for scope in scopes:
                reads = operation.method in ("GET", "HEAD")
                self.scopes[scope] = reads or self.scopes.get(scope, False)
            parts.append(f"scopes: [{', '.join(quoted(scope) for scope in scopes)}]")
        parts += [f"limit: {_limit(operation, public=public)}", f"body: {_body(operation)}"]
        return Line(quoted(operation.id), f"{{{', '.join(parts)}}}", "; ".join(filter(None, notes)))

    def _notes(self, operation: Operation, asks: Asked) -> Iterator[str]:
        if operation.security_is_explicit_none:
            yield "a credential is optional"
        if asks.has_other_scopes:
            yield "one of several sets of scopes in the contract"
        if not self._issuers and "token" in asked(operation, self._contract, (ISSUER_NAME,)).kinds:
            yield "contract: a token" if asks.problem else "contract: or a token"
        elif asks.problem:
            yield f"contract: {comment(asks.detail)}, which is not taken"


def _authenticators(asks: Asked) -> tuple[str, ...]:
    return tuple(name.removeprefix("jwt:") for name in asks.authenticators) or ("api_key",)


def _is_scope(text: str) -> bool:
    try:
        values.scope(text)
    except Bad:
        return False
    return True


def _limit(operation: Operation, *, public: bool) -> str:
    writes = operation.method not in _SAFE_METHODS
    if public:
        return f"{10 if writes else 60}/minute per address"
    return f"{20 if writes else 60}/minute per principal"


def _body(operation: Operation) -> str:
    if not operation.bodies:
        return "none"
    takes_files = any(media_type.startswith(_FILE_TYPES) for media_type in operation.bodies)
    return "10MiB" if takes_files else "256KiB"


def _place(contract: Contract, upstream: str) -> _Place:
    """The upstream without a path, and the base path that follows from both."""
    base_path = None
    note = ""
    if upstream.startswith(("http://", "https://")):
        parts = urlsplit(upstream)
        path = parts.path.rstrip("/")
        upstream = f"{parts.scheme}://{parts.netloc}"
        if parts.query or parts.fragment:
            raise Bad("bad-url", "an upstream has no query and no fragment", "remove them")
        if path and path != contract.base_path:
            base_path, note = values.base_path(path), "the upstream's path"
    if base_path is None:
        try:
            values.base_path(contract.base_path)
        except Bad:
            base_path, note = "/", "the contract's first server has no usable path"
    return _Place(values.upstream_url(upstream), base_path, note)


def _slug(title: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’]", "", title.lower())).strip("-")
    if len(slug) > 32:
        slug = slug[:33].rpartition("-")[0] or slug[:32]
    return slug or "api"


def _head(contract: Contract, options: DraftOptions, count: int) -> Iterator[str]:
    title = comment(f"{contract.title} {contract.version}") or "the API"
    yield f"# Vallum policy for {title}"
    yield f"# drafted from {comment(options.openapi)}: {counted(count, 'operation')}."
    yield "#"
    yield "# Only what the contract declares gets through, and nobody calls without a credential"
    yield "# unless `public: true` says so. `vallum check` tells what is unwise in it."
    yield "# Every key is explained in docs/policy.md."
    yield ""
    yield "version: 1"
    yield ""


def _server(document: Mapping[str, Any]) -> Iterator[str]:
    host = _server_host(document) or "api.example.com"
    yield "listen:"
    yield "  address: 127.0.0.1:8443  # this machine only; 0.0.0.0:8443 for the network"
    yield "  tls: local               # makes and keeps a local CA; or {certificate: …, key: …}"
    yield f"  # hosts: [{host}]  # names by which clients call the gateway; others get 421"
    yield "state: var/vallum.db       # API keys, hashed; the local CA and its keys stand beside it"
    yield "records: {path: var/records, keep: 30d}  # a line for each exchange, without secrets"
    yield ""


def _server_host(document: Mapping[str, Any]) -> str:
    servers = document.get("servers")
    server = servers[0] if isinstance(servers, list) and servers else None
    url = server.get("url") if isinstance(server, dict) else None
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        # Where the application runs while it is written is no name of the gateway.
        return "" if values.is_loopback(parts.hostname or "") else values.host(parts.netloc)
    except (Bad, ValueError):
        return ""


def _issuers(
    document: Mapping[str, Any], contract: Contract, options: DraftOptions
) -> Iterator[str]:
    takes_tokens = any(
        asked(operation, contract, (ISSUER_NAME,)).kinds & {"token"}
        for operation in contract.operations
    )
    if options.issuer:
        yield "issuers:"
        yield f"  {ISSUER_NAME}:"
        yield f"    issuer: {quoted(options.issuer)}  # exact `iss`; keys come from its metadata"
        yield f"    audience: {quoted(options.audience)}  # what tokens for this API name in `aud`"
        yield "    algorithms: [RS256, ES256, EdDSA]  # accepted signatures"
        yield ""
    elif takes_tokens:
        issuer, found = _known_issuer(document)
        yield "# The contract asks for access tokens; whose, and for which audience, only you know."
        yield "# Until then those operations take API keys with the same scopes. To switch: fill"
        yield f"# this in and write `authenticate: {ISSUER_NAME}` where a comment says `a token`."
        yield "# issuers:"
        yield f"#   {ISSUER_NAME}:"
        yield f"#     issuer: {quoted(issuer)}  # {found}"
        yield f"#     audience: {quoted(_slug(contract.title))}  # what its tokens name in `aud`"
        yield ""


def _known_issuer(document: Mapping[str, Any]) -> tuple[str, str]:
    """The issuer as far as the contract tells, and how it is known."""
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    for scheme in schemes.values() if isinstance(schemes, dict) else ():
        url = scheme.get("openIdConnectUrl") if isinstance(scheme, dict) else None
        if isinstance(url, str) and url.startswith("https://"):
            return _DISCOVERY.sub("", url), "from the contract's openIdConnectUrl"
    return "https://login.example.com", "exact `iss` of its tokens"


def _defaults(contract: Contract) -> Iterator[str]:
    if not any(operation.security for operation in contract.operations):
        yield "# The contract names no security: every operation asks for an API key."
    elif any(scheme.type == "apiKey" for scheme in contract.security_schemes.values()):
        odd = [
            describe(scheme)
            for scheme in contract.security_schemes.values()
            if scheme.type == "apiKey" and scheme.location != "header"
        ]
        if odd:
            yield f"# The contract has {comment(odd[0])}; the gateway takes keys in a header only."
    yield f"# API keys travel in the header field `{comment(key_field(contract))}`."
    yield "defaults:                  # for operations that the contract gains later, too"
    yield "  limit: 60/minute per principal"
    yield "  body: 256KiB             # only where the contract declares a body"
    yield "  validate: block          # requests that break the contract are refused"
    yield "  unknown: refuse          # so are parameters and properties that it does not declare"
    yield ""
