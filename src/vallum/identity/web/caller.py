"""Who is at the other end, as the gateway vouches for it."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request


def address_of(request: Request) -> str:
    """The client's IP address.

    Only the gateway reaches the provider's socket, and it writes this field anew (B-056).
    """
    forwarded: str = request.headers.get("x-forwarded-for", "")
    return forwarded.rpartition(",")[2].strip() or "unknown"


def agent_of(request: Request) -> str:
    """What the browser calls itself, printable and at most 200 characters."""
    agent: str = request.headers.get("user-agent", "")
    return "".join(each for each in agent[:200] if each.isprintable())


def certificate_of(request: Request) -> bytes | None:
    """The client certificate (DER) that TLS verified, by RFC 9440 §2.2; None without one.

    Raises:
        ValueError: the field is no certificate: the gateway would never write it.
    """
    value: str | None = request.headers.get("client-cert")
    if value is None:
        return None
    if len(value) < 3 or value[0] != ":" or value[-1] != ":":
        raise ValueError("the Client-Cert field is no byte sequence")
    try:
        return base64.b64decode(value[1:-1], validate=True)
    except binascii.Error:
        raise ValueError("the Client-Cert field is no byte sequence") from None
