"""`vallum sessions`: who is signed in where."""

from __future__ import annotations

from pathlib import Path

import click

from vallum.cli.groups import Commands
from vallum.cli.identity_state import identity_options, show, tell, with_identity
from vallum.identity import operating
from vallum.identity.services import Services
from vallum.identity.storage.sessions import Session

_COLUMNS = ("id", "user_id", "amr", "authenticated", "last_seen", "expires", "address", "agent")
_TIMES = frozenset({"authenticated", "last_seen", "expires"})


@click.group(cls=Commands)
def sessions() -> None:
    """List and end the sessions of people.

    Example:

    \b
      vallum sessions list ada@shop.example
      vallum sessions kill session_0f8f
    """


@sessions.command(name="list")
@click.argument("who")
@identity_options
def list_sessions(who: str, config: Path, as_json: bool) -> None:
    """List the living sessions of WHO, latest use first.

    Example:

    \b
      vallum sessions list ada@shop.example --json
    """

    async def use(services: Services) -> list[Session]:
        return await services.sessions.of_user((await operating.find_user(services, who)).id)

    rows = [
        {name: value for name, value in session._asdict().items() if name in _COLUMNS}
        for session in with_identity(config, use)
    ]
    show(rows, _COLUMNS, as_json=as_json, times=_TIMES)


@sessions.command()
@click.argument("session")
@identity_options
def kill(session: str, config: Path, as_json: bool) -> None:
    """End a session and the access tokens that it led to, on all workers within seconds.

    Example:

    \b
      vallum sessions kill session_0f8f
    """

    async def use(services: Services) -> None:
        await operating.kill_session(services, session)

    with_identity(config, use)
    tell("ended", session, as_json=as_json)
