"""Trust: a named set of authorities, and who among the clients' certificates they vouch for.

TLS proves that a client holds the key of a certificate that *some* authority of the listener
signed. Which one matters: another authority may sign the same name (RFC 8705 §7.4, B-203). So each
trust builds its own path, by its own anchors and revocation lists.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from vallum.pki.errors import Reason, RefusedCertificate, UnusableTrust
from vallum.pki.leaf import is_strong, judge_leaf, read_certificate
from vallum.pki.names import names_of
from vallum.pki.revocation import RevocationLists

MAX_INTERMEDIATES: Final = 8
"""Certificates that a client may send beside its own."""

_DEPTH: Final = 4
"""Authorities between a leaf and its anchor."""

_JUDGED_NAMES: Final = (x509.DNSName, x509.RFC822Name, x509.IPAddress)
"""Kinds of name constraints that the path builder judges."""


class Vouched(NamedTuple):
    """A certificate that was judged and found good."""

    trusts: tuple[str, ...]
    """Names of the trusts that vouch for it."""
    until: float
    """Unix seconds; then it must be judged again."""


class Trust:
    """Authorities of one name, their revocation lists, and single certificates."""

    def __init__(
        self,
        name: str,
        *,
        authorities: Sequence[x509.Certificate] = (),
        crls: Iterable[x509.CertificateRevocationList] = (),
        self_signed: Sequence[x509.Certificate] = (),
    ) -> None:
        """
        Args:
            name: as in the policy.
            authorities: trust anchors, roots or intermediates.
            crls: where there is one, every leaf needs a current one of its issuer.
            self_signed: certificates that are trusted by themselves (RFC 8705 §2.2).

        Raises:
            UnusableTrust: nothing is trusted, or something that cannot be.
        """
        if not authorities and not self_signed:
            raise UnusableTrust("it trusts nobody: name at least one file under `ca`")
        for authority in authorities:
            _require_authority(authority)
        self.name = name
        self._store = verification.Store(list(authorities)) if authorities else None
        self._crls = RevocationLists(crls, authorities)
        self._exact = frozenset(_der(each) for each in self_signed)

    def vouch(
        self, leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], now: float
    ) -> float:
        """Until when this trust vouches for a leaf that was judged by itself already.

        Raises:
            RefusedCertificate: it does not.
        """
        ends = leaf.not_valid_after_utc.timestamp()
        if _der(leaf) in self._exact:
            return ends
        if self._store is None:
            raise RefusedCertificate("mtls.untrusted")
        chain = _path(self._store, leaf, intermediates, now)
        ends = min(ends, *(each.not_valid_after_utc.timestamp() for each in chain))
        return min(ends, self._judge_revocation(chain, now)) if self._crls else ends

    def _judge_revocation(self, chain: Sequence[x509.Certificate], now: float) -> float:
        """When the first list that was asked ends.

        Raises:
            RefusedCertificate: something in the chain is revoked, or nobody can tell.
        """
        ends = []
        for at, (certificate, issuer) in enumerate(pairwise(chain)):
            crl = self._crls.of(issuer)
            # SECURITY: fail closed: a leaf whose issuer has no current list is refused.
            if crl is None and at == 0:
                raise RefusedCertificate("mtls.crl")
            if crl is None:
                continue
            if crl.next_update <= now:
                raise RefusedCertificate("mtls.crl")
            if certificate.serial_number in crl.revoked:
                raise RefusedCertificate("mtls.revoked")
            ends.append(crl.next_update)
        return min(ends)


class Trusts:
    """All trusts of a listener."""

    def __init__(self, trusts: Sequence[Trust], *, required: bool = False) -> None:
        """
        Args:
            trusts: each with a name of its own.
            required: whether a connection without a certificate is refused.
        """
        self._trusts = tuple(trusts)
        self.required = required

    def judge(self, der: bytes, intermediates: Sequence[bytes], now: float) -> Vouched:
        """Judge what a client showed in the handshake.

        Args:
            der: its certificate, whose key it proved to hold.
            intermediates: what it sent beside it; proves nothing by itself.
            now: wall-clock Unix seconds.

        Raises:
            RefusedCertificate: no trust vouches for it; with the reason of the one that came
                closest.
        """
        if len(intermediates) > MAX_INTERMEDIATES:
            raise RefusedCertificate("mtls.malformed")
        leaf = read_certificate(der)
        judge_leaf(leaf, now)
        names_of(leaf)
        others = [read_certificate(each) for each in intermediates]
        vouching: dict[str, float] = {}
        reason: Reason = "mtls.untrusted"
        for trust in self._trusts:
            try:
                vouching[trust.name] = trust.vouch(leaf, others, now)
            except RefusedCertificate as error:
                reason = error.reason if error.reason != "mtls.untrusted" else reason
        if not vouching:
            raise RefusedCertificate(reason)
        return Vouched(tuple(vouching), min(vouching.values()))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _path(
    store: verification.Store,
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    now: float,
) -> Sequence[x509.Certificate]:
    builder = verification.PolicyBuilder().store(store).max_chain_depth(_DEPTH)
    builder = builder.time(datetime.datetime.fromtimestamp(now, datetime.UTC))
    builder = builder.extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
    try:
        chain = builder.build_client_verifier().verify(leaf, list(intermediates)).chain
    except verification.VerificationError:
        raise RefusedCertificate("mtls.untrusted") from None
    for authority in chain[1:]:
        if not is_strong(authority.public_key()) or not _has_judged_names(authority):
            raise RefusedCertificate("mtls.untrusted")
    return chain


def _has_judged_names(authority: x509.Certificate) -> bool:
    """Whether all name constraints of an authority are of kinds that the path builder judges."""
    try:
        found = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    every = (*(found.permitted_subtrees or ()), *(found.excluded_subtrees or ()))
    return all(isinstance(each, _JUDGED_NAMES) for each in every)


def _require_authority(certificate: x509.Certificate) -> None:
    subject = certificate.subject.rfc4514_string()
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise UnusableTrust(f"`{subject}` is no authority: it lacks basic constraints") from None
    if not constraints.ca:
        raise UnusableTrust(
            f"`{subject}` is no authority; list it under `self_signed` to trust it by itself"
        )
    if not is_strong(certificate.public_key()):
        raise UnusableTrust(f"`{subject}` has a weak key")


def _constraints(
    policy: verification.Policy, certificate: x509.Certificate, value: x509.BasicConstraints
) -> None:
    if not value.ca:
        raise ValueError("an issuer that is no authority")


def _key_usage(
    policy: verification.Policy, certificate: x509.Certificate, value: x509.KeyUsage | None
) -> None:
    if value is not None and not value.key_cert_sign:
        raise ValueError("an issuer that may not sign certificates")


def _extended_usage(
    policy: verification.Policy, certificate: x509.Certificate, value: x509.ExtendedKeyUsage | None
) -> None:
    # Authorities for other purposes are none for clients, as OpenSSL has it too.
    allowed = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if value is not None and allowed.isdisjoint(value):
        raise ValueError("an authority for other purposes")


_ANY: Final = verification.Criticality.AGNOSTIC
_CA_POLICY: Final = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, _ANY, _constraints)
    .may_be_present(x509.KeyUsage, _ANY, _key_usage)
    .may_be_present(x509.ExtendedKeyUsage, _ANY, _extended_usage)
    .may_be_present(x509.NameConstraints, _ANY, None)
)
# `leaf.py` judges the extensions of leaves.
_LEAF_POLICY: Final = verification.ExtensionPolicy.permit_all()
