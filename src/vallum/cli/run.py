"""`vallum run`: serve an ASGI application in the gateway's own process, behind its policy."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from vallum.cli.policy import config_option, exit_with, loaded_or_exit
from vallum.cli.serving import serve
from vallum.config.load import LoadedPolicy


@click.command()
@click.argument("application", metavar="PACKAGE.MODULE:APP")
@config_option
@click.option("--api", help="Which API of the policy it is, where there are several.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes."
)
@click.option("--json", "as_json", is_flag=True, help="Print the start-up table as JSON.")
def run(application: str, config: Path, api: str | None, workers: int, as_json: bool) -> None:
    """Serve and protect an ASGI application, as one would use uvicorn.

    The application takes the place of the API's upstream in the policy.

    Example:

    \b
      vallum init --openapi openapi.json --upstream asgi:shop.main:app
      vallum run shop.main:app
    """
    loaded = loaded_or_exit(config)
    names = list(loaded.policy.apis)
    if api is None and len(names) != 1:
        exit_with(f"the policy has several APIs; say which with --api: {', '.join(names)}")
    name = api or names[0]
    if name not in loaded.policy.apis:
        exit_with(f"the policy has no API `{name}`; it has: {', '.join(names)}")

    def adjust(loaded: LoadedPolicy) -> LoadedPolicy:
        policy = loaded.policy
        old = policy.apis[name]
        new = replace(old, upstream=replace(old.upstream, url=f"asgi:{application}"))
        return replace(loaded, policy=replace(policy, apis={**policy.apis, name: new}))

    sys.exit(serve(adjust(loaded), workers=workers, as_json=as_json, adjust=adjust))
