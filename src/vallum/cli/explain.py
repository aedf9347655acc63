"""`vallum explain`: what every control decides about a request, without sending anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.text import Text

from vallum.app import (
    StartRefused,
    compile_runtime,
    explain_controls,
    open_services,
    served_hosts,
)
from vallum.cli.findings import as_values, print_findings
from vallum.cli.policy import config_option, exit_with, loaded_or_exit
from vallum.cli.recorded import tell_recorded
from vallum.cli.tables import table_of_facts
from vallum.config.load import LoadedPolicy
from vallum.core.problems import Denied
from vallum.core.request import Client, Request, Target
from vallum.engine.exchange import Exchange
from vallum.gateway.body import check_declared_body
from vallum.gateway.routing import locate, match
from vallum.gateway.runtime import Runtime
from vallum.inspection.model import Finding
from vallum.limits.memory import MemoryLimitStore
from vallum.store.errors import StateUnusable
from vallum.wire.http1 import parse_request_fields

_NO_TARGET = Target("", (), b"", (), b"")


@dataclass(slots=True)
class _Story:
    """What was decided, step by step."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    operation: str = ""
    refusal: Denied | None = None
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> str:
        refusal = self.refusal
        return json.dumps(
            {
                "decision": "allow" if refusal is None else "deny",
                "operation": self.operation,
                "steps": [{"control": name, "says": text} for name, text in self.steps],
                "findings": as_values(self.findings),
                "refusal": None
                if refusal is None
                else {
                    "status": refusal.status,
                    "problem": refusal.problem.slug,
                    "reason": refusal.reason,
                    "violations": [violation._asdict() for violation in refusal.violations],
                },
            }
        )


@click.command()
@click.argument("method", metavar="METHOD|INSTANCE")
@click.argument("url", required=False)
@config_option
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A field, or @FILE for those of a file.",
)
@click.option("--key", help="An API key, sent in the field that the contract names.")
@click.option("-d", "--data", help="The body, or @FILE for a file's content.")
@click.option("--client", default="127.0.0.1", show_default=True, help="The caller's address.")
@click.option("--json", "as_json", is_flag=True, help="Print the decisions as JSON.")
def explain(
    method: str,
    url: str | None,
    config: Path,
    headers: tuple[str, ...],
    key: str | None,
    data: str | None,
    client: str,
    as_json: bool,
) -> None:
    """Show which operation a request meets and what each control decides, and why.

    Nothing is sent, no limit is used up. Exit status 0: it would be forwarded; 2: refused. With the
    `instance` of a problem instead of a request: what was recorded of that exchange.

    Example:

    \b
      vallum explain GET /books?limit=10 -H @reader.key
      vallum explain POST /orders -H 'Content-Type: application/json' --data @order.json
      vallum explain urn:vallum:request:4f0c7d1be1d94d0e8a55c2f3b6a1e907
    """
    if url is None:
        tell_recorded(config, method, as_json=as_json)
        return
    if not (url.startswith("/") or "://" in url or url == "*" or method == "CONNECT"):
        exit_with(
            f"`{url}` is no path and no URL",
            "first the method, then the path: `GET /books?limit=10`",
        )
    loaded = loaded_or_exit(config)
    try:
        runtime = compile_runtime(loaded, open_services(loaded.policy, MemoryLimitStore()))
        body = _body(data)
        block = _fields(loaded, url, headers, key, body)
    except (StartRefused, StateUnusable, OSError, ValueError) as error:
        exit_with(str(error))
    story = _tell(runtime, method, url, block, client, body)
    if as_json:
        click.echo(story.as_json())
    else:
        _print(story)
    sys.exit(0 if story.refusal is None else 2)


def _body(data: str | None) -> bytes:
    """The body that was given, or what its file holds.

    Raises:
        ValueError: the file cannot be read.
    """
    if data is None:
        return b""
    return _read(data[1:]) if data.startswith("@") else data.encode("utf-8")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read `{path}`: {error.strerror}") from None


def _fields(
    loaded: LoadedPolicy, url: str, headers: tuple[str, ...], key: str | None, body: bytes
) -> bytes:
    """The field block as a client would send it.

    Raises:
        ValueError: a header without a colon, a file that cannot be read, or a policy that serves
            no host.
    """
    given = []
    for header in _lines(headers):
        name, colon, value = header.partition(":")
        if not colon:
            raise ValueError(f"`{header}` is not a header; write 'Name: value'")
        given.append((name.strip(), value.strip()))
    names = {name.lower() for name, _ in given}
    apis = list(loaded.policy.apis.values())
    if not apis:
        raise ValueError("the policy has no API")
    if "host" not in names:
        given.append(
            ("host", urlsplit(url).netloc or served_hosts(loaded.policy.listen, apis[0])[0])
        )
    if key is not None:
        given.append((_key_field(loaded), key))
    if body and "content-length" not in names:
        given.append(("content-length", str(len(body))))
    if body and "content-type" not in names:
        given.append(("content-type", "application/json"))
    return "\r\n".join(f"{name}: {value}" for name, value in given).encode("utf-8")


def _lines(headers: tuple[str, ...]) -> Iterator[str]:
    """The headers, and those of the files that are named as curl takes them."""
    for header in headers:
        if header.startswith("@"):
            yield from filter(None, _read(header[1:]).decode("utf-8", "replace").splitlines())
        else:
            yield header


def _key_field(loaded: LoadedPolicy) -> str:
    for contract in loaded.contracts.values():
        for scheme in contract.security_schemes.values():
            if scheme.type == "apiKey" and scheme.location == "header":
                return scheme.parameter
    return "x-api-key"


def _tell(
    runtime: Runtime, method: str, url: str, block: bytes, client: str, body: bytes
) -> _Story:
    """Run the request through the parsers, the router and the controls."""
    story = _Story()
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "") if parts.netloc else url
    try:
        fields = parse_request_fields(block, 1, runtime.underscored)
        story.steps.append(("message", "one reading, nothing ambiguous"))
        host = fields.host.decode("ascii").lower()
        who = Client(client, client, 0)
        head = Request(method, _NO_TARGET, fields, runtime.scheme, host, who)
        request, router = locate(runtime, head, target.encode("utf-8") or b"/")
        story.steps.append(("target", f"{request.target.path} on {request.host}"))
        route, parameters = match(router, request)
        story.operation = route.operation.id
        story.steps.append(("route", f"{route.operation.id} of {route.api}"))
        exchange = Exchange(request, route, parameters)
        exchange.body = body
        story.findings = exchange.findings
        if body:
            check_declared_body(route, method, len(body))
        for control, says in explain_controls(exchange):
            story.steps.append((control.name, says))
        story.steps.append(("upstream", "the request would be forwarded"))
    except Denied as denied:
        story.refusal = denied
        story.steps.append((denied.reason.partition(".")[0], f"refuses: {denied.reason}"))
    return story


def _print(story: _Story) -> None:
    console = Console(soft_wrap=True)
    console.print(table_of_facts(story.steps))
    if story.findings:
        print_findings(console, story.findings)
    refusal = story.refusal
    if refusal is None:
        console.print(Text("allowed", style="green"))
        return
    console.print(
        Text(f"{refusal.status} {refusal.problem.title}: {refusal.problem.detail}", "red")
    )
    for violation in refusal.violations:
        console.print(Text(f"  {violation.location} {violation.pointer}: {violation.detail}"))
