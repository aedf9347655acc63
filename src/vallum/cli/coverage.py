"""The start-up coverage proof: every operation, and every control attached to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from vallum.cli.tables import print_table, table_console
from vallum.config.diagnostics import counted
from vallum.config.identity_api import IDENTITY_API
from vallum.config.model import Policy
from vallum.engine.pipeline import Route
from vallum.gateway.runtime import Runtime

_CONTROLS: Final = ("authenticate", "access", "limit", "validate", "inspect", "answers", "cors")
_COLUMNS: Final = ("operation", "method", "path", *_CONTROLS, "body")


def print_coverage(runtime: Runtime, policy: Policy, ca: Path | None, *, as_json: bool) -> None:
    """Print what protects each operation; as a list where the terminal is no table wide."""
    if as_json:
        click.echo(
            json.dumps({"revision": runtime.revision, "operations": _values(runtime, policy)})
        )
        return
    console = table_console()
    routes = [route for route in runtime.routes if route.api != IDENTITY_API]
    rows = [_row(route, policy) for route in routes]
    console.print(Text(f"{counted(len(routes), 'operation')}, policy {runtime.revision}", "italic"))
    cells = [[Text(row[name], _style(name, row[name])) for name in _COLUMNS] for row in rows]
    if not print_table(console, _COLUMNS, cells):
        _print_list(console, rows)
    if policy.identity is not None:
        more = counted(len(runtime.routes) - len(routes), "operation")
        console.print(Text(f"people sign in at {policy.identity.issuer} ({more} more)"))
    console.print(Text("every operation also: errors made safe, security headers, one record"))
    if ca is not None:
        console.print(Text(f"clients trust this gateway by the CA certificate {ca}"))


def _values(runtime: Runtime, policy: Policy) -> list[dict[str, object]]:
    return [
        {
            "api": route.api,
            "operation": route.operation.id,
            "method": route.operation.method,
            "path": policy.apis[route.api].base_path + route.operation.path,
            "body_limit": route.body_limit,
            "controls": _summaries(route),
        }
        for route in runtime.routes
    ]


def _summaries(route: Route) -> dict[str, str]:
    """What each control of a route does, by control name."""
    found: dict[str, str] = {}
    for control in route.controls:
        text = control.attachment.summary
        found[control.name] = f"{found[control.name]}, {text}" if control.name in found else text
    return found


def _row(route: Route, policy: Policy) -> dict[str, str]:
    """What is said of a route, by column."""
    operation, summaries = route.operation, _summaries(route)
    return {
        "operation": operation.id,
        "method": operation.method,
        "path": policy.apis[route.api].base_path + operation.path,
        **{name: summaries.get(name, "-") for name in _CONTROLS},
        "authenticate": summaries.get("authenticate", "public"),
        "body": _size(route.body_limit),
    }


def _print_list(console: Console, rows: Sequence[dict[str, str]]) -> None:
    """Two lines for each operation; what is the same for all of them is said once, after them."""
    shown = (*_CONTROLS, "body")
    alike = [name for name in shown if len(rows) > 1 and len({row[name] for row in rows}) == 1]
    for row in rows:
        about = [_named(row, name) for name in shown if name not in alike and _is_told(row, name)]
        console.print(Text(f"{row['method']} {row['path']}  ").append(row["operation"], "dim"))
        console.print(Padding(Text("; ").join(about), (0, 0, 0, 4)))
    if alike:
        console.print(
            Text("; ").join(_named(rows[0], name) for name in alike).append(", all of them")
        )


def _is_told(row: dict[str, str], name: str) -> bool:
    """Without rules of access or of origins, nobody misses them; the others are expected."""
    return row[name] != "-" or name not in ("access", "cors")


def _named(row: dict[str, str], name: str) -> Text:
    said = row[name]
    text = said if name in ("authenticate", "limit") else f"{name} {said}"
    return Text(f"no {name}" if said == "-" else text, _style(name, said))


def _style(name: str, text: str) -> str:
    return "yellow" if name in _CONTROLS and text in ("public", "-") else ""


def _size(count: int) -> str:
    if count == 0:
        return "none"
    for unit, name in ((1024**2, "MiB"), (1024, "KiB")):
        if count % unit == 0:
            return f"{count // unit}{name}"
    return f"{count}B"
