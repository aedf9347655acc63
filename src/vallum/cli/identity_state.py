"""What the commands of the identity provider share."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from vallum.cli.granted import warn_of_unknown
from vallum.cli.policy import config_option, exit_with, policy_or_exit
from vallum.cli.tables import print_rows, when
from vallum.control import run_with_identity
from vallum.identity.operating import NotDone
from vallum.identity.services import Services
from vallum.identity.storage.users import ADMIN_ROLE
from vallum.store.errors import StateUnusable

ResultT = TypeVar("ResultT")


def identity_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--config` and `--json`."""
    command = config_option(command)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def with_identity(
    config: Path,
    use: Callable[[Services], Coroutine[Any, Any, ResultT]],
    *,
    roles: Sequence[str] = (),
) -> ResultT:
    """Do something with the provider of a policy; what cannot be done ends the command.

    Args:
        config: the policy file.
        use: what to do.
        roles: granted thereby; the user hears of those that the policy does not have.
    """
    policy = policy_or_exit(config)
    if policy.identity is None:
        exit_with(
            f"the policy `{config}` has no identity provider",
            "add `identity:`; docs/identity.md shows how",
        )
    warn_of_unknown(policy, roles=set(roles) - {ADMIN_ROLE})
    try:
        return run_with_identity(policy, policy.identity, use)
    except (NotDone, StateUnusable) as error:
        exit_with(str(error))


def show(
    rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool, times: frozenset[str]
) -> None:
    """Print rows as JSON or as a table.

    Args:
        rows: each with all columns.
        columns: in their order.
        as_json: which of the two.
        times: columns that hold Unix seconds.
    """
    found = list(rows)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    headings = [f"{name} (UTC)" if name in times else name for name in columns]
    print_rows(
        headings, [[_cell(row[name], is_time=name in times) for name in columns] for row in found]
    )


def tell(what: str, which: str, *, as_json: bool) -> None:
    """Say what was done to which one."""
    click.echo(json.dumps({what: which}) if as_json else f"{what} {which}", err=not as_json)


def _cell(value: Any, *, is_time: bool) -> str:
    if is_time:
        return when(value)
    if isinstance(value, list | tuple | frozenset):
        return " ".join(sorted(value))
    return "" if value is None else str(value)
