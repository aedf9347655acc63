"""Workloads that are known by their certificates (AN-7; RFC 8705 §2, X509-SVID).

The gateway has judged the certificate when the connection was made: TLS proved the key, and
`client.trusts` names those whose authorities vouch for it. Here a trust and one attribute become a
workload.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.filters.require_mtls import CHALLENGE
from vallum.pki.errors import RefusedCertificate
from vallum.pki.leaf import read_certificate
from vallum.pki.names import ATTRIBUTES, Attribute, names_of

MAX_CACHED: Final = 4096
"""Certificates whose workloads are remembered."""


class KnownWorkload(Protocol):
    """What this control reads of a workload of the policy."""

    @property
    def name(self) -> str: ...
    @property
    def trust(self) -> str: ...
    @property
    def attribute(self) -> Attribute: ...
    @property
    def value(self) -> str: ...
    @property
    def scopes(self) -> frozenset[str]: ...
    @property
    def roles(self) -> frozenset[str]: ...


class MTLSAuthenticator:
    """Accepts the workloads of certain trusts, and no others (B-203)."""

    field: Final = b""
    challenge: Final = CHALLENGE

    def __init__(self, trusts: Sequence[str], workloads: Iterable[KnownWorkload]) -> None:
        """
        Args:
            trusts: those of the operation.
            workloads: of the policy; those of other trusts mean nothing here.

        Raises:
            ValueError: nobody could ever be let in.
        """
        self._trusts = frozenset(trusts)
        self._workloads = {
            (each.trust, each.attribute, each.value): each
            for each in workloads
            if each.trust in self._trusts
        }
        if not self._workloads:
            raise ValueError("name at least one trust and a workload of it")
        self.name = " or ".join(f"mtls:{trust}" for trust in trusts)
        self._known: dict[tuple[bytes, tuple[str, ...]], Principal] = {}

    def authenticate(self, request: Request) -> Principal | None:
        """Judge the connection's certificate; see `Authenticator`."""
        client = request.client
        if client.certificate is None or self._trusts.isdisjoint(client.trusts):
            return None
        key = (client.certificate, client.trusts)
        found = self._known.get(key)
        if found is None:
            found = self._identify(client.certificate, client.trusts)
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[key] = found
        return found

    def _identify(self, der: bytes, trusts: tuple[str, ...]) -> Principal:
        try:
            certificate = read_certificate(der)
            names = names_of(certificate)
        except RefusedCertificate as error:
            raise Denied("unauthenticated", error.reason, fields=CHALLENGE) from None
        found = {
            workload.name: workload
            for trust in trusts
            if trust in self._trusts
            for attribute in ATTRIBUTES
            for value in names.of(attribute)
            if (workload := self._workloads.get((trust, attribute, value))) is not None
        }
        # SECURITY: a certificate of two workloads is neither's: nobody can tell who calls.
        if len(found) != 1:
            reason = "mtls.two-workloads" if found else "mtls.unknown-workload"
            raise Denied("unauthenticated", reason, fields=CHALLENGE)
        (workload,) = found.values()
        return Principal(
            kind="workload",
            issuer=f"mtls:{workload.trust}",
            subject=f"workload:{workload.name}",
            scopes=workload.scopes,
            roles=workload.roles,
            credential=f"{certificate.serial_number:x}",
            expires_at=certificate.not_valid_after_utc.timestamp(),
            claims=MappingProxyType({workload.attribute: workload.value}),
        )
