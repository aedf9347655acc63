"""How groups of commands show what is in them."""

from __future__ import annotations

from typing import Final

import click

_WHOLE: Final = 1000


class Commands(click.Group):
    """Says of each command its whole first sentence, where click would end it with dots."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(_WHOLE))
                    for name, command in found.items()
                    if command is not None
                ]
            )
