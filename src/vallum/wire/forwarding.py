"""Which request fields may reach an upstream (GW-5; hostile cases C)."""

from __future__ import annotations

import re

from vallum.core.fields import FieldLine
from vallum.wire.http1 import malformed
from vallum.wire.ranges import RANGE_FIELDS, is_modest

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
"""RFC 9110 §7.6.1, and the ones that practice adds."""

_REGENERATED = frozenset(
    {b"host", b"content-length", b"expect", b"traceparent", b"tracestate", b"x-request-id", b"via"}
)

_CLIENT_CLAIMS = frozenset(
    {
        b"forwarded",
        b"x-real-ip",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"fastly-client-ip",
        b"fly-client-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"client-ip",
        b"http-client-ip",
        b"proxy-client-ip",
        b"cf-connecting-ipv6",
        b"do-connecting-ip",
        b"x-nf-client-connection-ip",
        b"x-originating-ip",
        b"x-remote-ip",
        b"x-remote-addr",
        b"front-end-https",
        b"x-scheme",
        b"x-url-scheme",
        b"x-original-url",
        b"x-original-uri",
        b"x-original-host",
        b"x-original-forwarded-for",
        b"x-rewrite-url",
        b"x-host",
        b"x-host-override",
        b"x-http-host-override",
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-arr-clientcert",
        b"x-certificate",
        b"x-clientcert",
        b"x-client-dn",
        b"x-client-verify",
        b"x-user",
        b"x-user-id",
        b"x-user-email",
        b"x-user-name",
        b"x-user-role",
        b"x-user-roles",
        b"x-username",
        b"x-email",
        b"x-role",
        b"x-roles",
        b"x-groups",
        b"x-scopes",
        b"x-tenant-id",
        b"x-userinfo",
        b"x-jwt-assertion",
        b"remote-user",
        b"remote-name",
        b"remote-email",
        b"remote-groups",
        b"x-remote-user",
        b"x-remote-groups",
        b"x-credential-identifier",
        b"x-anonymous-consumer",
        b"ratelimit",
        b"ratelimit-policy",
        # SECURITY: programs behind CGI read it as HTTP_PROXY, where their own requests go.
        b"proxy",
    }
)
_CLAIM_PREFIXES = (
    b"x-forward",
    b"x-authenticated",
    b"x-consumer",
    b"x-auth-request",
    b"x-ssl-",
    b"client-cert",
    b"x-client-cert",
    b"x-client-verif",
    b"x-mtls-",
    b"x-peer-cert",
    b"x-spiffe-",
    b"x-svid",
    b"tls-client",
    b"ssl-client",
    b"x-tls-client",
    b"x-amzn-",
    b"x-goog-authenticated",
    b"x-goog-iap-",
    b"x-ms-client-principal",
    b"x-ms-token-",
    b"x-webauth-",
    b"x-authentik-",
    b"x-pomerium-",
    b"x-appengine-",
    b"x-azure-",
    b"x-middleware-",
    b"cf-access-",
    b"oidc-",
    b"tailscale-user-",
    b"wl-proxy-",
    b"x-envoy-",
    b"x-vallum",
    b"vallum-",
    b"ratelimit-",
    b"x-ratelimit",
)

_END_TO_END = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"cookie",
        b"date",
        b"dpop",
        b"expect",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-unmodified-since",
        b"origin",
        b"range",
        b"referer",
        b"signature",
        b"signature-input",
        b"content-digest",
        b"user-agent",
        b"x-api-key",
    }
)


# SECURITY: what is neither letter nor digit becomes `_` where servers make variables of CGI from
# names (RFC 3875 §4.1.18), so that `x.user+id` would be `HTTP_X_USER_ID`. Of the underscore itself
# `http1` judges.
_FOLDED = re.compile(rb"[^a-z0-9_-]")


def is_claim(name: bytes) -> bool:
    """Whether a field states something that only the gateway may state upstream (B-057, B-068)."""
    return name in _CLIENT_CLAIMS or name.startswith(_CLAIM_PREFIXES)


def is_free(name: bytes) -> bool:
    """Whether a contract may give a field of this name a meaning of its own."""
    return not (name in HOP_BY_HOP or name in _REGENERATED or name in _END_TO_END or is_claim(name))


def _excessive_ranges(items: tuple[FieldLine, ...]) -> frozenset[bytes]:
    """The names of range fields that the upstream should not see: it serves the whole (B-125)."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in items:
        if name in RANGE_FIELDS:
            values.setdefault(name, []).append(value)
    return frozenset(name for name, lines in values.items() if not is_modest(lines))


def forwardable(
    items: tuple[FieldLine, ...],
    options: frozenset[bytes],
    withheld: frozenset[bytes],
    declared: frozenset[bytes] = frozenset(),
) -> list[FieldLine]:
    """The field lines that go to the upstream as they are.

    Args:
        items: the request's field lines.
        options: its Connection options.
        withheld: further names to withhold, such as those of credentials.
        declared: names that the contract gives a meaning. Whoever has them removed after they
            were judged gets another request through than the one that was.

    Raises:
        Denied: a Connection option names a field that is not the connection's to remove (B-060).
    """
    extra = options - HOP_BY_HOP - {b"close"}
    for option in extra:
        if (
            option in _END_TO_END
            or option in _REGENERATED
            or option in declared
            or is_claim(option)
        ):
            raise malformed("connection-names-protected-field")
    extra |= _excessive_ranges(items)
    return [
        (name, value)
        for name, value in items
        if name not in HOP_BY_HOP
        and name not in _REGENERATED
        and name not in withheld
        and name not in extra
        and not is_claim(name)
        and (name in declared or _FOLDED.search(name) is None)
    ]
