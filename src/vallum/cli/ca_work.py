"""What the subcommands of `vallum ca` do: the pure authority, its folder, keys and time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vallum.cli.policy import exit_with
from vallum.config.diagnostics import suggest
from vallum.pki.authority import (
    DAY,
    SERIAL_BYTES,
    Revoked,
    Signer,
    Usage,
    issue,
    make_authority,
    make_crl,
    private_pem,
    serial_number,
)
from vallum.pki.errors import RefusedCertificate
from vallum.pki.trust import Trust
from vallum.store.authority import AuthorityFolder, Index, Issued, replace_file
from vallum.store.errors import StateUnusable

_CRL_DAYS: Final = 7.0
_MAX_CSR: Final = 64 * 1024
_GENERAL: Final[dict[str, Callable[[str], x509.GeneralName]]] = {
    "dns": x509.DNSName,
    "uri": x509.UniformResourceIdentifier,
    "email": x509.RFC822Name,
}


class CertificateAuthority:
    """The authority in a folder. Whatever cannot be done ends the command with the reason."""

    def __init__(self, folder: Path) -> None:
        self.files = AuthorityFolder(folder)

    def init(
        self, name: str, *, seconds: float, permitted: Sequence[str], now: float
    ) -> x509.Certificate:
        """Make the authority."""
        try:
            with self.files.locked():
                if self.files.exists:
                    exit_with(
                        f"there is an authority already: {self.files.certificate}",
                        "move the folder away to make another; its certificates end with it",
                    )
                key = ec.generate_private_key(ec.SECP256R1())
                certificate = make_authority(
                    name,
                    key,
                    serial=_serial(),
                    now=now,
                    seconds=seconds,
                    permitted=[_general(each) for each in permitted],
                )
                self.files.write(Index())
                replace_file(self.files.key, private_pem(key), private=True)
                replace_file(self.files.certificate, _pem(certificate), private=False)
                self._write_crl(Signer(certificate, key), Index(), now, _CRL_DAYS * DAY)
        except StateUnusable as error:
            exit_with(str(error))
        return certificate

    def issue(
        self,
        name: str,
        *,
        names: Sequence[str],
        usages: Sequence[Usage],
        seconds: float,
        csr: Path | None,
        out: Path,
        now: float,
    ) -> Issued:
        """Sign a certificate for a name that has none."""
        try:
            with self.files.locked():
                signer, index = self._open()
                if any(each.name == name and is_valid(each, now) for each in index.issued):
                    exit_with(
                        f"`{name}` has a valid certificate",
                        f"`vallum ca renew {name}` overlaps with it",
                    )
                return self._sign(
                    signer,
                    index,
                    Issued(
                        name=name,
                        serial="",
                        names=tuple(names),
                        usages=tuple(usages),
                        issued=now,
                        expires=now + seconds,
                    ),
                    csr,
                    out,
                )
        except StateUnusable as error:
            exit_with(str(error))

    def renew(
        self, name: str, *, seconds: float | None, csr: Path | None, out: Path, now: float
    ) -> Issued:
        """Sign a certificate like the newest one of a name."""
        try:
            with self.files.locked():
                signer, index = self._open()
                known = [each for each in index.issued if each.name == name]
                if not known:
                    names = {each.name for each in index.issued}
                    exit_with(f"nothing was issued to `{name}`", suggest(name, names, what="name"))
                old = known[-1]
                life = old.expires - old.issued if seconds is None else seconds
                renewed = replace(old, issued=now, expires=now + life, revoked=None)
                return self._sign(signer, index, renewed, csr, out)
        except StateUnusable as error:
            exit_with(str(error))

    def revoke(self, name: str, *, now: float) -> list[Issued]:
        """Revoke what is valid of a name or serial number, and write the list anew."""
        try:
            with self.files.locked():
                signer, index = self._open()
                meant = [each for each in index.issued if name in (each.name, each.serial)]
                if not meant:
                    names = {each.name for each in index.issued}
                    exit_with(f"nothing was issued to `{name}`", suggest(name, names, what="name"))
                ended = {each.serial for each in meant if is_valid(each, now)}
                index = replace(
                    index,
                    issued=tuple(
                        replace(each, revoked=now) if each.serial in ended else each
                        for each in index.issued
                    ),
                )
                self._write_crl(signer, index, now, _CRL_DAYS * DAY)
                return [each for each in index.issued if each.serial in ended]
        except StateUnusable as error:
            exit_with(str(error))

    def write_crl(self, *, now: float, seconds: float) -> int:
        """Write the revocation list anew; its number."""
        try:
            with self.files.locked():
                signer, index = self._open()
                return self._write_crl(signer, index, now, seconds)
        except StateUnusable as error:
            exit_with(str(error))

    def issued(self) -> tuple[Issued, ...]:
        """Everything that was issued, oldest first."""
        try:
            return self._open()[1].issued
        except StateUnusable as error:
            exit_with(str(error))

    def _open(self) -> tuple[Signer, Index]:
        if not self.files.exists:
            exit_with("there is no authority yet", "`vallum ca init` makes one")
        try:
            certificate = x509.load_pem_x509_certificate(self.files.certificate.read_bytes())
            key = serialization.load_pem_private_key(self.files.key.read_bytes(), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError("the authority's key is none of ours")
            return Signer(certificate, key), self.files.read()
        except (OSError, TypeError, ValueError, UnsupportedAlgorithm) as error:
            raise StateUnusable(f"the authority cannot be used: {error}") from error

    def _sign(
        self, signer: Signer, index: Index, about: Issued, csr: Path | None, out: Path
    ) -> Issued:
        key = None
        if csr is None:
            key = ec.generate_private_key(ec.SECP256R1())
            public_key = key.public_key()
        else:
            public_key = _requested(csr)
        serial = _serial()
        usages: list[Usage] = [_usage(each) for each in about.usages]
        try:
            certificate = issue(
                signer,
                public_key,
                common_name=about.name,
                names=[_general(each) for each in about.names],
                usages=usages,
                serial=serial,
                now=about.issued,
                seconds=about.expires - about.issued,
            )
            # A certificate that nobody would accept, for a name outside the constraints say.
            judged = Trust("own", authorities=[signer.certificate])
            judged.vouch(certificate, (), about.issued)
        except ValueError as error:
            exit_with(str(error))
        except RefusedCertificate:
            exit_with(f"the authority may not sign {', '.join(about.names)}")
        expires = certificate.not_valid_after_utc.timestamp()
        issued = replace(about, serial=f"{serial:x}", expires=expires)
        # Written down before it is handed over: nothing is out there that cannot be revoked.
        self.files.write(replace(index, issued=(*index.issued, issued)))
        out.mkdir(parents=True, exist_ok=True)
        if key is not None:
            replace_file(out / f"{about.name}.key", private_pem(key), private=True)
        replace_file(out / f"{about.name}.pem", _pem(certificate), private=False)
        return issued

    def _write_crl(self, signer: Signer, index: Index, now: float, seconds: float) -> int:
        number = index.crl_number + 1
        # What was revoked is written down before the list: a list can be made anew.
        self.files.write(replace(index, crl_number=number))
        revoked = [
            Revoked(int(each.serial, 16), each.revoked)
            for each in index.issued
            if each.revoked is not None and each.expires > now - DAY
        ]
        crl = make_crl(signer, revoked, number=number, now=now, seconds=seconds)
        replace_file(self.files.crl, crl.public_bytes(serialization.Encoding.PEM), private=False)
        return number


def is_valid(issued: Issued, now: float) -> bool:
    """Whether a certificate has neither expired nor been revoked."""
    return issued.revoked is None and now < issued.expires


def state_of(issued: Issued, now: float) -> str:
    """`valid`, `expired` or `revoked`."""
    if issued.revoked is not None:
        return "revoked"
    return "valid" if now < issued.expires else "expired"


def as_json_of(issued: Issued, now: float) -> dict[str, Any]:
    """What `--json` says of a certificate."""
    return {
        "name": issued.name,
        "serial": issued.serial,
        "state": state_of(issued, now),
        "names": list(issued.names),
        "usages": list(issued.usages),
        "issued": issued.issued,
        "expires": issued.expires,
        "revoked": issued.revoked,
    }


def echo_json(value: object) -> None:
    """Print JSON."""
    click.echo(json.dumps(value, indent=2))


def _serial() -> int:
    return serial_number(secrets.token_bytes(SERIAL_BYTES))


def _general(text: str) -> x509.GeneralName:
    kind, _, value = text.partition(":")
    return _GENERAL[kind](value)


def _usage(text: str) -> Usage:
    return "server" if text == "server" else "client"


def _requested(csr: Path) -> ec.EllipticCurvePublicKey:
    """The key in a request whose holder proved to hold it; nothing else of the request counts."""
    try:
        content = csr.read_bytes()
        request = x509.load_pem_x509_csr(content[:_MAX_CSR])
        key = request.public_key()
        is_signed = request.is_signature_valid
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        exit_with(f"`{csr}` is no certificate request: {error}")
    curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, curves):
        exit_with(f"`{csr}` asks for a key that is not on P-256, P-384 or P-521")
    if not is_signed:
        exit_with(f"`{csr}` is not signed with its own key")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
