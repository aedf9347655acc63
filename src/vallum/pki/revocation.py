"""Certificate revocation lists (RFC 5280 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from vallum.pki.errors import UnusableTrust

_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
_KNOWN: Final = (x509.CRLNumber, x509.AuthorityKeyIdentifier)


class RevocationList(NamedTuple):
    """One issuer's list, ready to be asked."""

    next_update: float
    """Unix seconds; afterwards it proves nothing."""
    revoked: frozenset[int]
    """Serial numbers."""


class RevocationLists:
    """The lists of one trust, each verified against its issuer."""

    def __init__(
        self,
        lists: Iterable[x509.CertificateRevocationList],
        issuers: Iterable[x509.Certificate],
    ) -> None:
        """
        Args:
            lists: several of one issuer may be there; the newest counts.
            issuers: who may have signed them: the trust's authorities.

        Raises:
            UnusableTrust: a list is not signed by one of them, or holds only a part.
        """
        self._lists: dict[bytes, RevocationList] = {}
        newest: dict[bytes, float] = {}
        known = tuple(issuers)
        for each in lists:
            key = _key_id(_issuer_of(each, known))
            issued = each.last_update_utc.timestamp()
            if issued >= newest.get(key, issued):
                newest[key] = issued
                self._lists[key] = _read(each)

    def __bool__(self) -> bool:
        return bool(self._lists)

    def of(self, issuer: x509.Certificate) -> RevocationList | None:
        """The newest list of an issuer."""
        return self._lists.get(_key_id(issuer))


def _key_id(certificate: x509.Certificate) -> bytes:
    """Name and key: two authorities of one name are two."""
    public = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    return certificate.subject.public_bytes() + public.digest


def _issuer_of(
    crl: x509.CertificateRevocationList, issuers: tuple[x509.Certificate, ...]
) -> x509.Certificate:
    algorithm = crl.signature_hash_algorithm
    if algorithm is not None and algorithm.name not in _HASHES:
        raise UnusableTrust(f"a revocation list is signed with {algorithm.name}")
    for issuer in issuers:
        if issuer.subject == crl.issuer and _is_signed_by(crl, issuer):
            return issuer
    raise UnusableTrust("a revocation list was signed by none of the authorities beside it")


def _is_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, UnsupportedAlgorithm):
        return False


def _read(crl: x509.CertificateRevocationList) -> RevocationList:
    if crl.next_update_utc is None:
        raise UnusableTrust("a revocation list does not say when the next one comes")
    for extension in crl.extensions:
        # SECURITY: a delta, or a list of some reasons or some certificates, is not the whole truth.
        if extension.critical and not isinstance(extension.value, _KNOWN):
            raise UnusableTrust("a revocation list is partial: a critical extension says so")
    serials = set()
    for entry in crl:
        if any(extension.critical for extension in entry.extensions):
            raise UnusableTrust("a revocation list has entries of other issuers")
        serials.add(entry.serial_number)
    return RevocationList(crl.next_update_utc.timestamp(), frozenset(serials))
