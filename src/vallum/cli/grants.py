"""`vallum grants`: what people allowed applications."""

from __future__ import annotations

from pathlib import Path

import click

from vallum.cli.groups import Commands
from vallum.cli.identity_state import identity_options, show, tell, with_identity
from vallum.identity import operating
from vallum.identity.services import Services
from vallum.identity.storage.grants import Grant

_COLUMNS = ("id", "client_id", "scopes", "resource", "created", "last_used")
_TIMES = frozenset({"created", "last_used"})


@click.group(cls=Commands)
def grants() -> None:
    """List and revoke what people allowed applications.

    Example:

    \b
      vallum grants list ada@shop.example
      vallum grants revoke grant_0f8f
    """


@grants.command(name="list")
@click.argument("who")
@identity_options
def list_grants(who: str, config: Path, as_json: bool) -> None:
    """List what WHO has allowed, newest first.

    Example:

    \b
      vallum grants list ada@shop.example --json
    """

    async def use(services: Services) -> list[Grant]:
        return await services.grants.of_user((await operating.find_user(services, who)).id)

    rows = [
        {
            name: sorted(value) if name == "scopes" else value
            for name, value in grant._asdict().items()
            if name in _COLUMNS
        }
        for grant in with_identity(config, use)
    ]
    show(rows, _COLUMNS, as_json=as_json, times=_TIMES)


@grants.command()
@click.argument("grant")
@identity_options
def revoke(grant: str, config: Path, as_json: bool) -> None:
    """End a grant with every token that came of it, on all workers within seconds.

    Example:

    \b
      vallum grants revoke grant_0f8f
    """

    async def use(services: Services) -> None:
        await operating.end_grant(services, grant)

    with_identity(config, use)
    tell("revoked", grant, as_json=as_json)
