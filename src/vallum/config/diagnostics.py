"""What is wrong or unwise in a policy, and the list in which it is collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vallum.config.codes import CODES, Severity
from vallum.config.source import Node, SourceError
from vallum.core.words import nearest

_LISTED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding about a policy file or a file that it names."""

    severity: Severity
    code: str
    """A key of `CODES`; `docs/policy.md` documents it."""
    file: Path
    line: int
    column: int
    message: str
    hint: str = ""
    """How to mend it; empty when the message says it all."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        text = f"{place}: {self.severity}[{self.code}]: {self.message}"
        return f"{text}\n  help: {self.hint}" if self.hint else text


class PolicyErrors(Exception):  # noqa: N818  (all errors of one file together)
    """A policy that cannot be used. Holds every error found, not only the first."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = tuple(diagnostics)
        """Errors and warnings, in the order of the file."""


class Report:
    """Collects diagnostics. The code decides whether one is an error or a warning."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.diagnostics: list[Diagnostic] = []

    def add(self, code: str, message: str, at: Node | None = None, hint: str = "") -> None:
        """Note a finding at a node of the policy file, or at its first line."""
        place = (at.line, at.column) if at is not None else (1, 1)
        self.add_at(code, message, self.file, place, hint)

    def add_at(
        self, code: str, message: str, file: Path, place: tuple[int, int], hint: str = ""
    ) -> None:
        """Note a finding in any file."""
        diagnostic = Diagnostic(
            severity=CODES[code].severity,
            code=code,
            file=file,
            line=place[0],
            column=place[1],
            message=message,
            hint=hint,
        )
        if diagnostic not in self.diagnostics:  # An alias is read once per use.
            self.diagnostics.append(diagnostic)

    def add_source_error(self, error: SourceError, file: Path) -> None:
        """Note that a file cannot be read."""
        self.add_at(error.code, error.message, file, (error.line, error.column), error.hint)

    @property
    def has_errors(self) -> bool:
        """Whether anything collected so far forbids to start."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def in_order(self) -> list[Diagnostic]:
        """The diagnostics by file (the policy first) and line."""
        return sorted(
            self.diagnostics,
            key=lambda found: (
                found.file != self.file,
                str(found.file),
                found.line,
                found.column,
                found.severity,
            ),
        )


def suggest(name: str, valid: Iterable[str], *, what: str) -> str:
    """A hint: the nearest valid name, or the valid ones where there are few."""
    words = sorted(set(valid))
    close = nearest(name, words)
    if close is not None:
        return f"did you mean `{close}`?"
    if not words:
        return f"there is no {what} to name"
    listed = ", ".join(f"`{word}`" for word in words[:12])
    more = f" and {len(words) - 12} more" if len(words) > 12 else ""
    return f"valid: {listed}{more}"


def counted(count: int, noun: str) -> str:
    """So many of something, in words."""
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def listing(names: Sequence[str]) -> str:
    """`a`, `b` and 7 more."""
    shown = ", ".join(f"`{name}`" for name in names[:_LISTED])
    rest = len(names) - _LISTED
    return f"{shown} and {rest:,} more" if rest > 0 else shown
