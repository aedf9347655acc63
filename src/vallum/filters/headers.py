"""Security headers, and what an upstream's answer must not tell (BR-3, B-293)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import ClassVar, Literal, Protocol

from vallum.core.fields import FieldLine
from vallum.core.problems import Denied
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation

DEFAULTS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
"""What every answer of an API carries: an API has no pages, so a page may do nothing with it."""

PAGE_POLICY = "content-security-policy"
"""The one of them that an answer of the own provider, which has pages, sets itself."""

HSTS = "strict-transport-security"
HSTS_VALUE = "max-age=63072000; includeSubDomains"

NO_STORE: FieldLine = (b"cache-control", b"no-store")
"""For problems, and for answers whose upstream said nothing about caching."""

_TELLTALE = (
    b"server x-powered-by x-powered-cms x-powered-by-plesk x-aspnet-version x-aspnetmvc-version"
    b" x-generator x-drupal-cache x-drupal-dynamic-cache x-runtime x-backend"
    b" x-backend-server x-server x-server-name x-served-by x-hostname x-host x-upstream"
    b" x-debug-token x-debug-token-link x-sourcemap sourcemap x-envoy-upstream-service-time"
    b" x-envoy-decorator-operation x-application-context x-real-ip x-forwarded-for"
    b" x-forwarded-host x-original-url x-rewrite-url x-php-version liferay-portal"
    b" x-cf-powered-by x-owa-version x-litespeed-cache x-turbo-charged-by x-jenkins"
    b" x-stack-trace x-exception x-error-detail server-timing public-key-pins"
)
_ELSEWHERE = b"alt-svc refresh"
"""Ways past this gateway (RFC 7838), and past the judgement of `Location`."""
_CROSS_ORIGIN = (
    b"access-control-allow-origin access-control-allow-credentials access-control-allow-methods"
    b" access-control-allow-headers access-control-allow-private-network"
    b" access-control-expose-headers access-control-max-age"
)
_OURS = b"ratelimit ratelimit-policy x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset"

REMOVED_FROM_ANSWERS: frozenset[bytes] = frozenset(
    b" ".join((_TELLTALE, _ELSEWHERE, _CROSS_ORIGIN, _OURS)).split()
    + [name.encode() for name in (*DEFAULTS, HSTS)]
)
"""Fields (lower case) of an upstream's answer that never go on: they tell about the inside, lead
elsewhere, or the gateway sets its own. Whatever else begins with `access-control-` goes with them
(B-285)."""

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_NOT_FOR_OVERRIDES = frozenset(
    (
        *("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-encoding", "content-length", "content-type", "date", "location"),
        *("set-cookie", "vary", "www-authenticate"),
    )
)


class HeaderSettings(Protocol):
    """What this control reads of an operation's policy."""

    @property
    def headers(self) -> Mapping[str, str] | Literal["off"]: ...


def security_lines(overrides: Mapping[str, str], *, https: bool) -> bytes:
    """The security headers as field lines.

    Args:
        overrides: values by lower-case name in place of the defaults; an empty one removes it.
        https: whether clients come over TLS. RFC 6797 §7.2: an HSTS host must not send the field
            over non-secure transport.

    Raises:
        ValueError: an override is no field line, or names one that is not the policy's to set.
    """
    headers = dict(DEFAULTS)
    if https:
        headers[HSTS] = HSTS_VALUE
    for name, value in overrides.items():
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"`{name}` is no field name: write it in lower case")
        if name in _NOT_FOR_OVERRIDES or name.startswith("access-control-"):
            raise ValueError(f"`{name}` cannot be set here")
        if _VALUE.fullmatch(value) is None:
            raise ValueError(f"the value of `{name}` has characters that no field may hold")
        if name == HSTS and not https:
            continue
        headers[name] = value.strip()
    return "".join(
        f"{_written(name)}: {value}\r\n" for name, value in headers.items() if value
    ).encode("ascii")


def _written(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


_DEFAULT_POLICY = f"{_written(PAGE_POLICY)}: {DEFAULTS[PAGE_POLICY]}\r\n".encode("ascii")


def with_page_policy(lines: bytes, policy: bytes) -> bytes:
    """Security headers whose content security policy is that of a page."""
    return lines.replace(_DEFAULT_POLICY, b"content-security-policy: %b\r\n" % policy)


class SecurityHeaders:
    """Adds the security headers to every answer of an operation."""

    name: ClassVar[str] = "headers"
    phase: ClassVar[Phase] = Phase.SCREEN

    def __init__(self, *, https: bool) -> None:
        """
        Args:
            https: whether the listener speaks TLS.
        """
        self._https = https

    def attach(self, operation: Operation, settings: HeaderSettings) -> Attachment | None:
        """Compile the operation's headers; None where the policy switches them off.

        Raises:
            ValueError: see `security_lines`.
        """
        if settings.headers == "off":
            return None
        changed = len(settings.headers)
        return Attachment(
            summary=f"{changed} changed" if changed else "default",
            reply_fields=security_lines(settings.headers, https=self._https),
        )


# RFC 6265 §4.1.1, without its quotes: name = token, value and attributes without controls.
_COOKIE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+=[^\x00-\x1f\x7f]*")
_SAME_SITE = frozenset({b"strict", b"lax", b"none"})


def harden_set_cookie(value: bytes) -> bytes:
    """A Set-Cookie value with Secure, HttpOnly and SameSite where the upstream left them out.

    Raises:
        Denied: `upstream-failed`; it is no cookie.
    """
    if _COOKIE.fullmatch(value) is None:
        raise Denied("upstream-failed", "answer.set-cookie")
    attributes: dict[bytes, bytes] = {}
    for attribute in value.split(b";")[1:]:
        name, _, setting = attribute.partition(b"=")
        attributes[name.strip().lower()] = setting.strip().lower()
    if b"secure" not in attributes:
        value += b"; Secure"
    if b"httponly" not in attributes:
        value += b"; HttpOnly"
    # RFC 6265bis §5.6: of several attributes of one name the last counts.
    if attributes.get(b"samesite") not in _SAME_SITE:
        value += b"; SameSite=Lax"
    return value


_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?(.*)", re.DOTALL)
_VISIBLE = re.compile(rb"[\x21-\x5b\x5d-\x7e\x80-\xff]+")
# RFC 3986 §3.2 without user and escapes: browsers undo those in hosts, and map other letters to
# ASCII (WHATWG URL, "host parsing"), so that what is read here would not be where they go.
_AUTHORITY = re.compile(r"(?:[a-z0-9._~!$&'()*+,;=-]+|\[[0-9a-f:.]+\])(?::[0-9]*)?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""What ends a host that browsers read as an address (WHATWG URL, "ends in a number")."""
_TRANSLATED = tuple(
    map(ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))
)
"""RFC 4291 §2.5.5.1, 2765, 6052, 8215, 3056: where an IPv6 address is an IPv4 address, which may be
of the inside network. Nobody publishes an address so."""
_INTERNAL = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".corp")


def screen_location(value: bytes, upstream_authority: str, public_origin: str) -> bytes | None:
    """A Location value as a client may see it, or None when it must not pass (B-293).

    Args:
        value: what the upstream sent.
        upstream_authority: `host:port` of the upstream; redirects to it come to the gateway.
        public_origin: `scheme://authority` under which the client reached the gateway.

    Returns:
        References within the API unchanged, those to the upstream's own origin rewritten, those to
        other public https or http hosts unchanged. None for other schemes, credentials, hosts of
        the inside network, and for what two readers could read differently.
    """
    # A backslash is a slash to browsers (WHATWG URL) and not to RFC 3986; controls are dropped.
    if _VISIBLE.fullmatch(value) is None:
        return None
    text = value.decode("latin-1")
    if text.startswith("//"):
        text = public_origin.partition("//")[0] + text
    match = _URL.fullmatch(text)
    if match is None:
        return value
    scheme, authority, rest = match.group(1).lower(), match.group(2), match.group(3)
    if scheme not in ("http", "https") or not authority:
        return None
    if _AUTHORITY.fullmatch(authority.lower()) is None:
        return None
    named = _without_default_port(authority.lower(), scheme)
    upstream_scheme = "https" if upstream_authority.endswith(":443") else "http"
    if named == _without_default_port(upstream_authority.lower(), upstream_scheme):
        return f"{public_origin}{rest or '/'}".encode("latin-1")
    if f"{scheme}://{named}" == public_origin:
        return value
    return None if _is_internal(named) else value


def _without_default_port(authority: str, scheme: str) -> str:
    return authority.removesuffix(":443" if scheme == "https" else ":80")


def _is_internal(authority: str) -> bool:
    """Whether an authority names a host that only the inside network can reach."""
    host = authority.rpartition(":")[0] if re.search(r":[0-9]*$", authority) else authority
    host = host.rstrip(".")
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    try:
        address = ip_address(host)
        return not address.is_global or any(address in each for each in _TRANSLATED)
    except ValueError:
        pass
    # A name of one label is the inside's, and so is a number that browsers read as an address.
    last = host.rpartition(".")[2]
    return "." not in host or host.endswith(_INTERNAL) or _NUMBER.fullmatch(last) is not None
