"""What the commands that read records share: where those are, and how reading them fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from vallum.cli.policy import exit_with, policy_or_exit

path_option = click.option(
    "--path",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The directory of the records itself; no policy is read then.",
)


def directory_of(config: Path) -> Path:
    """Where the records of a policy are; ends the command where there are none."""
    path = policy_or_exit(config, "`--path DIRECTORY` needs no policy").records.path
    if path is None:
        exit_with(f"the policy `{config}` switches records off")
    if not path.is_dir():
        exit_with(f"`{path}` has no records yet", "serve something first")
    return path


@contextmanager
def reading(directory: Path) -> Iterator[None]:
    """Ends the command where the records cannot be read."""
    try:
        yield
    except OSError as error:
        exit_with(f"cannot read `{directory}`: {error.strerror}")
