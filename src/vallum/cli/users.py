"""`vallum users`: the people who can sign in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vallum.cli.granted import read_role
from vallum.cli.groups import Commands
from vallum.cli.identity_state import identity_options, show, with_identity
from vallum.cli.tables import when
from vallum.identity import operating
from vallum.identity.services import Services
from vallum.identity.storage.users import User

_COLUMNS = ("id", "email", "name", "state", "roles", "created", "last_sign_in")


_roles_option = click.option(
    "--role", "roles", type=read_role, metavar="ROLE", multiple=True, help="A role; repeatable."
)


@click.group(cls=Commands)
def users() -> None:
    """Create, list, disable and export the accounts of people.

    Example:

    \b
      vallum users create ada@shop.example --name "Ada" --role admin
      vallum users list
      vallum users disable ada@shop.example
    """


@users.command()
@click.argument("email")
@click.option("--name", default="", help="As it is shown.")
@_roles_option
@identity_options
def create(email: str, name: str, roles: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Make an account for EMAIL, and print the link with which its owner chooses a password.

    The link works once, within a day; nobody ever knows a password but its owner.

    Example:

    \b
      vallum users create ada@shop.example --name "Ada" --role admin
    """

    async def use(services: Services) -> tuple[User, str]:
        return await operating.create_user(services, email, name, roles)

    user, link = with_identity(config, use, roles=roles)
    if as_json:
        click.echo(json.dumps({**_row(user), "link": link}, indent=2))
        return
    click.echo(link)
    click.echo(f"account {user.id}; the link works once, within a day", err=True)


@users.command()
@click.argument("who")
@identity_options
def invite(who: str, config: Path, as_json: bool) -> None:
    """Print another link with which WHO chooses a password; older ones end.

    Example:

    \b
      vallum users invite ada@shop.example
    """

    async def use(services: Services) -> str:
        return await operating.invitation(services, await operating.find_user(services, who))

    link = with_identity(config, use)
    click.echo(json.dumps({"link": link}) if as_json else link)


@users.command(name="list")
@identity_options
def list_users(config: Path, as_json: bool) -> None:
    """List the accounts.

    Example:

    \b
      vallum users list --json
    """

    async def use(services: Services) -> list[User]:
        found: list[User] = []
        while page := await services.users.all(after=found[-1].id if found else ""):
            found += page
        return found

    rows = [_row(user) for user in with_identity(config, use)]
    show(rows, _COLUMNS, as_json=as_json, times=frozenset({"created", "last_sign_in"}))


@users.command()
@click.argument("who")
@identity_options
def disable(who: str, config: Path, as_json: bool) -> None:
    """Keep WHO out: sessions and tokens end on all workers within seconds.

    Example:

    \b
      vallum users disable ada@shop.example
    """

    async def use(services: Services) -> User:
        return await operating.disable_user(services, who)

    _done(with_identity(config, use), "disabled", as_json=as_json)


@users.command()
@click.argument("who")
@identity_options
def enable(who: str, config: Path, as_json: bool) -> None:
    """Let WHO sign in again.

    Example:

    \b
      vallum users enable ada@shop.example
    """

    async def use(services: Services) -> User:
        return await operating.enable_user(services, who)

    _done(with_identity(config, use), "enabled", as_json=as_json)


@users.command()
@click.argument("who")
@_roles_option
@identity_options
def roles(who: str, roles: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Give WHO exactly these roles; without one, none. Living sessions and tokens end.

    Example:

    \b
      vallum users roles ada@shop.example --role reader
    """

    async def use(services: Services) -> User:
        return await operating.set_roles(services, who, roles)

    done = with_identity(config, use, roles=roles)
    _done(done, "has the roles: " + (" ".join(roles) or "none"), as_json)


@users.command(name="reset-mfa")
@click.argument("who")
@identity_options
def reset_mfa(who: str, config: Path, as_json: bool) -> None:
    """Take every second factor of WHO away, after you have made sure that it is she who asks.

    Example:

    \b
      vallum users reset-mfa ada@shop.example
    """

    async def use(services: Services) -> User:
        return await operating.reset_mfa(services, who)

    _done(with_identity(config, use), "has no second factor any more", as_json=as_json)


@users.command()
@click.argument("who")
@identity_options
def export(who: str, config: Path, as_json: bool) -> None:
    """Print everything that is kept about WHO, as JSON, without anything that proves who she is.

    Example:

    \b
      vallum users export ada@shop.example > ada.json
    """
    del as_json  # It is JSON either way.

    async def use(services: Services) -> dict[str, Any]:
        return await operating.export_user(services, who)

    click.echo(json.dumps(with_identity(config, use), indent=2))


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "state": "disabled" if user.disabled is not None else "active",
        "verified": user.email_verified,
        "roles": list(user.roles),
        "created": user.created,
        "last_sign_in": user.last_sign_in,
    }


def _done(user: User, what: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_row(user), indent=2))
    else:
        click.echo(f"`{user.email}` {what} ({when(user.created)} created)", err=True)
