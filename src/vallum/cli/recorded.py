"""What was recorded of one exchange, in full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from vallum.cli.findings import print_findings
from vallum.cli.log import by_id, print_json, printable, subject
from vallum.cli.policy import exit_with
from vallum.cli.records import directory_of, reading
from vallum.cli.tables import table_of_facts
from vallum.inspection.model import Finding
from vallum.telemetry.read import Record, last


def tell_recorded(config: Path, instance: str, *, as_json: bool) -> None:
    """Print the record that the `instance` of a problem names; ends the command without one."""
    directory = directory_of(config)
    with reading(directory):
        records = last(directory, 1, by_id(instance))
    if not records:
        exit_with(
            f"no record of `{instance}` in `{directory}`",
            "write METHOD URL for a request, or the `instance` that the caller quotes",
        )
    if as_json:
        print_json(records)
    else:
        _print(records[0])


def _print(record: Record) -> None:
    caller = " from ".join(
        filter(None, (subject(str(record.get("principal", ""))), str(record.get("client", ""))))
    )
    rows = {
        "time": record["time"],
        "request": f"{record.get('method', '')} {record.get('path', '')}",
        "operation": f"{record.get('operation') or '-'} of {record.get('api') or '-'}",
        "caller": caller,
        "status": f"{record.get('status')}; of the API: {record.get('upstream_status') or '-'}",
        "decision": f"{record.get('decision')} {record.get('reason')}".strip(),
        "notes": ", ".join(map(str, _list(record, "notes"))),
    }
    console = Console(soft_wrap=True)
    console.print(table_of_facts((name, printable(text)) for name, text in rows.items() if text))
    found = _list(record, "findings")
    findings = [_finding(each) for each in found if isinstance(each, dict)]
    if findings:
        print_findings(console, findings)


def _list(record: Record, name: str) -> list[Any]:
    """What a record says in several items: none where somebody else has written it."""
    found = record.get(name)
    return found if isinstance(found, list) else []


def _finding(recorded: Record) -> Finding:
    def text(name: str) -> Any:
        return str(recorded.get(name, ""))

    score = recorded.get("score")
    return Finding(
        family=text("family"),
        rule=text("rule"),
        score=score if isinstance(score, int) else 0,
        location=text("location"),
        at=text("at"),
        evidence=text("evidence"),
        layers=tuple(map(str, _list(recorded, "layers"))),
        is_name=False,
    )
