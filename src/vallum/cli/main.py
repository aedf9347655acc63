"""The `vallum` command. Each subcommand is a file of its own, imported when it is called."""

from __future__ import annotations

import os
import sqlite3
import sys
from importlib import import_module
from typing import Any

import click

from vallum import __version__
from vallum.core.words import nearest

_COMMANDS = {
    "ca": "Issue, renew and revoke certificates of workloads.",
    "check": "Validate a policy and its OpenAPI files together.",
    "clients": "Register, list and disable applications and machines.",
    "explain": "Show what every control decides about a request, without sending it.",
    "grants": "List and revoke what people allowed applications.",
    "init": "Write a deny-by-default policy from an OpenAPI file.",
    "inspect": "Show what the detectors say about a text.",
    "keys": "Create, list, rotate and revoke API keys.",
    "log": "Read the records of exchanges.",
    "run": "Serve an ASGI application behind its policy.",
    "sessions": "List and end the sessions of people.",
    "signing-keys": "List, rotate and revoke the keys that tokens are signed with.",
    "suggest": "Suggest exclusions and tighter schemas from recorded findings.",
    "tokens": "End access tokens before they expire.",
    "up": "Serve the policy: the gateway.",
    "users": "Create, list, disable and export the accounts of people.",
}


class _Commands(click.Group):
    """Knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(f"vallum.cli.{name}"), name)
        assert isinstance(command, click.Command)  # noqa: S101  (a command file names it so)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = nearest(args[0], _COMMANDS) if args else None
            if close is None:
                raise
            raise click.UsageError(f"{error.message} Did you mean `{close}`?", ctx) from None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; where the system fails it, say so in a line and end with 1."""
        if os.environ.get("NO_COLOR"):  # https://no-color.org; Rich reads it itself.
            kwargs.setdefault("color", False)
        try:
            return super().main(*args, **kwargs)
        except (OSError, sqlite3.Error) as error:
            click.echo(f"error: {_failure(error)}", err=True)
            _give_up_output()
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; where it is interrupted, end as shells expect it, without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


def _give_up_output() -> None:
    """Let the interpreter not try once more, at its end, to write what cannot be written."""
    if sys.stdout is None:  # It was closed before the command began.
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failure(error: OSError | sqlite3.Error) -> str:
    if isinstance(error, sqlite3.Error):
        return f"the state file cannot be used: {error}"
    reason = error.strerror or str(error)
    return f"cannot use `{error.filename}`: {reason}" if error.filename else reason


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vallum")
def main() -> None:
    """Vallum, an API security gateway: only what contract and policy allow gets through.

    Example:

    \b
      vallum init --openapi openapi.yaml --upstream http://127.0.0.1:8000
      vallum check
      vallum up
    """
