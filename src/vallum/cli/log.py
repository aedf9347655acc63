"""`vallum log`: read the records of exchanges."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from vallum.cli.policy import config_option, read_option
from vallum.cli.records import directory_of, path_option, reading
from vallum.cli.tables import table_console
from vallum.config import values
from vallum.core.problem_json import INSTANCE_URI_PREFIX
from vallum.telemetry.read import Follower, Matches, Record, in_order, last

_POLL_SECONDS = 0.25
_COLOURS = {"allow": "green", "deny": "yellow", "error": "red", "aborted": "magenta"}


@click.command()
@config_option
@path_option
@click.option("-f", "--follow", is_flag=True, help="Go on with new records until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print each record as one line of JSON.")
@click.option(
    "-n",
    "--last",
    "count",
    type=click.IntRange(0, 1_000_000),
    default=50,
    show_default=True,
    help="How many of the newest records to begin with.",
)
@click.option("--status", metavar="CODE", help="A status such as 403, or a class such as 4xx.")
@click.option("--operation", help="Operation id.")
@click.option("--principal", help="Principal id, or its subject alone.")
@click.option("--decision", type=click.Choice(sorted(_COLOURS)))
@click.option("--reason", help="Reason code, or its beginning, such as `jwt`.")
@click.option("--client", help="Client address.")
@click.option("--since", metavar="TIME", help="Only records of the last 10m, 2h, 7d …")
@click.option("--id", "request_id", help="Request id, as in a problem's `instance`, or trace id.")
def log(
    *,
    config: Path,
    directory: Path | None,
    follow: bool,
    as_json: bool,
    count: int,
    **filters: str | None,
) -> None:
    """Show what was decided about each exchange, and why.

    Example:

    \b
      vallum log --decision deny --since 10m
      vallum log --follow --status 5xx
      vallum log --id 3f2c… --json
    """
    matches = _matcher(filters)
    if directory is None:
        directory = directory_of(config)
    show = print_json if as_json else _printer()
    with suppress(KeyboardInterrupt):
        with reading(directory):
            follower = Follower(directory) if follow else None
            newest = last(directory, count, matches)
        show(newest)
        if filters["request_id"] and not (newest or as_json or follow):
            click.echo(f"no record in `{directory}` matches", err=True)
        # What was written between the two is in both.
        shown = {in_order(record) for record in newest}
        while follower is not None:
            with reading(directory):
                records = [record for record in follower.poll() if matches(record)]
            show([record for record in records if in_order(record) not in shown])
            time.sleep(_POLL_SECONDS)


# --- which records -------------------------------------------------------------------------------


def _matcher(filters: dict[str, str | None]) -> Matches:
    """Every given filter must match.

    Raises:
        click.BadParameter: a filter cannot be read.
    """
    tests = [_FILTERS[name](value) for name, value in filters.items() if value is not None]

    def matches(record: Record) -> bool:
        return all(test(record) for test in tests)

    return matches


def _by_status(value: str) -> Matches:
    if len(value) == 3 and value[0] in "12345" and value[1:] == "xx":
        return lambda record: _number(record, "status") // 100 == int(value[0])
    if len(value) == 3 and value.isdecimal():
        return lambda record: bool(record.get("status") == int(value))
    raise click.BadParameter(f"`{value}` is no status; write 403, or 4xx", param_hint="--status")


def _by_principal(value: str) -> Matches:
    def matches(record: Record) -> bool:
        identity = str(record.get("principal", ""))
        return identity == value or subject(identity) == value

    return matches


def _by_since(value: str) -> Matches:
    seconds = read_option(values.duration, value, "--since")
    moment = datetime.fromtimestamp(time.time() - seconds, UTC)
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    return lambda record: bool(record["time"] >= text)


def by_id(value: str) -> Matches:
    """Matches the record that a problem's `instance`, a request id or a trace id names."""
    wanted = value.removeprefix(INSTANCE_URI_PREFIX)
    return lambda record: wanted in (record.get("request_id"), record.get("trace_id"))


def _by_reason(value: str) -> Matches:
    def matches(record: Record) -> bool:
        reason = str(record.get("reason", ""))
        return reason == value or reason.startswith(f"{value}.")

    return matches


def _number(record: Record, field: str) -> int:
    value = record.get(field)
    return value if isinstance(value, int) else 0


def _equal(field: str) -> Callable[[str], Matches]:
    return lambda value: lambda record: bool(record.get(field) == value)


_FILTERS: dict[str, Callable[[str], Matches]] = {
    "status": _by_status,
    "operation": _equal("operation"),
    "principal": _by_principal,
    "decision": _equal("decision"),
    "reason": _by_reason,
    "client": _equal("client"),
    "since": _by_since,
    "request_id": by_id,
}


# --- how they look -------------------------------------------------------------------------------


def printable(value: object) -> str:
    """Text that a terminal shows and never obeys (B-324).

    Controls, bidirectional marks and whatever else is not printable become escapes.
    """
    text = value if isinstance(value, str) else str(value)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def subject(identity: str) -> str:
    """The subject in a `Principal.id`, `<length>:<issuer>:<subject>`."""
    length, _, rest = identity.partition(":")
    return rest[int(length) + 1 :] if length.isdecimal() and len(length) < 6 else ""


def print_json(records: Iterable[Record]) -> None:
    """Print each record as one line of ASCII."""
    for record in records:
        # ASCII, and DEL is the one control that JSON leaves as it is.
        click.echo(json.dumps(record, separators=(",", ":")).replace("\x7f", "\\u007f"))
    sys.stdout.flush()


def _printer() -> Callable[[list[Record]], None]:
    console = table_console()
    columns = [name for name in _WIDTHS if console.width >= _WIDE or name not in _ONLY_WHERE_WIDE]
    headed = False

    def show(records: list[Record]) -> None:
        nonlocal headed
        if not records:
            return
        table = Table(box=None, padding=(0, 1, 0, 0), show_header=not headed, expand=True)
        for name in columns:
            width, ratio = _WIDTHS[name]
            table.add_column(
                name,
                overflow="fold",
                width=width or None,
                ratio=ratio or None,
                justify="right" if name == "ms" else "left",
            )
        for record in records:
            row = _row(record)
            table.add_row(*(row[name] for name in columns))
        console.print(table)
        headed = True

    return show


_SHOWN_FINDINGS = 3
_WIDE = 100
_ONLY_WHERE_WIDE = frozenset({"decision", "operation"})
"""Colour and request say the same in a narrow terminal."""

_WIDTHS = {
    "time": (12, 0),
    "status": (6, 0),
    "decision": (8, 0),
    "request": (0, 5),
    "operation": (0, 3),
    "caller": (0, 3),
    "reason": (0, 4),
    "ms": (8, 0),
}
"""Of each column: characters, or its share of what the others leave."""


def _findings(record: Record) -> list[str]:
    """What inspection found, its first: rule and place; `--json` shows all and the evidence."""
    found = record.get("findings")
    findings = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    texts = [f"{each.get('rule')} in {each.get('location')} {each.get('at')}" for each in findings]
    rest = len(texts) - _SHOWN_FINDINGS
    return [*texts[:_SHOWN_FINDINGS], f"and {rest} more"] if rest > 0 else texts


def _row(record: Record) -> dict[str, Text]:
    """The cells of one record by column; every text in them is printable."""
    decision = str(record.get("decision", ""))
    style = "bold red" if "event" in record else _COLOURS.get(decision, "")
    found = record.get("notes")
    notes = found if isinstance(found, list) else []
    event = f"{record.get('event')}: {record.get('count')}"
    request = f"{record.get('method', '')} {record.get('path', '')}"
    reasons = [str(record.get("reason", "")), *(f"({note})" for note in notes), *_findings(record)]
    caller = subject(str(record.get("principal", ""))) or record.get("client", "")
    cells = {
        # The time of day, in UTC.
        "time": (str(record["time"]).partition("T")[2].removesuffix("Z"), "dim"),
        "status": (record.get("status", "") or "-", style),
        "decision": (decision, style),
        "request": (event, style) if "event" in record else (request, ""),
        "operation": (record.get("operation", ""), ""),
        "caller": (caller or record.get("worker", ""), ""),
        "reason": (" ".join(reasons).strip(), style),
        "ms": (f"{_number(record, 'duration_us') / 1000:.1f}", "dim"),
    }
    return {name: Text(printable(text), style=colour) for name, (text, colour) in cells.items()}
