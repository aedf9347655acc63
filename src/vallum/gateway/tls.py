"""TLS contexts, and the local certificate authority of `tls: local` (CR-1)."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import secrets
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vallum.pki.authority import (
    DAY,
    SERIAL_BYTES,
    Signer,
    issue,
    make_authority,
    private_pem,
    serial_number,
)
from vallum.store.authority import replace_file
from vallum.store.errors import StateUnusable

_CA_DAYS = 3650
_LEAF_DAYS = 90
_RENEW_DAYS = 30

# Mozilla's intermediate profile for TLS 1.2; TLS 1.3 suites are all fine.
_TLS12_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """The listener's TLS settings: TLS 1.2 and 1.3, HTTP/1.1 only, no renegotiation (B-217).

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: the certificate and the key do not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_CIPHERS)
    context.options |= (
        ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    )
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


def upstream_context(
    ca: Path | None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """TLS to an upstream: always verified, by name and path (CR-2, B-218)."""
    context = ssl.create_default_context(cafile=str(ca) if ca is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def local_certificate(directory: Path, names: Sequence[str]) -> tuple[Path, Path, Path]:
    """Make or keep a local CA and a certificate for `names`; of several processes one makes them.

    Args:
        directory: where they live; made with mode 0700.
        names: host names and IP addresses that the certificate must name.

    Returns:
        Paths of the CA certificate, the server's chain and its key.

    Raises:
        OSError: the directory cannot be made.
        StateUnusable: a file cannot be written, or the CA that is there cannot be used.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_path, ca_key_path = directory / "ca.pem", directory / "ca.key"
    leaf_path, leaf_key_path = directory / "server.pem", directory / "server.key"
    with _alone(directory):
        now = time.time()
        if not _is_authority(ca_path, ca_key_path, now):
            _make_ca(ca_path, ca_key_path, now)
            leaf_path.unlink(missing_ok=True)
        if not _is_current(directory, names, now):
            _make_leaf(directory, names, now)
    return ca_path, leaf_path, leaf_key_path


def renewal_due(certificate: Path) -> float:
    """Unix seconds from which `local_certificate` makes another one in the place of this one."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return found.not_valid_after_utc.timestamp() - _RENEW_DAYS * DAY


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    # Two that make a pair at once would leave the key of one beside the certificate of the other.
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _make_ca(path: Path, key_path: Path, now: float) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = make_authority(
        "Vallum local CA", key, serial=_serial(), now=now, seconds=_CA_DAYS * DAY
    )
    replace_file(key_path, private_pem(key), private=True)
    replace_file(path, certificate.public_bytes(serialization.Encoding.PEM), private=False)


def _serial() -> int:
    return serial_number(secrets.token_bytes(SERIAL_BYTES))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_authority(path: Path, key_path: Path, now: float) -> bool:
    """Whether there is a CA certificate with its key that has not ended.

    Raises:
        StateUnusable: there is one that cannot be used. Clients trust it, and would no other that
            were made in its place.
    """
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        if certificate.not_valid_after_utc.timestamp() <= now:
            return False
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        is_pair = key.public_key() == certificate.public_key()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StateUnusable(f"cannot read `{error.filename}`: {error.strerror}") from error
    except (TypeError, ValueError):
        is_pair = False
    if not is_pair:
        raise StateUnusable(
            f"`{path}` and `{key_path}` are no certificate of a CA and its key; put both back, or "
            "remove both: clients must then be told of the CA that is made anew"
        )
    return True


def _is_current(directory: Path, names: Sequence[str], now: float) -> bool:
    """Whether the server's certificate is ours, fits its key and `names`, and lasts."""
    try:
        ca = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
        certificate = x509.load_pem_x509_certificate((directory / "server.pem").read_bytes())
        key = serialization.load_pem_private_key((directory / "server.key").read_bytes(), None)
        certificate.verify_directly_issued_by(ca)
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (OSError, TypeError, ValueError, x509.ExtensionNotFound, InvalidSignature):
        return False
    if key.public_key() != certificate.public_key():
        return False
    if set(extension.value) != {_general_name(name) for name in names}:
        return False
    return certificate.not_valid_after_utc.timestamp() - now > _RENEW_DAYS * DAY


def _make_leaf(directory: Path, names: Sequence[str], now: float) -> None:
    ca = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
    ca_key = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{directory / 'ca.key'} is not the key of a local CA")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = issue(
        Signer(ca, ca_key),
        key.public_key(),
        common_name=names[0][:64],
        names=[_general_name(name) for name in names],
        usages=("server",),
        serial=_serial(),
        now=now,
        seconds=_LEAF_DAYS * DAY,
    )
    replace_file(directory / "server.key", private_pem(key), private=True)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    replace_file(directory / "server.pem", pem, private=False)
