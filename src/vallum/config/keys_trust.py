"""The keys of client certificates: whom the listener trusts to vouch for its clients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from vallum.config import values
from vallum.config.kinds import (
    INVALID,
    Context,
    Flag,
    Key,
    Made,
    Many,
    Section,
    Table,
    Text,
    Values,
)
from vallum.config.kinds_files import ExistingFile
from vallum.config.values import Bad
from vallum.pki.errors import UnusableTrust
from vallum.pki.trust import Trust

DEFAULT_TRUST: Final = "default"
"""The trust whose files stand beside `require`."""

_MAX_FILE: Final = 32 * 1024 * 1024
_MAX_CERTIFICATES: Final = 256


def is_mtls(entry: str) -> bool:
    """Whether an entry of `authenticate` means client certificates."""
    return entry == "mtls" or entry.startswith("mtls:")


def trust_of(entry: str) -> str:
    """The trust of `mtls` or `mtls:NAME`."""
    return entry.partition(":")[2] or DEFAULT_TRUST


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """A trust, and what it was read from."""

    trust: Trust
    anchors: str
    """PEM of all certificates that TLS must accept for it."""
    files: tuple[Path, ...]
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificates:
    """What a listener does about the certificates of its clients (AN-7)."""

    require: bool = False
    """Whether a connection without one is refused."""
    trusts: dict[str, TrustFiles] = field(default_factory=dict)
    """By name."""

    @property
    def anchors(self) -> str:
        """PEM of every certificate that TLS must accept."""
        return "".join(each.anchors for each in self.trusts.values())

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read."""
        return tuple(file for each in self.trusts.values() for file in each.files)

    @property
    def digest(self) -> bytes:
        """Of all contents."""
        return b"".join(each.digest for each in self.trusts.values())


def _name(text: str) -> str:
    if text == DEFAULT_TRUST:
        raise Bad(
            "bad-name",
            f"`{text}` is the trust whose files stand beside `require`",
            "write them there, or choose another name",
        )
    return values.name(text)


_FILES: Final = Many(ExistingFile("a path"), limit=64)
_TRUST_KEYS: Final = {
    "ca": Key(_FILES, "authorities that sign clients' certificates, PEM"),
    "crl": Key(_FILES, "their revocation lists, PEM; then every certificate needs a current one"),
    "self_signed": Key(_FILES, "certificates that are trusted by themselves, PEM (RFC 8705 §2.2)"),
}


def _trust(name: str, found: Values, context: Context) -> Any:
    """The trust of a section's files, or `INVALID`."""
    place = found.places.get("ca", found.places.get("self_signed", found.node))
    files: list[Path] = [file for key in _TRUST_KEYS for file in found.get(key, ())]
    try:
        contents = {file: _read(file) for file in files}
        authorities = _certificates(found.get("ca", ()), contents)
        single = _certificates(found.get("self_signed", ()), contents)
        crls = [each for file in found.get("crl", ()) for each in _crls(file, contents[file])]
        trust = Trust(name, authorities=authorities, crls=crls, self_signed=single)
    except UnusableTrust as error:
        hint = "see docs/certificates.md for what these files hold"
        context.report.add("bad-certificates", f"the trust `{name}`: {error}", place, hint)
        return INVALID
    digest = hashlib.sha256()
    for content in contents.values():
        digest.update(hashlib.sha256(content).digest())
    anchors = "".join(
        each.public_bytes(Encoding.PEM).decode("ascii") for each in (*authorities, *single)
    )
    return TrustFiles(trust, anchors, tuple(files), digest.digest())


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_FILE + 1)
    except OSError as error:
        raise UnusableTrust(f"cannot read `{file}`: {error.strerror}") from error
    if len(content) > _MAX_FILE:
        raise UnusableTrust(f"`{file}` is too large")
    return content


def _certificates(files: Sequence[Path], contents: dict[Path, bytes]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for file in files:
        try:
            found += x509.load_pem_x509_certificates(contents[file])
        except (ValueError, UnsupportedAlgorithm):
            raise UnusableTrust(f"`{file}` holds no certificates in PEM") from None
    if len(found) > _MAX_CERTIFICATES:
        raise UnusableTrust(f"there are more than {_MAX_CERTIFICATES} certificates")
    return found


_END: Final = b"-----END X509 CRL-----"


def _crls(file: Path, content: bytes) -> list[x509.CertificateRevocationList]:
    pieces = content.split(_END)[:-1]
    try:
        found = [x509.load_pem_x509_crl(piece + _END) for piece in pieces]
    except (ValueError, UnsupportedAlgorithm):
        found = []
    if not found:
        # SECURITY: an empty file would mean that nothing is revoked.
        raise UnusableTrust(f"`{file}` holds no revocation list in PEM")
    return found


_CERTIFICATE_KEYS: Final = {
    **_TRUST_KEYS,
    "require": Key(Flag(), "refuses connections without a certificate; default false"),
    "trust": Key(
        Table(Text("a name", _name), Section("a trust", _TRUST_KEYS), "trust"),
        "further authorities by name, for `authenticate: mtls:NAME`",
    ),
}


def _client_certificates(found: Values, context: Context) -> Any:
    trusts: dict[str, Any] = {}
    named: Values | None = found.get("trust")
    if any(key in found.places for key in _TRUST_KEYS) or named is None:
        trusts[DEFAULT_TRUST] = _trust(DEFAULT_TRUST, found, context)
    for name, files in named.items() if named is not None else ():
        trusts[name] = _trust(name, files, context)
    if INVALID in trusts.values():
        return INVALID
    return ClientCertificates(require=found.get("require", False), trusts=trusts)


CLIENT_CERTIFICATES: Final = Made(
    Section("`client_certificates`", _CERTIFICATE_KEYS), _client_certificates
)
