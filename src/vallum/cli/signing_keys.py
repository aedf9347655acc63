"""`vallum signing-keys`: the keys that the provider signs tokens with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from vallum.cli.groups import Commands
from vallum.cli.identity_state import identity_options, show, tell, with_identity
from vallum.cli.tables import when
from vallum.identity import operating_keys as operating
from vallum.identity.services import Services
from vallum.identity.signing_keys import KeyStatus

_TIMES = frozenset({"signs_from", "signs_until", "expires"})


@click.group(name="signing-keys", cls=Commands)
def signing_keys() -> None:
    """List, rotate and revoke the keys that the provider signs tokens with.

    They are rotated by the calendar of the policy; this is for what the calendar does not know.

    Example:

    \b
      vallum signing-keys list
      vallum signing-keys rotate
      vallum signing-keys revoke 9f86d081884c7d65
    """


@signing_keys.command(name="list")
@identity_options
def list_keys(config: Path, as_json: bool) -> None:
    """List the keys whose tokens are good, in the order in which they sign.

    Example:

    \b
      vallum signing-keys list --json
    """

    async def use(services: Services) -> Sequence[KeyStatus]:
        return await operating.list_keys(services)

    rows = [key._asdict() for key in with_identity(config, use)]
    show(rows, KeyStatus._fields, as_json=as_json, times=_TIMES)


@signing_keys.command()
@identity_options
def rotate(config: Path, as_json: bool) -> None:
    """Sign with a new key a few seconds from now; tokens of the old one stay good. No request is
    lost.

    Example:

    \b
      vallum signing-keys rotate
    """

    async def use(services: Services) -> KeyStatus:
        return await operating.rotate_keys(services)

    key = with_identity(config, use)
    if as_json:
        click.echo(json.dumps(key._asdict(), indent=2))
    else:
        click.echo(f"{key.kid} signs from {when(key.signs_from)} (UTC) on", err=True)


@signing_keys.command()
@click.argument("kid")
@identity_options
def revoke(kid: str, config: Path, as_json: bool) -> None:
    """Withdraw the key KID, which others may have: all of its tokens end on all workers within
    seconds. To lose no honest request, rotate first and wait for the life of a token.

    Example:

    \b
      vallum signing-keys revoke 9f86d081884c7d65
    """

    async def use(services: Services) -> None:
        await operating.revoke_key(services, kid)

    with_identity(config, use)
    tell("revoked", kid, as_json=as_json)
