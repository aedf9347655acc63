"""`vallum suggest`: what recorded findings suggest to change in policy and contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from vallum.cli.log import printable
from vallum.cli.policy import config_option
from vallum.cli.records import directory_of, path_option, reading
from vallum.inspection.suggestions import Suggestion
from vallum.inspection.suggestions import suggest as suggestions_of
from vallum.telemetry.read import last

_EXCLUDED_DAYS = 90


@click.command()
@config_option
@path_option
@click.option(
    "-n",
    "--last",
    "count",
    type=click.IntRange(1, 1_000_000),
    default=100_000,
    show_default=True,
    help="How many of the newest records with findings to read.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the suggestions as JSON.")
def suggest(config: Path, directory: Path | None, count: int, as_json: bool) -> None:
    """Read what inspection has recorded and suggest exclusions and tighter schemas.

    Nothing is changed. Look at the evidence: attackers write records too.

    Example:

    \b
      vallum suggest
      vallum suggest --json -n 10000
    """
    if directory is None:
        directory = directory_of(config)
    with reading(directory):
        records = last(directory, count, lambda record: bool(record.get("findings")))
    until = (datetime.now(UTC) + timedelta(days=_EXCLUDED_DAYS)).date().isoformat()
    found = suggestions_of(records, until)
    if as_json:
        click.echo(json.dumps([_as_value(each) for each in found]))
    else:
        _print(found, len(records))


def _as_value(each: Suggestion) -> dict[str, object]:
    return {**each._asdict(), "target": each.target._asdict()}


def _print(found: list[Suggestion], read: int) -> None:
    console = Console(soft_wrap=True, highlight=False)
    if not found:
        console.print(f"nothing to suggest: {read} records with findings")
        return
    for (api, operation), group in groupby(found, lambda each: each.target[:2]):
        console.print(Text(printable(f"{api}: {operation}"), style="bold"))
        for each in group:
            where = "in the contract" if each.kind == "schema" else "in the policy"
            console.print(Text(printable(f"  {each.target.selector}: {each.reason}")))
            console.print(Text(printable(f"    {where}: {each.change}"), style="green"))
            for text in each.evidence:
                console.print(Text(f"    seen: {ascii(text)[1:-1]}", style="dim"))
    console.print("\nlook at the evidence before you accept one: attackers write records too")
