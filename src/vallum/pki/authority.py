"""A small authority of one's own: what it signs, and what it takes back.

One key signs short-lived leaves and revocation lists and nothing else: a path length of 0 keeps it
from making further authorities, and name constraints can hold it to one's own domains. The
algorithm is ECDSA on P-256 with SHA-256 throughout.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Usage = Literal["client", "server"]

DAY: Final = 86_400.0
SERIAL_BYTES: Final = 16
"""Of randomness; RFC 5280 §4.1.2.2 allows 20 octets."""

_SKEW: Final = 300.0
"""Seconds that a certificate is dated back, for clocks that are behind."""

_USAGES: Final = {
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
}


class Revoked(NamedTuple):
    """One entry of a revocation list."""

    serial: int
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority's certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def __post_init__(self) -> None:
        if self.key.public_key() != self.certificate.public_key():
            raise ValueError("the authority's key does not belong to its certificate")


def serial_number(randomness: bytes) -> int:
    """A serial number that nobody can guess: positive, of 128 random bits.

    Args:
        randomness: 16 bytes.
    """
    if len(randomness) != SERIAL_BYTES:
        raise ValueError("a serial number is made of 16 random bytes")
    return int.from_bytes(b"\x01" + randomness, "big")


def make_authority(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    serial: int,
    now: float,
    seconds: float,
    permitted: Sequence[x509.GeneralName] = (),
) -> x509.Certificate:
    """A self-signed authority that signs leaves only.

    Args:
        name: its common name.
        key: on P-256.
        serial: from `serial_number`.
        now: Unix seconds.
        seconds: its life.
        permitted: name constraints: what leaves may be called; empty: anything.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, subject, key.public_key(), serial, now, now + seconds)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if permitted:
        constraints = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)
        builder = builder.add_extension(constraints, critical=True)
    return builder.sign(key, hashes.SHA256())


def issue(
    signer: Signer,
    public_key: ec.EllipticCurvePublicKey,
    *,
    common_name: str,
    names: Sequence[x509.GeneralName],
    usages: Sequence[Usage],
    serial: int,
    now: float,
    seconds: float,
) -> x509.Certificate:
    """A leaf.

    Args:
        signer: the authority.
        public_key: the holder's.
        common_name: the subject, for people to read.
        names: subject alternative names, by which it is known.
        usages: what it may be used for.
        serial: from `serial_number`.
        now: Unix seconds.
        seconds: its life; it never outlives the authority.

    Raises:
        ValueError: the authority has ended, or there is no use for it.
    """
    ends = min(now + seconds, signer.certificate.not_valid_after_utc.timestamp())
    if ends <= now or not usages:
        raise ValueError("the authority has expired: make a new one")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    issuer = signer.certificate.subject
    identifier = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    builder = _builder(subject, issuer, public_key, serial, now, ends)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_USAGES[each] for each in usages]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value),
            critical=False,
        )
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer.key, hashes.SHA256())


def make_crl(
    signer: Signer, revoked: Iterable[Revoked], *, number: int, now: float, seconds: float
) -> x509.CertificateRevocationList:
    """The authority's list of what it has taken back (RFC 5280 §5).

    Args:
        signer: the authority.
        revoked: everything that was revoked and has not expired.
        number: larger than that of every list before.
        now: Unix seconds.
        seconds: how long it may be relied on.
    """
    identifier = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(_when(now))
        .next_update(_when(now + seconds))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value),
            critical=False,
        )
    )
    for serial, at in sorted(revoked):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_when(at))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer.key, hashes.SHA256())


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key as PKCS #8 in PEM, not encrypted: its file is for its owner alone."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _when(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    serial: int,
    now: float,
    ends: float,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(_when(now - _SKEW))
        .not_valid_after(_when(ends))
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
