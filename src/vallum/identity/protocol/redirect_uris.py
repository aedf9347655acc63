"""Where codes may be sent: what can be registered, and what a request may name."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from vallum.identity.storage.clients import Client, ClientKind

MOST_CHARACTERS: Final = 2000

_LOOPBACK: Final = frozenset({"127.0.0.1", "[::1]"})
_HOST: Final = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")
# Unreserved and reserved characters and escapes (RFC 3986 §2), without `#`: no fragment.
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()+,;=%-]+")
# RFC 8252 §7.1: a private-use scheme is a domain name in reverse order.
_REVERSE_DOMAIN: Final = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")


class BadRedirectURI(ValueError):  # noqa: N818  (a verdict on a URI)
    """A URI that no client can register; the message says why, without the URI."""


def check_redirect_uri(uri: str, kind: ClientKind) -> None:
    """Judge a redirect URI that somebody wants to register (B-154, B-155, B-156).

    Raises:
        BadRedirectURI: codes must not be sent there.
    """
    # SECURITY: `*` is not in the alphabet, so nothing looks like a pattern.
    if len(uri) > MOST_CHARACTERS or _CHARACTERS.fullmatch(uri) is None:
        raise BadRedirectURI("it is too long or has characters that no URI has, or a fragment")
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise BadRedirectURI("it is no URI") from None
    if any(segment in (".", "..") for segment in _segments(parts.path)):
        raise BadRedirectURI("it has dot segments")
    if parts.scheme in ("http", "https"):
        _check_web(parts, kind)
    elif kind != "native" or _REVERSE_DOMAIN.fullmatch(parts.scheme) is None:
        raise BadRedirectURI(
            "it must be `https`; native applications may use a scheme of their own that is a "
            "domain name in reverse order"
        )
    elif not uri.startswith(f"{parts.scheme}:/"):
        raise BadRedirectURI("its scheme must be in lower case, and a path must follow")


def _check_web(parts: SplitResult, kind: ClientKind) -> None:
    host, _, port = parts.netloc.rpartition(":") if _has_port(parts) else (parts.netloc, "", "")
    if _HOST.fullmatch(host) is None:
        raise BadRedirectURI("its host must be a plain name in lower case, without a user")
    if _has_port(parts) and (_PORT.fullmatch(port) is None or int(port) > 65_535):
        raise BadRedirectURI("its port is none")
    # RFC 9700 §2.6: no `http`, except to the loopback interface of native applications
    # (RFC 8252 §7.3), which §8.3 wants as a literal: `localhost` can be made to mean another host.
    if parts.scheme == "http" and not (kind == "native" and host in _LOOPBACK):
        raise BadRedirectURI(
            "it must be `https`; native applications may use `http://127.0.0.1` and `http://[::1]`"
        )


def _has_port(parts: SplitResult) -> bool:
    return ":" in parts.netloc.rpartition("]")[2]


def _segments(path: str) -> list[str]:
    return re.split(r"/|%2f|%5c", path.lower().replace("%2e", "."))


def matches(client: Client, uri: str) -> bool:
    """Whether a request of `client` may name `uri`: exactly as registered (RFC 9700 §2.1).

    The one exception is the port of a native application's loopback URI (RFC 8252 §7.3).
    """
    if uri in client.redirect_uris:
        return True
    if client.kind != "native":
        return False
    wanted = _without_port(uri)
    return wanted is not None and any(
        _without_port(registered) == wanted for registered in client.redirect_uris
    )


def _without_port(uri: str) -> tuple[str, str] | None:
    """The host and all that follows the port, of a literal loopback URI; None for others."""
    for host in _LOOPBACK:
        start = f"http://{host}"
        if not uri.startswith(start):
            continue
        authority, slash, path = uri[len(start) :].partition("/")
        port = authority.removeprefix(":")
        if authority == "" or (
            authority != port and _PORT.fullmatch(port) is not None and int(port) <= 65_535
        ):
            return host, slash + path
    return None
