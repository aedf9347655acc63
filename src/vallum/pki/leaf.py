"""What a client's certificate must be, whoever vouches for it (B-204; X509-SVID §4, §5.2)."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from vallum.pki.errors import RefusedCertificate

MAX_DER: Final = 16 * 1024
"""Bytes of one certificate."""

_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 8192
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
_KNOWN: Final = frozenset(
    {
        x509.BasicConstraints.oid,
        x509.KeyUsage.oid,
        x509.ExtendedKeyUsage.oid,
        x509.SubjectAlternativeName.oid,
        x509.SubjectKeyIdentifier.oid,
        x509.AuthorityKeyIdentifier.oid,
    }
)
"""Extensions that we understand; any other critical one is refused (RFC 5280 §4.2)."""


def read_certificate(der: bytes) -> x509.Certificate:
    """A certificate as it came in a handshake.

    Raises:
        RefusedCertificate: it cannot be read.
    """
    if len(der) > MAX_DER:
        raise RefusedCertificate("mtls.malformed")
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise RefusedCertificate("mtls.malformed") from None
    return certificate


def is_strong(key: PublicKeyTypes) -> bool:
    """Whether a key may vouch for anything: RSA of 2048 bits and more, or a NIST curve."""
    if isinstance(key, rsa.RSAPublicKey):
        return _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS
    curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, curves)


def judge_leaf(certificate: x509.Certificate, now: float) -> None:
    """Refuse what no authority could make good.

    Raises:
        RefusedCertificate: with the first reason found.
    """
    if certificate.version is not x509.Version.v3:
        raise RefusedCertificate("mtls.malformed")
    if now < certificate.not_valid_before_utc.timestamp():
        raise RefusedCertificate("mtls.not-yet")
    if now >= certificate.not_valid_after_utc.timestamp():
        raise RefusedCertificate("mtls.expired")
    _judge_strength(certificate)
    _judge_usage(certificate.extensions)


def _judge_strength(certificate: x509.Certificate) -> None:
    try:
        if not is_strong(certificate.public_key()):
            raise RefusedCertificate("mtls.weak-key")
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        raise RefusedCertificate("mtls.weak-key") from None
    if algorithm is None or algorithm.name not in _HASHES:
        raise RefusedCertificate("mtls.weak-signature")


def _judge_usage(extensions: x509.Extensions) -> None:
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            raise RefusedCertificate("mtls.leaf-is-ca")
        if isinstance(value, x509.KeyUsage):
            if value.key_cert_sign or value.crl_sign:
                raise RefusedCertificate("mtls.leaf-is-ca")
            # RFC 5280 §4.2.1.3: a client's signature in the handshake needs digitalSignature.
            if not value.digital_signature:
                raise RefusedCertificate("mtls.usage")
        # SECURITY: anyExtendedKeyUsage is no clientAuth: it would let a server's or a mail
        # certificate in (B-204).
        if (
            isinstance(value, x509.ExtendedKeyUsage)
            and ExtendedKeyUsageOID.CLIENT_AUTH not in value
        ):
            raise RefusedCertificate("mtls.usage")
        if extension.critical and extension.oid not in _KNOWN:
            raise RefusedCertificate("mtls.malformed")
