"""What commands share that change state: the policy that names it, and how they fail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from vallum.config.diagnostics import PolicyErrors
from vallum.config.load import load_policy
from vallum.config.model import Policy


def exit_with(message: str, hint: str = "") -> NoReturn:
    """Say what is wrong and how to mend it, and exit with 1."""
    click.echo(f"error: {message}" + (f"\n  help: {hint}" if hint else ""), err=True)
    sys.exit(1)


def policy_or_exit(config: Path, hint: str = "") -> Policy:
    """Load a policy; prints every error and exits with 1 where there are any."""
    try:
        return load_policy(config)
    except PolicyErrors as error:
        errors = [found for found in error.diagnostics if found.severity == "error"]
        click.echo("\n".join(map(str, errors)), err=True)
        exit_with(f"the policy `{config}` cannot be used", hint)
