"""`vallum up`: serve the policy."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from vallum.cli.policy import config_option, loaded_or_exit
from vallum.cli.serving import serve
from vallum.config.load import LoadedPolicy


def parse_listen(value: str) -> tuple[str, int]:
    """`HOST:PORT` or `[V6]:PORT` as address and port.

    Raises:
        click.BadParameter: it is neither.
    """
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"`{value}` is not HOST:PORT, such as 127.0.0.1:8443")
    return host, int(port)


@click.command()
@config_option
@click.option("--listen", metavar="HOST:PORT", help="Listen here instead of where the policy says.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes on the one port; their limits are shared exactly.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the start-up table as JSON.")
def up(config: Path, listen: str | None, workers: int, as_json: bool) -> None:
    """Serve the policy: prints what protects each operation, then one `ready` line.

    \b
    SIGTERM, Ctrl-C   stop accepting, finish what is in flight, end
    Ctrl-C again      end at once
    SIGHUP            reload the policy (a changed file is reloaded by itself)

    Example:

    \b
      vallum up -c vallum.yaml --listen 127.0.0.1:8443 --workers 2
    """
    override = parse_listen(listen) if listen is not None else None

    def adjust(loaded: LoadedPolicy) -> LoadedPolicy:
        if override is None:
            return loaded
        policy = loaded.policy
        moved = replace(policy.listen, address=override[0], port=override[1])
        return replace(loaded, policy=replace(policy, listen=moved))

    loaded = adjust(loaded_or_exit(config))
    sys.exit(serve(loaded, workers=workers, as_json=as_json, adjust=adjust))
