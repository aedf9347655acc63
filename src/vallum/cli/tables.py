"""How tables look, the times in them, and the console that they are printed on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES: Final = 200
_UNBOUNDED: Final = 10_000


def table_console() -> Console:
    """As wide as the terminal; wide enough for every column where the output is none."""
    console = Console(markup=False, highlight=False, emoji=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(markup=False, highlight=False, emoji=False, width=_WIDTH_OF_FILES)


def table_of_rows() -> Table:
    """An empty table for rows of one kind, whose columns have headings."""
    return Table(box=None, pad_edge=False, header_style="bold")


def fits(console: Console, table: Table) -> bool:
    """Whether the terminal is wide enough for every cell on one line."""
    unbounded = console.options.update(max_width=_UNBOUNDED)
    return console.measure(table, options=unbounded).maximum <= console.width


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; where the terminal is too narrow for it, what is known of each row."""
    console, table = table_console(), table_of_rows()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    if fits(console, table) or not rows:
        console.print(table)
        return
    for row in rows:
        facts = [(column, text) for column, text in zip(columns, row, strict=True) if text]
        console.print(table_of_facts(facts))
        console.print()


def table_of_facts(facts: Iterable[tuple[str, str]]) -> Table:
    """A table of names and what is said of them; the texts are shown as they stand."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(Text(name), Text(text))
    return table


def when(at: float | None) -> str:
    """A time for people, in UTC."""
    return "never" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
