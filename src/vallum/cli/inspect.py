"""`vallum inspect`: what the detectors say about a text, without a policy or a request."""

from __future__ import annotations

import json
import sys
from urllib.parse import unquote_plus

import click
from rich.console import Console
from rich.text import Text

from vallum.app_inspection import make_inspector
from vallum.cli.findings import as_values, print_findings
from vallum.inspection.inspector import TooSuspiciousError
from vallum.inspection.model import THRESHOLDS, Content, Context, Finding, Location, Sensitivity
from vallum.openapi.texts import ANYTHING, Place
from vallum.wire.json import MalformedJSON, parse_json
from vallum.wire.pointer import json_pointer

_LONGEST = 1024 * 1024
_CONTENTS = ("text", "prose", "html", "code", "markdown", "secret")


@click.command()
@click.argument("text")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "query", "json", "header", "html"]),
    default="text",
    show_default=True,
    help="How the text stands in a request.",
)
@click.option(
    "--content", type=click.Choice(_CONTENTS), default="text", help="What the field is for."
)
@click.option(
    "--sensitivity", type=click.Choice(list(THRESHOLDS)), default="default", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def inspect(
    text: str, form: str, content: Content, sensitivity: Sensitivity, as_json: bool
) -> None:
    """Show what the detectors say about TEXT (`-`: standard input), and whether it would pass.

    As `query` the text is percent-decoded once, as `json` each string and name in it is looked at,
    as `html` it is rich text; a `header` may have its name before it. Exit status 0: it would
    pass; 2: it would be stopped.

    Example:

    \b
      vallum inspect "1 or 1=1 --"
      vallum inspect '{"q": {"$ne": null}}' --as json
      vallum inspect '<b onclick=alert(1)>hi</b>' --as html
    """
    if text == "-":
        text = sys.stdin.read(_LONGEST)
    location, places = _places(text, form, "html" if form == "html" else content)
    findings = _findings(location, places)
    threshold = THRESHOLDS[sensitivity]
    stopped = any(finding.score >= threshold for finding in findings)
    if as_json:
        click.echo(json.dumps({"stopped": stopped, "findings": as_values(findings)}))
    else:
        _print(findings, threshold, sensitivity)
    sys.exit(2 if stopped else 0)


def _places(text: str, form: str, content: str) -> tuple[Location, list[Place]]:
    if form == "json":
        try:
            value = parse_json(text.encode("utf-8"))
        except MalformedJSON as error:
            raise click.UsageError(f"the text is not JSON that Vallum accepts: {error}") from None
        places = [
            place if place.is_name else place._replace(content=content)
            for place in ANYTHING.places(value)
        ]
        return "body", places
    if form == "query":
        return "query", [Place(("value",), unquote_plus(text), content, False)]
    if form == "header":
        name, colon, value = text.partition(":")
        if not colon or not name.replace("-", "").isalnum():
            name, value = "x-value", text
        return "header", [Place((name.lower(),), value.strip(), content, False)]
    return "body", [Place((), text, content, False)]


def _findings(location: Location, places: list[Place]) -> list[Finding]:
    inspector = make_inspector()

    def context_of(index: int) -> Context:
        place = places[index]
        name = place.pointer[-1] if place.pointer else ""
        content: Content = place.content  # type: ignore[assignment]
        return Context(location, name, content, place.is_name)

    try:
        suspicions = inspector.inspect([place.text for place in places], context_of)
    except TooSuspiciousError:
        raise click.ClickException("more to judge than one request may ask for") from None
    return [
        each.finding(location, json_pointer(place.pointer), is_name=place.is_name)
        for each, place in ((each, places[each.text]) for each in suspicions)
    ]


def _print(findings: list[Finding], threshold: int, sensitivity: str) -> None:
    console = Console(soft_wrap=True)
    if not findings:
        console.print(Text("nothing found: it would pass", style="green"))
        return
    print_findings(console, findings)
    highest = max(finding.score for finding in findings)
    stopped = highest >= threshold
    verdict = "it would be stopped" if stopped else "it would pass"
    console.print(
        Text(
            f"{verdict}: the highest score is {highest}, `{sensitivity}` stops from {threshold} on",
            style="red" if stopped else "green",
        )
    )
