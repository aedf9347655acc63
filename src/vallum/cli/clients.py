"""`vallum clients`: applications and machines that get tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vallum.cli.groups import Commands
from vallum.cli.identity_state import identity_options, show, with_identity
from vallum.cli.policy import exit_with
from vallum.identity import operating_clients as operating
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

_COLUMNS = ("id", "name", "kind", "auth_method", "state", "scopes", "binding", "expires")
_METHODS = (
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
)
_CERTIFICATE = ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email", "sha256")
_JWKS_LIMITS = JSONLimits(depth=6, width=64, string=8192)


def _certificate(text: str) -> dict[str, str]:
    what, colon, value = text.partition(":")
    if not colon or what not in _CERTIFICATE or not value:
        raise click.BadParameter(f"write one of {', '.join(_CERTIFICATE)}, a colon and the value")
    return {what: value}


@click.group(cls=Commands)
def clients() -> None:
    """Register, list and disable applications and machines.

    Example:

    \b
      vallum clients create "Web shop" --kind web --redirect-uri https://shop.example/callback \\
        --scope openid --scope orders:read
      vallum clients create "Nightly report" --kind service --scope orders:read
      vallum clients list
    """


@clients.command()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(("web", "native", "browser", "service")),
    required=True,
    help="web: has a server; native: on a phone or desk; browser: script alone; service: nobody "
    "signs in.",
)
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Exact; repeatable.")
@click.option("--logout-uri", "logout_uris", multiple=True, help="Where to after sign-out.")
@click.option("--backchannel-logout-uri", help="Told when a session ends.")
@click.option("--origin", "origins", multiple=True, help="Web origin of a browser client.")
@click.option("--scope", "scopes", multiple=True, help="It may ask for; repeatable.")
@click.option("--resource", "resources", multiple=True, help="Default: the policy's first.")
@click.option("--grant", "grants", multiple=True, help="Default: what its kind needs.")
@click.option("--auth-method", type=click.Choice(_METHODS), help="Default: by its kind.")
@click.option(
    "--jwks", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Its public keys."
)
@click.option("--certificate", type=_certificate, help="For mTLS, such as san_dns:report.example.")
@click.option(
    "--binding",
    type=click.Choice(("none", "dpop", "mtls")),
    default="none",
    show_default=True,
    help="What its tokens must be bound to.",
)
@click.option("--trusted", is_flag=True, help="Your own: people are not asked for consent.")
@click.option("--owner", default="", help="Who answers for it.")
@identity_options
def create(name: str, jwks: Path | None, config: Path, as_json: bool, **about: Any) -> None:
    """Register the client NAME. Its id and its secret go to stdout; the secret is shown once.

    Example:

    \b
      vallum clients create "Nightly report" --kind service --scope orders:read --json
    """
    about = {key: value for key, value in about.items() if value not in (None, ())}
    if jwks is not None:
        about["jwks"] = _read_jwks(jwks)

    async def use(services: Services) -> operating.Made:
        return await operating.create_client(services, name=name, **about)

    _hand_over(with_identity(config, use), as_json=as_json)


@clients.command(name="registration-token")
@click.option("--scope", "scopes", multiple=True, help="The client may ask for; repeatable.")
@click.option("--resource", "resources", multiple=True, help="Default: the policy's first.")
@click.option("--owner", default="", help="Who answers for it.")
@identity_options
def registration_token(
    scopes: tuple[str, ...], resources: tuple[str, ...], owner: str, config: Path, as_json: bool
) -> None:
    """Print a token with which somebody registers one client by herself (RFC 7591), within a day.

    Example:

    \b
      vallum clients registration-token --scope orders:read --owner partner@example.com
    """

    async def use(services: Services) -> str:
        return await operating.registration_token(
            services, scopes=scopes, resources=resources, owner=owner
        )

    token = with_identity(config, use)
    click.echo(json.dumps({"initial_access_token": token}) if as_json else token)


@clients.command(name="list")
@identity_options
def list_clients(config: Path, as_json: bool) -> None:
    """List the clients; never a secret.

    Example:

    \b
      vallum clients list --json
    """

    async def use(services: Services) -> list[Client]:
        return await services.clients.all()

    rows = [_row(client) for client in with_identity(config, use)]
    show(rows, _COLUMNS, as_json=as_json, times=frozenset({"expires"}))


@clients.command()
@click.argument("client")
@identity_options
def rotate(client: str, config: Path, as_json: bool) -> None:
    """Give CLIENT a new secret; the old one and all of its tokens end at once.

    Example:

    \b
      vallum clients rotate client_0f8f
    """

    async def use(services: Services) -> operating.Made:
        return await operating.rotate_secret(services, client)

    _hand_over(with_identity(config, use), as_json=as_json)


@clients.command()
@click.argument("client")
@identity_options
def disable(client: str, config: Path, as_json: bool) -> None:
    """Keep CLIENT out: its tokens end on all workers within seconds.

    Example:

    \b
      vallum clients disable client_0f8f
    """

    async def use(services: Services) -> Client:
        return await operating.disable_client(services, client)

    _done(with_identity(config, use), "is disabled", as_json=as_json)


@clients.command()
@click.argument("client")
@identity_options
def enable(client: str, config: Path, as_json: bool) -> None:
    """Let CLIENT in again.

    Example:

    \b
      vallum clients enable client_0f8f
    """

    async def use(services: Services) -> Client:
        return await operating.enable_client(services, client)

    _done(with_identity(config, use), "is enabled", as_json=as_json)


@clients.command()
@click.argument("client")
@identity_options
def export(client: str, config: Path, as_json: bool) -> None:
    """Print everything about CLIENT but what proves who it is, as JSON.

    Example:

    \b
      vallum clients export client_0f8f
    """
    del as_json  # It is JSON either way.

    async def use(services: Services) -> Client:
        return await operating.find_client(services, client)

    click.echo(json.dumps(_row(with_identity(config, use)), indent=2))


def _read_jwks(path: Path) -> Any:
    try:
        return parse_json(path.read_bytes(), _JWKS_LIMITS)
    except (OSError, MalformedJSON) as error:
        exit_with(f"cannot read the keys in `{path}`: {error}")


def _row(client: Client) -> dict[str, Any]:
    hidden = ("secret_hash", "registration_hash", "disabled")
    shown = {
        name: list(value) if isinstance(value, tuple) else value
        for name in Client.__slots__
        if name not in hidden
        for value in [getattr(client, name)]
    }
    return {**shown, "state": "disabled" if client.disabled is not None else "active"}


def _hand_over(made: operating.Made, *, as_json: bool) -> None:
    # The only place where a secret of a client is ever printed.
    if as_json:
        secret = {"client_secret": made.secret} if made.secret else {}
        click.echo(json.dumps({**_row(made.client), **secret}, indent=2))
        return
    click.echo(f"client_id={made.client.id}")
    if made.secret:
        click.echo(f"client_secret={made.secret}")
        click.echo("the secret is not shown again", err=True)


def _done(client: Client, what: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_row(client), indent=2))
    else:
        click.echo(f"`{client.name}` ({client.id}) {what}", err=True)
