"""What each API says about itself to clients that want a token for it (RFC 9728).

Served at `/.well-known/oauth-protected-resource` and the API's base path, by an application in the
worker's own process: it goes through parsing, routing, limits and records like everything else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from vallum.config.model import API, Controls, Issuer
from vallum.core.fields import Fields
from vallum.core.ports import Clock, LimitStore
from vallum.core.problems import Denied
from vallum.core.request import Target
from vallum.engine.filter import AnyFilter
from vallum.filters.cors import CORS, CrossOrigin
from vallum.filters.errors import SafeErrors
from vallum.filters.headers import SecurityHeaders
from vallum.filters.limit import FloodLimits, Limit
from vallum.filters.validate import ValidateParameters
from vallum.gateway.asgi_origin import Message
from vallum.openapi.model import Operation
from vallum.tokens.dpop import ALGORITHMS

PREFIX: Final = "/.well-known/oauth-protected-resource"
"""RFC 9728 §3: inserted between the host and the path of the resource."""

ORIGIN_NAME: Final = ":metadata"
"""Its name among the origins; no API can have it."""


WITHHELD: Final = frozenset({b"authorization", b"dpop", b"cookie"})
"""What the application does not need to see."""


def takers(api: API, issuers: Mapping[str, Issuer]) -> tuple[Issuer, ...]:
    """The issuers whose tokens an API takes for one of its operations."""
    names = {name for each in api.controls.values() for name in each.authenticate}
    return tuple(issuer for name, issuer in issuers.items() if f"jwt:{name}" in names)


def metadata_path(api: API) -> str:
    """Where an API describes itself."""
    return PREFIX + api.base_path


def describe(api: API, origin: str, issuers: tuple[Issuer, ...]) -> bytes:
    """The description of an API as it is known under one origin.

    Args:
        api: of the policy.
        origin: scheme and authority by which the client calls it. RFC 9728 §3.3: the client
            compares `resource` with the URL that it used, so it is never another (B-188).
        issuers: those whose tokens it takes.
    """
    takers = [each for each in api.controls.values() if each.authenticate]
    scopes = sorted(frozenset[str]().union(*(each.asked_scopes for each in takers)))
    bindings = {each.binding for each in takers} | {each.binding for each in issuers}
    document: dict[str, Any] = {
        "resource": origin + api.base_path,
        "authorization_servers": [issuer.issuer for issuer in issuers],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
    }
    if scopes:
        document["scopes_supported"] = scopes
    if bindings == {"dpop"}:
        document["dpop_bound_access_tokens_required"] = True
    if "mtls" in bindings:
        document["tls_client_certificate_bound_access_tokens"] = True
    return orjson.dumps(document)


def metadata_operation(path: str) -> tuple[Operation, Controls]:
    """The operation that serves descriptions at `path`, and what protects it."""

    def check(target: Target, path: Mapping[str, str], fields: Fields) -> None:
        if target.query:
            raise Denied("contract-violation", "contract.query")

    operation = Operation(
        id="protectedResourceMetadata", method="GET", path=path, check_parameters=check
    )
    limit = Limit(units=600, seconds=60.0, per="address", burst=600)
    return operation, Controls(public=True, limits=(limit,), body=0, identity=False)


def metadata_filters(
    controls: Controls, limits: LimitStore, clock: Clock, *, https: bool
) -> list[tuple[AnyFilter, object]]:
    """The controls of that operation: any web page may read it, nobody too often."""
    return [
        (CrossOrigin(), CORS(origins=("*",))),
        (FloodLimits(limits, clock, api=ORIGIN_NAME), controls.limits),
        (ValidateParameters(), controls),
        (SafeErrors(), controls),
        (SecurityHeaders(https=https), controls),
    ]


class ResourceMetadata:
    """The application: documents by authority and path."""

    def __init__(self) -> None:
        self._documents: dict[tuple[bytes, str], bytes] = {}

    def add(self, host: str, path: str, document: bytes) -> None:
        """Serve a document; `host` is a canonical authority."""
        self._documents[host.encode("ascii"), path] = document

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        # The gateway writes this field itself; what clients send under its name never passes.
        host = dict(scope["headers"]).get(b"x-forwarded-host", b"")
        document = self._documents[host, scope["path"]]
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(document)),
            # RFC 9728 §7.10: how long it may be believed.
            (b"cache-control", b"max-age=3600"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": document})
