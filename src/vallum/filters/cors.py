"""Cross-origin resource sharing (BR-1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class CORS:
    """Which web origins may call, and how."""

    origins: tuple[str, ...]
    """Exact origins, `https://*.example.com` (one label), or `*` alone."""
    credentials: bool = False
    methods: tuple[str, ...] = ()
    """Empty: the methods that the contract declares for the path."""
    request_headers: tuple[str, ...] = ("authorization", "content-type", "dpop")
    expose_headers: tuple[str, ...] = (
        "dpop-nonce",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "www-authenticate",
        "x-request-id",
    )
    max_age: int = 600
    """Seconds; at most 7200 (B-284)."""
    private_network: bool = False


MOST_REQUEST_HEADERS = 64
LONGEST_MAX_AGE = 7200

# RFC 6454 §7.1 and the Fetch standard's "serialized-origin", as browsers send it: lower case, no
# default port, no path. Anything else is no origin.
_ORIGIN = re.compile(
    r"(https?)://(\*\.)?"
    r"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])"
    r"(?::([1-9][0-9]{0,4}))?",
    re.ASCII,
)
_LABEL = re.compile(rb"https?://[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class CompiledCORS:
    """A CORS policy as tables of finished field lines."""

    __slots__ = ("_anyone", "_exact", "_preflight", "_wild", "headers", "methods", "settings")

    def __init__(self, settings: CORS) -> None:
        """
        Raises:
            ValueError: the policy is unsafe, or allows nothing.
        """
        check_policy(settings)
        self.settings = settings
        self.methods = frozenset(settings.methods)
        self.headers = frozenset(name.lower().encode("ascii") for name in settings.request_headers)
        extra = b"Access-Control-Allow-Credentials: true\r\n" if settings.credentials else b""
        # Fetch, "HTTP responses": only the actual answer exposes, only the preflight allows.
        names = ", ".join(settings.expose_headers).encode("ascii")
        expose = b"Access-Control-Expose-Headers: " + names + b"\r\n" if names else b""
        allowed = ", ".join(settings.request_headers).encode("ascii")
        self._preflight = extra + (
            b"Access-Control-Allow-Headers: " + allowed + b"\r\n" if allowed else b""
        )
        self._preflight += b"Access-Control-Max-Age: %d\r\n" % settings.max_age
        self._anyone = _allow(b"*") + expose if "*" in settings.origins else b""
        exact = [origin.encode("ascii") for origin in settings.origins if "*" not in origin]
        self._exact = {origin: _allow(origin) + extra + expose for origin in exact}
        self._wild = {
            origin.encode("ascii"): extra + expose
            for origin in settings.origins
            if "//*." in origin
        }

    def lines_for(self, origin: bytes) -> bytes:
        """The field lines of an answer to `origin`; empty when it is not allowed."""
        lines = self._exact.get(origin)
        if lines is not None:
            return lines
        return self._anyone or (self._wild and self._wild_lines(origin)) or b""

    def _wild_lines(self, origin: bytes) -> bytes:
        """Lines for a sub-domain by a `*.` entry: exactly one label in place of the star."""
        first, dot, rest = origin.partition(b".")
        scheme, separator, _ = first.partition(b"//")
        lines = self._wild.get(scheme + separator + b"*" + dot + rest)
        if lines is None or _LABEL.fullmatch(first) is None:
            return b""
        return _allow(origin) + lines

    def preflight_lines(self, origin: bytes, method: bytes, *, private_network: bool) -> bytes:
        """The field lines that answer a preflight of an allowed origin."""
        allow = _allow(b"*" if self._anyone else origin)
        lines = allow + b"Access-Control-Allow-Methods: " + method + b"\r\n" + self._preflight
        if private_network and self.settings.private_network:
            lines += b"Access-Control-Allow-Private-Network: true\r\n"
        return lines


def _allow(origin: bytes) -> bytes:
    return b"Access-Control-Allow-Origin: " + origin + b"\r\n"


def check_policy(settings: CORS) -> None:
    """Refuse what no browser would honour, or what opens more than it says (B-280 … B-284).

    Raises:
        ValueError: says what to change.
    """
    if not settings.origins:
        raise ValueError("`origins` is empty: name the origins that may call, or remove `cors`")
    if "*" in settings.origins and len(settings.origins) > 1:
        raise ValueError("`*` in `origins` allows every origin; remove the others, or `*`")
    for origin in settings.origins:
        if origin != "*":
            _check_origin(origin)
        # Fetch, "CORS protocol and credentials": `*` with credentials is an error. A sub-domain
        # may be run by anyone, or broken into, so a wild card with credentials is one for us.
        if settings.credentials and "*" in origin:
            raise ValueError(f"`{origin}` cannot be used with `credentials`: name each origin")
    if not 0 <= settings.max_age <= LONGEST_MAX_AGE:
        raise ValueError(f"`max_age` is {settings.max_age}; use 0 to {LONGEST_MAX_AGE} seconds")
    for name in (*settings.methods, *settings.request_headers, *settings.expose_headers):
        if name == "*" or _TOKEN.fullmatch(name) is None:
            raise ValueError(f"`{name}` is no method or field name; name each one")
    if len(settings.request_headers) > MOST_REQUEST_HEADERS:
        raise ValueError(f"`request_headers` names more than {MOST_REQUEST_HEADERS}")


def _check_origin(origin: str) -> None:
    if origin == "null":
        raise ValueError("`null` is no origin: any sandboxed page can call itself that; remove it")
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise ValueError(
            f"`{origin}` is no origin: write scheme, host and port as browsers send them, in lower"
            " case and without a path, such as `https://shop.example`"
        )
    scheme, wild, host, port = match.groups()
    if wild and ("." not in host or host.startswith("[")):
        raise ValueError(f"`{origin}` would allow a whole top-level domain; name each origin")
    if port is not None and (port == _DEFAULT_PORTS[scheme] or int(port) > 65_535):
        raise ValueError(f"`{origin}` has a port that no browser sends; remove it")


@lru_cache(maxsize=1024)
def compile_cors(settings: CORS) -> CompiledCORS:
    """The compiled form of `settings`; equal policies share one.

    Raises:
        ValueError: see `check_policy`.
    """
    return CompiledCORS(settings)


class CrossOrigin:
    """Tells browsers which origins may read an answer. Never refuses an actual request (B-279)."""

    name: ClassVar[str] = "cors"
    phase: ClassVar[Phase] = Phase.ADMIT

    def attach(self, operation: Operation, settings: CORS | None) -> Attachment | None:
        """Compile the policy; None where there is none.

        Raises:
            ValueError: see `check_policy`.
        """
        if settings is None:
            return None
        lines_for = compile_cors(settings).lines_for

        def check(exchange: Exchange) -> None:
            origin = exchange.request.fields.get(b"origin")
            if origin is not None:
                exchange.reply_fields += lines_for(origin)

        return Attachment(
            summary=", ".join(settings.origins),
            check=check,
            explain=lambda exchange: _explain(exchange, settings),
            # Fetch, "CORS protocol and HTTP caches": also on answers to requests without Origin,
            # or a cache would serve one origin's answer to another (B-283).
            reply_fields=b"Vary: Origin\r\n",
        )


def _explain(exchange: Exchange, settings: CORS) -> str:
    origin = exchange.request.fields.get(b"origin")
    if origin is None:
        return "no Origin: not a cross-origin call of a browser"
    allowed = compile_cors(settings).lines_for(origin)
    return "the origin may read the answer" if allowed else "browsers will withhold the answer"


class PreflightAnswer(NamedTuple):
    """What the gateway answers to a preflight, without asking the upstream."""

    status: int
    fields: bytes
    """Complete field lines."""


def is_preflight(request: Request) -> bool:
    """Whether `request` is a CORS-preflight request (Fetch, "CORS-preflight request")."""
    return (
        request.method == "OPTIONS"
        and b"origin" in request.fields
        and b"access-control-request-method" in request.fields
    )


def preflight(policies_by_method: Mapping[str, CORS | None], request: Request) -> PreflightAnswer:
    """Answer a preflight by policy alone (B-284).

    Args:
        policies_by_method: the policy of each operation at the request's path.
        request: one that `is_preflight`.

    Raises:
        Denied: `cors-forbidden`. An unknown origin learns nothing of the methods there are: the
            answer is the same for a method that is not there and for an origin that may not call.
    """
    fields = request.fields
    origins = fields.all(b"origin")
    methods = fields.all(b"access-control-request-method")
    if len(origins) != 1 or len(methods) != 1:
        raise Denied("cors-forbidden", "cors.ambiguous")
    # Methods are case-sensitive (RFC 9110 §9.1): `patch` is not PATCH, and browsers mean it.
    method = methods[0].decode("latin-1")
    settings = policies_by_method.get(method)
    if settings is None and method == "HEAD":
        settings = policies_by_method.get("GET")
    if settings is None:
        raise Denied("cors-forbidden", "cors.no-policy")
    policy = compile_cors(settings)
    if not policy.lines_for(origins[0]):
        raise Denied("cors-forbidden", "cors.origin")
    if policy.methods and method not in policy.methods:
        raise Denied("cors-forbidden", "cors.method")
    _check_request_headers(policy, fields.all(b"access-control-request-headers"))
    private = fields.get(b"access-control-request-private-network") == b"true"
    return PreflightAnswer(
        204, _VARY + policy.preflight_lines(origins[0], methods[0], private_network=private)
    )


_VARY = (
    b"Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers,"
    b" Access-Control-Request-Private-Network\r\n"
)


def _check_request_headers(policy: CompiledCORS, values: tuple[bytes, ...]) -> None:
    value = b",".join(values)
    if value.count(b",") >= MOST_REQUEST_HEADERS:
        raise Denied("cors-forbidden", "cors.too-many-headers")
    for element in value.split(b","):
        name = element.strip(b" \t").lower()
        # RFC 9110 §5.6.1: empty list elements are ignored.
        if name and name not in policy.headers:
            raise Denied("cors-forbidden", "cors.header")
