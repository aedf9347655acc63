"""From a request target to the operation that answers it; the same for traffic and `explain`."""

from __future__ import annotations

from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.engine.pipeline import Route
from vallum.engine.router import Router
from vallum.gateway.runtime import Runtime
from vallum.wire.authority import canonical_host
from vallum.wire.http1 import check_host
from vallum.wire.target import canonical_target, split_target


def locate(runtime: Runtime, head: Request, raw_target: bytes) -> tuple[Request, Router]:
    """The request with its canonical target, and the router of its authority.

    Args:
        runtime: the policy.
        head: the request as far as its fields tell; its target is not read.
        raw_target: the request target as it was received.

    Raises:
        Denied: the target is not canonical, names an authority that is not served, or comes from
            this gateway itself.
    """
    method, _, fields, scheme, host, client = head
    if method == "CONNECT":
        raise Denied("method-not-allowed", "route.connect", close=True)
    if raw_target == b"*" and method == "OPTIONS":
        raise Denied("not-found", "route.asterisk")
    if b"via" in fields and runtime.pseudonym in b",".join(fields.all(b"via")):
        raise Denied("loop-detected", "route.loop", close=True)  # B-067
    raw = split_target(raw_target)
    if raw.authority is not None:
        # RFC 9112 §3.2.2: the authority of an absolute-form target replaces Host.
        host = canonical_host(check_host(raw.authority), scheme)
        if raw.scheme != scheme:
            # RFC 9110 §7.4: a request for an https resource is refused on an unsecured connection.
            raise Denied("misdirected-request", "route.other-scheme", close=True)
    router = runtime.hosts.get(host)
    if router is None:
        raise Denied("misdirected-request", "route.unknown-host", close=True)
    target = canonical_target(raw, runtime.caps.query_parameters)
    return Request(method, target, fields, scheme, host, client), router


def match(router: Router, request: Request) -> tuple[Route, dict[str, str]]:
    """The operation of a located request, and its path parameters.

    Raises:
        Denied: there is none, or it does not take such a path.
    """
    target = request.target
    route, parameters = router.match(request.method, target.path, target.segments)
    if not target.path.isascii() and not route.unicode_path:
        raise Denied("invalid-target", "target.path-not-ascii")  # B-085
    return route, parameters
