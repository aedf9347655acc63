"""The keys of the whole policy file.

The reader, the JSON Schema for editors and the test of `docs/policy.md` all come from these tables.
"""

from __future__ import annotations

from typing import Any

from vallum.config import values
from vallum.config.keys_controls import LEVEL_KEYS
from vallum.config.keys_identity import ISSUERS, NAME, ROLES
from vallum.config.keys_provider import IDENTITY
from vallum.config.keys_server import CAPS, LISTEN, RECORDS, TIMEOUTS, TLS_FILES
from vallum.config.keys_workloads import WORKLOADS
from vallum.config.kinds import (
    INVALID,
    Context,
    Either,
    Flag,
    Integer,
    Key,
    Made,
    Many,
    Section,
    Table,
    Text,
    Values,
    Variable,
)
from vallum.config.kinds_files import ExistingFile, NewPath
from vallum.config.model import Upstream
from vallum.config.source import Node

_SYNONYMS = {
    "api": "apis",
    "auth": "authenticate",
    "authentication": "authenticate",
    "authenticator": "authenticate",
    "authenticators": "authenticate",
    "backend": "upstream",
    "max_body": "body",
    "max_body_size": "body",
    "body_size": "body",
    "quota": "limit",
    "rate": "limit",
    "rate_limit": "limit",
    "rate_limits": "limit",
    "ratelimit": "limit",
    "permissions": "scopes",
    "scope": "scopes",
    "role": "roles",
    "spec": "openapi",
    "logs": "records",
    "log": "records",
    "url": "upstream",
    "validation": "validate",
}

_TOP_ONLY = (
    "version",
    "listen",
    "state",
    "records",
    "caps",
    "timeouts",
    "issuers",
    "identity",
    "workloads",
    "apis",
)
_API_ONLY = ("openapi", "upstream", "public_url", "base_path", "operations")


def _belongs(name: str) -> str:
    """Where a key that is in the wrong place belongs."""
    name = _SYNONYMS.get(name, name)
    if name in LEVEL_KEYS:
        return f"`{name}` belongs under `defaults:`, an API or an operation"
    if name in _API_ONLY:
        return f"`{name}` belongs under an API: `apis: {{NAME: {{{name}: …}}}}`"
    if name in _TOP_ONLY:
        return f"`{name}` belongs at the top of the file"
    return ""


def _synonym(name: str) -> str:
    known = _SYNONYMS.get(name)
    return f"write `{known}`" if known in LEVEL_KEYS else ""


def _level_hint(name: str) -> str:
    return _synonym(name) or ("" if name in LEVEL_KEYS else _belongs(name))


LEVEL = Section("this level", LEVEL_KEYS, _level_hint)

OPERATIONS = Table(
    Text("the id of an operation, `METHOD /path` or `tag:NAME`", is_exact=True), LEVEL, "operation"
)

_UPSTREAM_TEXT = Variable(Text("where the API is", values.upstream_url))
_UPSTREAM_KEYS = {
    "url": Key(
        _UPSTREAM_TEXT,
        "`http://host:port`, `https://host:port`, `unix:/path` or `asgi:package.module:app`",
        is_needed=True,
    ),
    "connections": Key(Integer(1, 65_536), "most connections of one worker; default 256"),
    "ca": Key(ExistingFile("a path"), "CA file for an https upstream; default: the system's"),
    "client_certificate": Key(TLS_FILES, "certificate that the gateway shows to the upstream"),
    "client_cert": Key(
        Flag(), "tells the upstream the client's certificate in `Client-Cert` (RFC 9440)"
    ),
}


def _upstream(found: Values, context: Context) -> Any:
    if "url" not in found:
        return INVALID
    upstream = Upstream(**found)
    for key in ("ca", "client_certificate"):
        if key in found and not upstream.url.startswith("https:"):
            context.report.add(
                "bad-value",
                f"`{key}` has no meaning for `{upstream.url}`",
                found.places[key],
                "write an https upstream, or remove the key",
            )
            return INVALID
    return upstream


_API_KEYS = {
    "openapi": Key(ExistingFile("a path"), "the OpenAPI 3.0 or 3.1 file", is_needed=True),
    "upstream": Key(
        Either(
            "a URL or the keys of `upstream`",
            text=Made(_UPSTREAM_TEXT, lambda url, _: Upstream(url=url)),
            mapping=Made(Section("`upstream`", _UPSTREAM_KEYS), _upstream),
        ),
        "where the API is",
        is_needed=True,
    ),
    "hosts": Key(
        Many(Text("a host name", values.host)), "names of this API alone; default: the listener's"
    ),
    "public_url": Key(
        Text("a URL such as `https://api.example`", values.public_url),
        "how clients know the API where a proxy stands before the gateway; default: as called",
    ),
    "base_path": Key(
        Text("a path such as `/v1`", values.base_path),
        "path before every operation; default: that of the contract's first server",
    ),
    "operations": Key(OPERATIONS, "controls by operation id, `METHOD /path` or `tag:NAME`"),
    **LEVEL_KEYS,
}


def _api_hint(name: str) -> str:
    return _synonym(name) or ("" if name in _API_KEYS else _belongs_of_api(name))


def _belongs_of_api(name: str) -> str:
    known = _SYNONYMS.get(name)
    return f"write `{known}`" if known in _API_KEYS else _belongs(name)


API = Section("an API", _API_KEYS, _api_hint)


class Version:
    """The version of the policy format."""

    def read(self, node: Node, context: Context) -> Any:
        """1, or `INVALID`."""
        if node.value == 1 and type(node.value) is int:
            return 1
        context.report.add(
            "wrong-version",
            "this Vallum reads version 1 of the policy format",
            node,
            "write `version: 1`",
        )
        return INVALID

    def schema(self) -> dict[str, Any]:
        """Only 1."""
        return {"const": 1}


TOP = Section(
    "the policy",
    {
        "version": Key(Version(), "the format's version: 1", is_needed=True),
        "listen": Key(LISTEN, "where the gateway accepts connections"),
        "state": Key(NewPath("a path"), "SQLite file of keys and state; default var/vallum.db"),
        "records": Key(RECORDS, "where each exchange is recorded"),
        "caps": Key(CAPS, "bounds on what any client may make the gateway hold"),
        "timeouts": Key(TIMEOUTS, "how long the gateway waits"),
        "issuers": Key(ISSUERS, "issuers of access tokens (JWT) that are accepted"),
        "identity": Key(IDENTITY, "Vallum's own identity provider"),
        "roles": Key(ROLES, "named sets of scopes"),
        "workloads": Key(WORKLOADS, "programs that are known by their certificates"),
        "defaults": Key(LEVEL, "where every operation starts from"),
        "apis": Key(Table(NAME, API, "API"), "the APIs that are protected", is_needed=True),
    },
    _belongs,
)
"""The whole file."""
