"""Shows what inspection found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from vallum.cli.log import printable
from vallum.cli.tables import table_of_rows
from vallum.inspection.detectors.registry import meaning
from vallum.inspection.model import Finding


def as_values(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as plain values, for JSON."""
    return [{**finding._asdict(), "meaning": meaning(finding.rule)} for finding in findings]


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print findings as a table, the strongest first."""
    table = table_of_rows()
    for column in ("score", "rule", "place", "evidence", "hidden by", "meaning"):
        table.add_column(column, overflow="fold", justify="right" if column == "score" else "left")
    for finding in sorted(findings, key=lambda each: -each.score):
        place = f"{finding.location} {finding.at}" + (" (name)" if finding.is_name else "")
        table.add_row(
            str(finding.score),
            Text(printable(finding.rule)),
            Text(printable(place.strip())),
            Text(ascii(finding.evidence)[1:-1]),
            Text(printable(" > ".join(finding.layers))),
            meaning(finding.rule),
        )
    console.print(table)
