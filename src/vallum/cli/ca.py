"""`vallum ca`: a small certificate authority for the workloads of one site (AN-7)."""

from __future__ import annotations

import time
from pathlib import Path

import click

from vallum.cli.ca_options import days, general_name, leaf_name, permitted_name, with_ca
from vallum.cli.ca_work import CertificateAuthority, as_json_of, echo_json, state_of
from vallum.cli.groups import Commands
from vallum.cli.tables import print_rows, when
from vallum.pki.authority import DAY, Usage


@click.group(cls=Commands)
def ca() -> None:
    """Issue, renew and revoke certificates of workloads.

    The authority lives in the folder `ca` beside the state file: `ca.pem` and `ca.crl` are for
    `listen: {client_certificates: …}`; `ca.key` (mode 0600, no passphrase) never leaves it.

    Example:

    \b
      vallum ca init --permit dns:shop.internal
      vallum ca issue billing --san uri:spiffe://shop.internal/billing --days 1
      vallum ca renew billing
      vallum ca revoke billing
      vallum ca list
    """


@ca.command()
@click.option("--name", default="Vallum workload CA", show_default=True, help="Its common name.")
@click.option("--days", type=days(3650), default=1825, show_default=True, help="Its life.")
@click.option(
    "--permit",
    "permitted",
    type=permitted_name,
    metavar="KIND:DOMAIN",
    multiple=True,
    help="`dns:` or `email:` names that it may sign, no others of that kind; repeatable.",
)
@with_ca
def init(
    name: str, days: float, permitted: tuple[str, ...], folder: Path, *, as_json: bool
) -> None:
    """Make the authority and its first, empty revocation list.

    Example:

    \b
      vallum ca init --name "Shop workloads" --permit dns:shop.internal
    """
    authority = CertificateAuthority(folder)
    certificate = authority.init(name, seconds=days * DAY, permitted=permitted, now=time.time())
    if as_json:
        echo_json(
            {
                "certificate": str(authority.files.certificate),
                "crl": str(authority.files.crl),
                "expires": certificate.not_valid_after_utc.timestamp(),
            }
        )
    click.echo(f"made the authority {authority.files.certificate}", err=True)


_OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for NAME.pem and NAME.key; default: here.",
)
_DAYS = click.option(
    "--days", type=days(397), help="Life of the certificate; default 30. Workloads: 1."
)


@ca.command()
@click.argument("name", type=leaf_name)
@click.option(
    "--san",
    "names",
    type=general_name,
    metavar="KIND:NAME",
    multiple=True,
    help="A name: `dns:`, `uri:` (such as `uri:spiffe://…`) or `email:`; repeatable.",
)
@click.option("--server", is_flag=True, help="For a server too, beside clients.")
@click.option(
    "--csr",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Sign the key of this request, whose own names are ignored; no key is made.",
)
@_DAYS
@_OUT
@with_ca
def issue(
    name: str,
    names: tuple[str, ...],
    server: bool,
    csr: Path | None,
    days: float | None,
    out: Path,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Sign a certificate for the workload NAME.

    Writes NAME.pem, and NAME.key with mode 0600.

    Example:

    \b
      vallum ca issue billing --san uri:spiffe://shop.internal/billing --days 1 --out /run/billing
    """
    usages: tuple[Usage, ...] = ("client", "server") if server else ("client",)
    issued = CertificateAuthority(folder).issue(
        name,
        names=names,
        usages=usages,
        seconds=(days or 30) * DAY,
        csr=csr,
        out=out,
        now=time.time(),
    )
    if as_json:
        echo_json({**as_json_of(issued, time.time()), "certificate": str(out / f"{name}.pem")})
    click.echo(f"issued {out / name}.pem, expires {when(issued.expires)} UTC", err=True)


@ca.command()
@click.argument("name", type=leaf_name)
@click.option(
    "--csr",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Sign the key of this request; no key is made.",
)
@_DAYS
@_OUT
@with_ca
def renew(
    name: str, csr: Path | None, days: float | None, out: Path, folder: Path, *, as_json: bool
) -> None:
    """Sign a new certificate with the names of NAME's newest one, for a new key.

    The old one goes on until it expires, so that a workload changes over without a refused
    request; `vallum ca revoke` ends it earlier.

    Example:

    \b
      vallum ca renew billing --out /run/billing
    """
    authority = CertificateAuthority(folder)
    issued = authority.renew(
        name, seconds=None if days is None else days * DAY, csr=csr, out=out, now=time.time()
    )
    if as_json:
        echo_json({**as_json_of(issued, time.time()), "certificate": str(out / f"{name}.pem")})
    click.echo(f"renewed {out / name}.pem, expires {when(issued.expires)} UTC", err=True)


@ca.command()
@click.argument("name")
@with_ca
def revoke(name: str, folder: Path, *, as_json: bool) -> None:
    """End every certificate of NAME, or the one with this serial number, and write the CRL anew.

    A gateway that names `ca.crl` under `crl:` refuses them within seconds, also on connections
    that are open.

    Example:

    \b
      vallum ca revoke billing
    """
    now = time.time()
    revoked = CertificateAuthority(folder).revoke(name, now=now)
    if as_json:
        echo_json([as_json_of(each, now) for each in revoked])
    for each in revoked:
        click.echo(f"revoked {each.serial} of `{each.name}`", err=True)
    if not revoked:
        click.echo(f"`{name}` had no valid certificate", err=True)


@ca.command()
@click.option(
    "--days", type=days(90), default=7, show_default=True, help="How long the list may be used."
)
@with_ca
def crl(days: float, folder: Path, *, as_json: bool) -> None:
    """Write the revocation list anew. Run it daily: a gateway refuses all by a list that ended.

    Example:

    \b
      vallum ca crl
    """
    authority = CertificateAuthority(folder)
    number = authority.write_crl(now=time.time(), seconds=days * DAY)
    if as_json:
        echo_json({"crl": str(authority.files.crl), "number": number})
    click.echo(f"wrote {authority.files.crl}, number {number}", err=True)


@ca.command(name="list")
@with_ca
def list_certificates(folder: Path, *, as_json: bool) -> None:
    """List what was issued, with its names, its state and when it expires.

    Example:

    \b
      vallum ca list --json
    """
    now = time.time()
    found = CertificateAuthority(folder).issued()
    if as_json:
        echo_json([as_json_of(each, now) for each in found])
        return
    rows = [
        (each.name, state_of(each, now), when(each.expires), " ".join(each.names), each.serial)
        for each in found
    ]
    print_rows(("name", "state", "expires (UTC)", "names", "serial"), rows)
