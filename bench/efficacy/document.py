"""docs/efficacy.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

from efficacy import tables
from efficacy.measurement import Results
from efficacy.micro import Cost
from efficacy.worst import Worst
from report import Table, processor

_INTRODUCTION = """# What inspection stops, and what it lets pass

Made by `make efficacy` on {date}; do not edit. It compares Vallum with the Core Rule Set (CRS) on \
libmodsecurity, in the same process and behind nginx, on the same requests.

- A **true positive** is an attack that is stopped, a **false positive** a benign request that is \
stopped. **Balanced accuracy** is the mean of the share of attacks stopped and the share of benign \
requests let pass. Stopped means: the engine itself answers with 400, 403, 421 or 422.
- The contract says `string` and nothing more for every text, so a pattern, a format or an enum \
never helps Vallum. Only fields for code, Markdown, HTML, lessons and passwords say what they are \
for, as a real contract would; the peers cannot be told.
- Vallum runs at its default sensitivity. The CRS runs at its defaults (paranoia level 1, \
threshold 5), with PUT, PATCH and DELETE allowed; otherwise it would stop each of them.
- The payloads and texts in this repository were written before the detectors were measured and \
without reading them. Detectors were improved with one half, chosen by hash; the **held-out half** \
shows what that is worth.
- CPU is thread time in one process for Vallum and libmodsecurity, and user and system time of the \
whole process tree for nginx and the gateway. Machines are noisy: a call of a Python function, \
measured beside each figure of inspection alone, says how fast this one was at that moment.
"""

_REPEAT = """
## How to repeat it

```
make efficacy
```

It installs nginx, ModSecurity and the rule set where it may (Debian packages), fetches the \
OpenAPI examples from npm, and says what it skips. `--misses --family sql` after \
`PYTHONPATH=bench python -m efficacy` prints what Vallum gets wrong in one family, with rule and \
evidence; `--json FILE` keeps all figures."""


def all_tables(results: Results, costs: list[Cost], worst: list[Worst]) -> list[Table]:
    """Every table, the most important one first."""
    found = [tables.overall(results), *tables.own_tables(results)]
    others = tables.foreign(results)
    if others.rows:
        found.append(others)
    found += tables.rule_set(results)
    found.append(tables.cost_table(costs))
    if worst:
        found.append(tables.worst_table(worst))
    return found


def document(results: Results, costs: list[Cost], worst: list[Worst]) -> str:
    """The Markdown text."""
    date = datetime.now(UTC).date().isoformat()
    parts = [_INTRODUCTION.format(date=date), "## Results"]
    for table in all_tables(results, costs, worst):
        heading, _, rows = table.text().strip().partition("\n")
        parts += [f"\n### {heading}\n", rows.strip()]
    parts += ["\n## Agreement of library and process\n", *_agreement(results)]
    parts += ["\n## Corpora\n", *_sources(results)]
    machine = f"{processor()}, {os.cpu_count()} cores, Linux {platform.release()}"
    parts += ["\n## Versions and machine\n", f"- {machine}"]
    parts += [f"- {name}: {version}" for name, version in results.versions.items()]
    parts += [f"- {name} was skipped: {reason}" for name, reason in results.skipped.items()]
    return "\n".join(parts) + "\n" + _REPEAT + "\n"


def _agreement(results: Results) -> list[str]:
    lines = []
    for one, other in (
        ("Vallum, as a gateway", tables.VALLUM),
        ("nginx + ModSecurity + CRS", tables.LIBRARY),
    ):
        differing, common = results.difference(one, other)
        if common:
            lines.append(
                f"- {one} and {other}: {differing:,} of {common:,} requests judged differently."
            )
    return lines


def _sources(results: Results) -> list[str]:
    shown = results.seen.get(tables.LIBRARY, {})
    lines = ["| corpus | requests | of them to the peer | source |", "|---|--:|--:|---|"]
    for corpus in results.corpora:
        seen = shown.get(corpus.name)
        peers = f"{len(seen.samples):,}" if seen else "–"
        lines.append(f"| {corpus.name} | {len(corpus.samples):,} | {peers} | {corpus.source} |")
    return lines
