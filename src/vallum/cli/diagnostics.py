"""Shows what is wrong or unwise in a policy, with the line of the file that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click

from vallum.config.diagnostics import Diagnostic

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,:{}\[\]#]+(?::[^\s,:{}\[\]#]+)*")
_WITHOUT_LINES = frozenset({"file-too-large", "not-utf8"})
"""What is said of a file that has no lines to show, or no end of them."""
_COLORS = {"error": "red", "warning": "yellow"}


def print_diagnostics(found: Iterable[Diagnostic], *, err: bool = False) -> None:
    """Print each diagnostic with its source line, a mark under the place, and the help."""
    printer = _Printer()
    for diagnostic in found:
        click.echo(printer.text(diagnostic) + "\n", err=err)


class _Printer:
    """Keeps the lines of the files that are shown."""

    def __init__(self) -> None:
        self._lines: dict[Path, list[str]] = {}

    def text(self, diagnostic: Diagnostic) -> str:
        """The diagnostic as a few lines for a person."""
        place = f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}: "
        color = _COLORS[diagnostic.severity]
        kind = click.style(f"{diagnostic.severity}[{diagnostic.code}]", fg=color, bold=True)
        lines = [f"{place}{kind}: {diagnostic.message}", *self._excerpt(diagnostic, color)]
        if diagnostic.hint:
            lines.append(f"  {click.style('help', fg='cyan', bold=True)}: {diagnostic.hint}")
        return "\n".join(lines)

    def _excerpt(self, diagnostic: Diagnostic, color: str) -> list[str]:
        if diagnostic.code in _WITHOUT_LINES:
            return []
        lines = self._lines.get(diagnostic.file)
        if lines is None:
            lines = self._lines[diagnostic.file] = _read_lines(diagnostic.file)
        if diagnostic.line > len(lines) or not lines[diagnostic.line - 1].strip():
            return []
        source = lines[diagnostic.line - 1]
        start = diagnostic.column - 1
        word = _WORD.match(source, start)
        width = max(1, word.end() - start) if word else 1
        # A long line, such as a whole JSON document, is shown around the place.
        first = max(0, start - 60) if len(source) > 120 else 0
        shown = source[first : first + 120]
        width = min(width, max(1, len(shown) - (start - first)))
        margin = f"{diagnostic.line:>6} | "
        caret = click.style("^" * width, fg=color, bold=True)
        return [f"{margin}{_visible(shown)}", f"{'':>6} | {'':{start - first}}{caret}"]


def _read_lines(path: Path) -> list[str]:
    try:
        # A pipe would keep whoever opens it waiting, and a device may have no end.
        if not path.is_file():
            return []
        return path.read_text("utf-8-sig", "replace").split("\n")
    except OSError:
        return []


def _visible(text: str) -> str:
    # SECURITY: a contract from elsewhere must not send control sequences to the terminal.
    return "".join(char if char.isprintable() else " " for char in text)
