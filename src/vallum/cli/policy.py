"""What commands share: which policy file they mean, how they load it, and how they fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from vallum.cli.diagnostics import print_diagnostics
from vallum.config.diagnostics import PolicyErrors, counted
from vallum.config.load import LoadedPolicy, load_policy_with_contracts
from vallum.config.model import Policy
from vallum.config.values import Bad

ResultT = TypeVar("ResultT")

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("vallum.yaml"),
    show_default=True,
    help="The policy file.",
)


def state_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--state`, `--config` and `--json`."""
    for option in (
        click.option(
            "--state",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The state file itself; no policy is read then.",
        ),
        config_option,
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ):
        command = option(command)
    return command


def read_option(read: Callable[[str], ResultT], text: str, option: str | None = None) -> ResultT:
    """An option's value, read as in the policy file.

    Args:
        read: reads it there.
        text: as it was written.
        option: its name, where click does not know it.

    Raises:
        click.BadParameter: it cannot be read.
    """
    try:
        return read(text)
    except Bad as error:
        raise click.BadParameter(f"{error.message}; {error.hint}", param_hint=option) from None


def exit_with(message: str, hint: str = "") -> NoReturn:
    """Say what is wrong and how to mend it, and exit with 1."""
    click.echo(f"error: {message}" + (f"\n  help: {hint}" if hint else ""), err=True)
    sys.exit(1)


def loaded_or_exit(config: Path, hint: str = "") -> LoadedPolicy:
    """Load a policy and its contracts; shows every error and exits with 1 where there are any."""
    try:
        return load_policy_with_contracts(config)
    except PolicyErrors as error:
        errors = [found for found in error.diagnostics if found.severity == "error"]
        print_diagnostics(errors, err=True)
        if not config.exists():
            first = "`vallum init` writes a first policy from an OpenAPI file"
            hint = f"{first}; {hint}" if hint else first
        count = counted(len(errors), "error")
        exit_with(f"the policy `{config}` has {count}; nothing was done", hint)


def policy_or_exit(config: Path, hint: str = "") -> Policy:
    """As `loaded_or_exit`, for commands that need the policy alone."""
    return loaded_or_exit(config, hint).policy
