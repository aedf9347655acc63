"""`vallum init`: write a deny-by-default policy from an OpenAPI file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
import orjson

from vallum.cli.diagnostics import print_diagnostics
from vallum.cli.policy import exit_with
from vallum.config.contracts import compile_contract, open_contract
from vallum.config.diagnostics import Report, counted
from vallum.config.draft import Draft, DraftOptions, draft_policy
from vallum.config.values import Bad
from vallum.store.whole_file import drafted


@click.command()
@click.option(
    "--openapi",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The OpenAPI 3.0 or 3.1 file, YAML or JSON.",
)
@click.option(
    "--upstream",
    required=True,
    metavar="URL",
    help="Where the API is: http://…, https://…, unix:/path or asgi:module:app.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("vallum.yaml"),
    show_default=True,
    help="The policy file to write.",
)
@click.option("--issuer", default="", metavar="URL", help="Issuer of the API's access tokens.")
@click.option("--audience", default="", metavar="NAME", help="What its tokens name in `aud`.")
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def init(
    openapi: Path,
    upstream: str,
    output: Path,
    issuer: str,
    audience: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write a deny-by-default policy from an OpenAPI file.

    Every operation is listed with what protects it: an authenticator, a rate limit and a size cap.
    It is public only where the contract says so. The policy works as it is written.

    Example:

    \b
      vallum init --openapi openapi.yaml --upstream http://127.0.0.1:8000
      vallum check
      vallum up
    """
    if bool(issuer) != bool(audience):
        raise click.UsageError("--issuer and --audience go together")
    if output.exists() and not force:
        exit_with(f"`{output}` is there already", "--force overwrites it, -o takes another name")
    draft, notes = _draft(openapi, upstream, output, issuer, audience)
    try:
        with drafted(output, draft.text.encode(), mode=0o666) as part:
            part.replace(output)
    except OSError as err:
        exit_with(f"`{output}` cannot be written: {err.strerror}")
    if as_json:
        summary = {
            "policy": str(output),
            "operations": draft.operations,
            "public": draft.public,
            "scopes": draft.scopes,
            "contract_warnings": notes,
        }
        click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
    click.echo(_next_steps(output, draft, notes), err=True)


def _draft(
    openapi: Path, upstream: str, output: Path, issuer: str, audience: str
) -> tuple[Draft, int]:
    """The draft, and the number of warnings about the contract."""
    report = Report(openapi)
    source = open_contract(openapi, report)
    contract = None
    if source is not None:
        contract = compile_contract(source, report, unknown="refuse", overrides={})
    if source is None or contract is None:
        print_diagnostics(report.in_order(), err=True)
        exit_with(f"`{openapi}` cannot be enforced as it is; nothing was written")
    options = DraftOptions(
        openapi=_relative(openapi, output.parent),
        upstream=upstream,
        issuer=issuer,
        audience=audience,
    )
    try:
        return draft_policy(contract, source.data, options), len(contract.warnings)
    except Bad as err:
        exit_with(err.message, err.hint)


def _relative(path: Path, start: Path) -> str:
    """The path as the policy names it: relative, unless it is in another part of the system."""
    relative = os.path.relpath(path, start)
    return str(path.resolve()) if relative.startswith(f"..{os.sep}..") else relative


def _next_steps(output: Path, draft: Draft, notes: int) -> str:
    option = "" if str(output) == "vallum.yaml" else f" -c {shlex.quote(str(output))}"
    scope = f" --scope {shlex.quote(draft.scopes[0])}" if draft.scopes else ""
    closed = draft.operations - draft.public
    counts = f"{closed:,} with authentication, {draft.public:,} public"
    lines = [f"{output}: {counted(draft.operations, 'operation')}; {counts}"]
    if notes:
        parts = "one part" if notes == 1 else f"{notes:,} parts"
        lines.append(f"The contract has {parts} worth a look; `vallum check` shows more.")
    steps = (
        (f"vallum check{option}", "what is unwise, with lines"),
        (f"vallum keys create{option} NAME{scope} -o NAME.key", "a key for a caller"),
        (f"vallum up{option}", "serve"),
    )
    width = max(len(command) for command, _ in steps)
    return "\n".join([*lines, "Next:", *(f"  {c:<{width}}  # {why}" for c, why in steps)])
