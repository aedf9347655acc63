"""The `WWW-Authenticate` lines that say which token is asked for (RFC 6750 §3, RFC 9449 §7.1)."""

from __future__ import annotations

from typing import Final

from vallum.core.request import Request
from vallum.tokens.dpop import ALGORITHMS

BEARER: Final = "Bearer"
DPOP: Final = "DPoP"

_ORIGIN: Final = b"{origin}"
"""Stands for scheme and authority of the request, until a line goes out."""

_ALGORITHMS: Final = f', algs="{" ".join(ALGORITHMS)}"'


def challenge(scheme: str, *, metadata: str = "", error: str = "", more: str = "") -> bytes:
    """A complete field line, for `addressed`.

    Args:
        scheme: `Bearer` or `DPoP`.
        metadata: where the API describes itself (RFC 9728 §5.1): a URL, or an absolute path.
        error: an error code; empty where no credential was shown (RFC 6750 §3.1).
        more: further parameters, with a comma before each.
    """
    parameters = f', error="{error}"' if error else ""
    parameters += more
    if scheme == DPOP:
        parameters += _ALGORITHMS
    if metadata:
        origin = _ORIGIN.decode("ascii") if metadata.startswith("/") else ""
        parameters += f', resource_metadata="{origin}{metadata}"'
    return f'www-authenticate: {scheme} realm="vallum"{parameters}\r\n'.encode("ascii")


def addressed(lines: bytes, request: Request) -> bytes:
    """The lines for one request. Its authority is one of ours, or it would not have come here."""
    if _ORIGIN not in lines:
        return lines
    return lines.replace(_ORIGIN, f"{request.scheme}://{request.host}".encode("ascii"))
