"""The keys that protect operations: the same under `defaults`, an API, a tag or an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vallum.config import values
from vallum.config.keys_answers import ANSWER_KEYS
from vallum.config.keys_graphql import GRAPHQL
from vallum.config.keys_identity import BINDING, NAME, SCOPE
from vallum.config.keys_inspection import INSPECTION_KEYS
from vallum.config.keys_limit import LIMIT
from vallum.config.keys_server import DURATION, GIB, duration, size
from vallum.config.keys_signature import SIGNATURE
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Either,
    Flag,
    Integer,
    Key,
    Made,
    Many,
    Quantity,
    Schema,
    Section,
    Text,
    Values,
    wrong_type,
)
from vallum.config.source import Node
from vallum.config.values import Bad
from vallum.filters.cors import CORS, check_policy
from vallum.filters.headers import security_lines
from vallum.filters.idempotency import Idempotency
from vallum.filters.uploads import Uploads
from vallum.inspection.files.kinds import KINDS
from vallum.wire.codings import CODINGS

_CORS_KEYS = {
    "origins": Key(
        Many(Text("an origin such as `https://shop.example`", values.origin), can_be_empty=False),
        "web origins that may call: exact, or `https://*.example.com` for one label, or `*`",
        is_needed=True,
    ),
    "credentials": Key(Flag(), "whether browsers may send cookies and the like; default false"),
    "methods": Key(
        Many(Text("a method", lambda text: values.token(text).upper())),
        "allowed methods; default: those of the contract",
    ),
    "request_headers": Key(
        Many(Text("a field name", lambda text: _no_star(values.token(text).lower()))),
        "fields that pages may send; default authorization, content-type, dpop",
    ),
    "expose_headers": Key(
        Many(Text("a field name", lambda text: _no_star(values.token(text).lower()))),
        "fields of answers that pages may read; default those of limits and challenges",
    ),
    "max_age": Key(
        Quantity(DURATION, 0, 7200, ("0s", "2h")),
        "how long browsers remember the answer to a preflight; default 10m",
    ),
    "private_network": Key(Flag(), "lets public pages call this gateway in a private network"),
}


def _no_star(field: str) -> str:
    if field == "*":
        raise Bad("bad-name", "`*` is no field name", "list each field that pages need")
    return field


def _cors(found: Values, context: Context) -> Any:
    if "origins" not in found:
        return INVALID
    settings: dict[str, Any] = dict(found)
    if "max_age" in settings:
        settings["max_age"] = int(settings["max_age"])
    cors = CORS(**settings)
    wild = next((origin for origin in cors.origins if "*" in origin), None)
    if cors.credentials and wild is not None:
        # B-282, and Fetch, "CORS protocol and credentials": `*` never goes with credentials.
        context.report.add(
            "cors-wildcard-credentials",
            f"the origins `{wild}` could act with their visitors' credentials",
            found.places["credentials"],
            "list each origin, or remove `credentials: true`",
        )
        return INVALID
    try:
        check_policy(cors)
    except ValueError as err:
        context.report.add(
            "bad-origin", str(err), found.places["origins"], "see docs/policy.md, `cors`"
        )
        return INVALID
    return cors


_CORS = Either(
    "`none` or the keys of `cors`",
    words={"none": None},
    mapping=Made(Section("`cors`", _CORS_KEYS), _cors),
)


@dataclass(frozen=True, slots=True)
class _Headers:
    """Names and values of answer fields; an empty value removes one."""

    def read(self, node: Node, context: Context) -> Any:
        if not isinstance(node.value, dict):
            return wrong_type(node, context, "`off` or a mapping of field names to values")
        result: dict[str, str] = {}
        for name, item in node.value.items():
            if item.value is not None and not isinstance(item.value, str):
                return wrong_type(item, context, "a field value in quotes")
            value = item.value or ""
            if name.lower() in result:
                context.report.add(
                    "duplicate-key",
                    f"`{name}` stands twice: names of fields have no case",
                    node.keys[name],
                    "keep one of the two",
                )
                return INVALID
            try:
                security_lines({name.lower(): value}, https=True)
            except ValueError as err:
                hint = "see docs/policy.md, `headers`, for what can be set"
                context.report.add("bad-header", str(err), node.keys[name], hint)
                return INVALID
            result[name.lower()] = value
        return result

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"type": ["string", "null"]}}


_UPLOAD_KEYS = {
    "types": Key(
        Many(Choice(tuple(KINDS)), can_be_empty=False),
        "kinds of files that are taken; default all known and unknown ones but svg and html",
    ),
    "max_files": Key(Integer(1, 1_000), "files of one body; default 20"),
    "pixels": Key(Integer(1, 1_000_000_000), "pixels of the largest image; default 50000000"),
}


def _uploads(found: Values, context: Context) -> Any:
    settings: dict[str, Any] = dict(found)
    if "types" in settings:
        settings["types"] = frozenset(settings["types"])
    return Uploads(**settings)


_UPLOADS = Either(
    "`off` or the keys of `uploads`",
    words={"off": None},
    mapping=Made(Section("`uploads`", _UPLOAD_KEYS), _uploads),
)


_IDEMPOTENCY_KEYS = {
    "header": Key(
        Text("a field name", lambda text: _no_star(values.token(text))),
        "the field that holds a request's key; default Idempotency-Key",
    ),
    "keep": Key(
        Quantity(DURATION, 60, 2_592_000, ("1m", "30d")),
        "how long a key counts, and its answer is kept; default 24h",
    ),
}


_IDEMPOTENCY = Either(
    "`off` or the keys of `idempotency`",
    words={"off": None},
    mapping=Made(
        Section("`idempotency`", _IDEMPOTENCY_KEYS), lambda found, _: Idempotency(**found)
    ),
)


_MODE = Choice(("block", "monitor", "off"))

LEVEL_KEYS: dict[str, Key] = {
    "public": Key(Flag(), "whether anybody may call without a credential"),
    "authenticate": Key(
        Many(Text("`api_key`, `mtls` or the name of an issuer"), can_be_empty=False),
        "ways to prove who calls: `api_key`, an issuer's name or `jwt:ISSUER`, `mtls[:TRUST]`",
    ),
    "require_mtls": Key(Flag(), "whether callers need a client certificate, whatever else proves"),
    "scopes": Key(Many(SCOPE), "scopes that the caller needs, all of them"),
    "roles": Key(Many(NAME), "roles of which the caller needs one"),
    "deny_roles": Key(Many(NAME), "roles whose holders are refused, whatever else they hold"),
    "binding": Key(
        BINDING, "what tokens must be bound to: `none`, `dpop`, `mtls` or `any`; default none"
    ),
    "dpop_nonce": Key(Flag(), "whether proofs of possession must hold a nonce of the gateway"),
    "signature": Key(SIGNATURE, "how requests must be signed as messages; default off"),
    "acr": Key(
        Many(Text("an `acr` value", values.acr), can_be_empty=False),
        "how users must have signed in: one of these `acr`",
    ),
    "max_auth_age": Key(
        duration(1, 366 * 86_400, "1s", "366d"), "how long ago users may have signed in"
    ),
    "mfa": Key(Flag(), "whether users must have signed in with more than one factor"),
    "limit": Key(LIMIT, "rate limits; default 60/minute per principal"),
    "body": Key(
        Either(
            "a size such as `256KiB`, or `none`",
            words={"none": 0},
            text=size(0, 16 * GIB, "0", "16GiB"),
        ),
        "largest request body; default 256KiB where the contract declares one",
    ),
    "codings": Key(
        Many(Choice(tuple(CODINGS))),
        "content codings that a request body may have: gzip, br, zstd; default none",
    ),
    "uploads": Key(_UPLOADS, "what files are taken; default all that are what they say they are"),
    "validate": Key(_MODE, "what happens to requests that break the contract; default block"),
    "unknown": Key(
        Choice(("refuse", "ignore")),
        "what happens to parameters and properties that the contract lacks; default refuse",
    ),
    **INSPECTION_KEYS,
    "graphql": Key(
        GRAPHQL, "for an operation that takes GraphQL: its schema, and what may be asked"
    ),
    "idempotency": Key(
        _IDEMPOTENCY, "how requests with a key run once and are answered again; default off"
    ),
    "cors": Key(_CORS, "which web origins may call; default none"),
    "headers": Key(
        Either(
            "`off` or a mapping of field names to values",
            words={"off": "off"},
            mapping=_Headers(),
        ),
        "overrides of the security headers of answers",
    ),
    **ANSWER_KEYS,
    "forward_token": Key(Flag(), "whether the upstream receives the caller's credential"),
    "identity": Key(Flag(), "whether the upstream receives a signed statement of who calls"),
    "body_on_get": Key(Flag(), "whether GET, HEAD and DELETE may have a body"),
    "unicode_path": Key(Flag(), "whether path parameters may hold characters beyond ASCII"),
}
"""Keys of every level, by name."""
