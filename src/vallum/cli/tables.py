"""The console that tables are printed on."""

from __future__ import annotations

import os
from typing import Final

from rich.console import Console

_WIDTH_OF_FILES: Final = 200


def table_console() -> Console:
    """As wide as the terminal; wide enough for every column where the output is none."""
    console = Console(markup=False, highlight=False, emoji=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(markup=False, highlight=False, emoji=False, width=_WIDTH_OF_FILES)
