"""Client certificates in TLS: asking for them, and changing whom to trust while serving.

OpenSSL proves that a client holds the key of its certificate and builds a first path; everything
else is judged in `pki`, per connection and again after each reload (B-204).

- A context cannot forget an authority. So the listener's context hands each handshake over to the
  newest one, in the callback that also learns which name the client asked for.
- Sessions are not resumed by tickets: a ticket holds the certificate as it was judged then, and no
  chain. Sessions that OpenSSL keeps in memory hold both, and are judged like new ones (B-205).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, Final

from vallum.config.keys_trust import ClientCertificates

_MAX_CHAIN: Final = 16


class ServerSide(ssl.SSLObject):
    """A connection that remembers which name the client asked for."""

    asked_name: str | None = None
    """The server name of the handshake (RFC 6066 §3), or None."""


def ask_for_certificates(context: ssl.SSLContext, settings: ClientCertificates) -> None:
    """Make a server's context ask clients for certificates."""
    context.verify_mode = ssl.CERT_REQUIRED if settings.require else ssl.CERT_OPTIONAL
    # PARTIAL_CHAIN: intermediates and single certificates are anchors where the policy says so.
    context.verify_flags = (
        ssl.VerifyFlags.VERIFY_DEFAULT
        | ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
        | ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    )
    context.load_verify_locations(cadata=settings.anchors)
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0


class Handover:
    """The listener's context, which hands handshakes over to the newest one."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self._newest = context
        context.sslobject_class = ServerSide
        context.sni_callback = self._choose

    def replace(self, newest: ssl.SSLContext) -> None:
        """Use another context from the next handshake on."""
        newest.sslobject_class = ServerSide
        self._newest = newest

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> None:
        if isinstance(connection, ServerSide):
            connection.asked_name = name
        if connection.context is not self._newest:
            connection.context = self._newest


def shown_by(connection: ssl.SSLObject) -> tuple[bytes | None, list[bytes]]:
    """The certificate (DER) that the client proved to hold, and what it sent beside it."""
    leaf = connection.getpeercert(binary_form=True)
    if leaf is None:
        return None, []
    return leaf, [each for each in _chain(connection)[:_MAX_CHAIN] if each != leaf]


def _chain(connection: ssl.SSLObject) -> list[bytes]:
    public: Callable[[], list[bytes]] | None
    public = getattr(connection, "get_unverified_chain", None)  # From Python 3.13 on.
    if public is not None:
        return list(public())
    inner: Any = connection._sslobj  # type: ignore[attr-defined]  # What 3.13 made public.
    return [each.public_bytes(_DER) for each in inner.get_unverified_chain() or ()]


_DER: Final = 2
"""OpenSSL's number for DER in the interface before Python 3.13."""
