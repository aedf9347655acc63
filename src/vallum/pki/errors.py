"""How the room says no."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "mtls.crl",
    "mtls.expired",
    "mtls.leaf-is-ca",
    "mtls.malformed",
    "mtls.names",
    "mtls.not-yet",
    "mtls.revoked",
    "mtls.spiffe",
    "mtls.untrusted",
    "mtls.usage",
    "mtls.weak-key",
    "mtls.weak-signature",
]
"""Why a client's certificate was refused: for the record, never for the caller."""


class RefusedCertificate(Exception):  # noqa: N818  (a verdict on a certificate)
    """A certificate that was not accepted."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class UnusableTrust(ValueError):  # noqa: N818
    """Trust anchors or a revocation list that nothing can be judged by; says why."""
