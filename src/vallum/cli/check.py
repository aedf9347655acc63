"""`vallum check`: validate a policy and its OpenAPI files together."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import orjson

from vallum.cli.diagnostics import print_diagnostics
from vallum.cli.policy import config_option
from vallum.config.codes import Severity
from vallum.config.diagnostics import Diagnostic, counted
from vallum.config.identity_api import IDENTITY_API
from vallum.config.load import inspect_policy
from vallum.config.model import Policy
from vallum.config.schema import policy_schema


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of policy files and end.")
def check(config: Path, as_json: bool, strict: bool, schema: bool) -> None:
    """Validate a policy and its OpenAPI files together.

    Shows every error at once, each with its file, line, the nearest valid name and how to mend it;
    and warnings for what is legal but unwise. docs/policy.md explains each code.

    Exit status: 0 without errors, 1 with errors (with --strict: or warnings).

    Examples:

    \b
      vallum check
      vallum check -c staging.yaml --strict
      vallum check --schema > vallum.schema.json
    """
    if schema:
        click.echo(orjson.dumps(policy_schema(), option=orjson.OPT_INDENT_2).decode())
        return
    policy, found = inspect_policy(config)
    counts = Counter(diagnostic.severity for diagnostic in found)
    is_good = policy is not None and not (strict and counts["warning"])
    if as_json:
        click.echo(_as_json(config, found, is_good=is_good))
    else:
        print_diagnostics(found)
        operations = None if policy is None else _operations(policy)
        click.echo(_verdict(config, counts, operations, is_good=is_good))
    sys.exit(0 if is_good else 1)


def _operations(policy: Policy) -> int:
    """How many operations of the policy's own APIs there are."""
    return sum(len(api.controls) for name, api in policy.apis.items() if name != IDENTITY_API)


def _verdict(
    config: Path, counts: Mapping[Severity, int], operations: int | None, *, is_good: bool
) -> str:
    kinds: tuple[Severity, ...] = ("error", "warning")
    parts = [counted(counts[kind], kind) for kind in kinds if counts[kind]]
    summary = ", ".join(parts) or "no errors, no warnings"
    if operations is None:
        return f"{config}: {click.style(summary, fg='red', bold=True)}; the gateway would not start"
    if not is_good:
        return f"{config}: {click.style(summary, fg='red', bold=True)}, and --strict allows none"
    protected = f"{counted(operations, 'operation')} protected"
    return f"{config}: {click.style(summary, fg='green', bold=True)}; {protected}"


def _as_json(config: Path, found: Sequence[Diagnostic], *, is_good: bool) -> str:
    counts = Counter(diagnostic.severity for diagnostic in found)
    report = {
        "file": str(config),
        "ok": is_good,
        "errors": counts["error"],
        "warnings": counts["warning"],
        "diagnostics": [
            {
                "severity": diagnostic.severity,
                "code": diagnostic.code,
                "file": str(diagnostic.file),
                "line": diagnostic.line,
                "column": diagnostic.column,
                "message": diagnostic.message,
                "hint": diagnostic.hint,
            }
            for diagnostic in found
        ],
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode()
