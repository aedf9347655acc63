"""Figures as text and as a Markdown file."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Table:
    """Strings in rows."""

    title: str
    columns: list[str]
    rows: list[list[str]]

    def text(self) -> str:
        """The table for a terminal; valid Markdown as well."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        aligned = [str.ljust, *[str.rjust] * (len(widths) - 1)]
        lines = [
            "| "
            + " | ".join(align(c, w) for align, c, w in zip(aligned, line, widths, strict=True))
            + " |"
            for line in (self.columns, *self.rows)
        ]
        rule = "|" + ":|".join("-" * (width + 1) for width in widths[1:]) + ":|"
        rule = "|" + "-" * (widths[0] + 2) + rule
        return "\n".join([f"\n{self.title}\n", lines[0], rule, *lines[1:]])


def processor() -> str:
    """The name of the processor, as the kernel tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def write_results(path: Path, tables: list[Table], *, method: str, versions: list[str]) -> None:
    """Write the Markdown file that the repository keeps."""
    now = datetime.now(UTC).date().isoformat()
    machine = f"{processor()}, {os.cpu_count()} cores, Linux {platform.release()}"
    parts = [
        "# Benchmark results\n",
        f"Made by `make bench` on {now}. Read ratios, not absolutes.\n",
        f"- Machine: {machine}",
        f"- Versions: {'; '.join(sorted(set(versions)))}",
        f"- Method: {method}",
        *(table.text() for table in tables),
    ]
    path.write_text("\n".join(parts) + "\n")
