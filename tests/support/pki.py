"""Certificates of every kind, good and bad, made in memory."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.certificates import Pair

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Extension = tuple[x509.ExtensionType, bool]

CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
HOUR = datetime.timedelta(hours=1)

_serials = itertools.count(1000)


def named(common_name: str) -> x509.Name:
    """A distinguished name with nothing but a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def san(*names: x509.GeneralName) -> Extension:
    """Subject alternative names."""
    return x509.SubjectAlternativeName(names), False


def usage(*, signs: bool, signature: bool = True) -> x509.KeyUsage:
    """Key usage of an authority or a leaf."""
    return x509.KeyUsage(
        digital_signature=signature and not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=not signature,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate with its key, and what a client sends beside it."""

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = field(default=())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return b"".join(
            each.public_bytes(serialization.Encoding.PEM)
            for each in (self.certificate, *self.chain)
        )

    def write(self, folder: Path, name: str) -> Pair:
        """Into NAME.pem, with the chain, and NAME.key."""
        pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
        pair.key.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        pair.certificate.write_bytes(self.pem)
        return pair

    def write_alone(self, path: Path) -> Path:
        """The certificate without its key."""
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def make(
    subject: x509.Name | str,
    issuer: Holder | None = None,
    *extensions: Extension,
    ca: bool = False,
    path_length: int | None = None,
    key: Key | None = None,
    serial: int | None = None,
    begins: datetime.datetime = NOW - HOUR,
    ends: datetime.datetime = NOW + 24 * HOUR,
    hash_: hashes.SHA224 | hashes.SHA256 | None = None,
    key_usage: x509.KeyUsage | None = None,
    chain: Sequence[x509.Certificate] = (),
) -> Holder:
    """A certificate; self-signed without an issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = named(subject) if isinstance(subject, str) else subject
    signing = issuer.key if issuer is not None else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer is not None else name)
        .public_key(key.public_key())
        .serial_number(serial if serial is not None else next(_serials))
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
        .add_extension(key_usage or usage(signs=ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
            critical=False,
        )
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return Holder(builder.sign(signing, hash_ or hashes.SHA256()), key, tuple(chain))


def authority(name: str = "Test CA", **more: int) -> Holder:
    """A root that signs anything."""
    return make(name, ca=True, path_length=more.get("path_length"))


def client(issuer: Holder, name: str = "client", *names: x509.GeneralName) -> Holder:
    """A good leaf for a client."""
    return make(name, issuer, (CLIENT, False), san(*(names or (x509.DNSName(f"{name}.example"),))))


def crl(
    issuer: Holder,
    *serials: int,
    issued: datetime.datetime = NOW - HOUR,
    until: datetime.datetime = NOW + HOUR,
    signer: Holder | None = None,
    extensions: Sequence[Extension] = (),
) -> x509.CertificateRevocationList:
    """A revocation list."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(issued)
        .next_update(until)
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(issued)
        builder = builder.add_revoked_certificate(entry.build())
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign((signer or issuer).key, hashes.SHA256())


def crl_pem(each: x509.CertificateRevocationList) -> bytes:
    """A revocation list as files hold it."""
    return each.public_bytes(serialization.Encoding.PEM)
