"""Options and arguments of `vallum ca`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from vallum.cli.diagnostics import print_diagnostics
from vallum.cli.policy import exit_with, read_option, state_options
from vallum.config import values
from vallum.config.diagnostics import PolicyErrors
from vallum.config.state_path import state_path
from vallum.core.spiffe import InvalidSpiffeId, is_spiffe, parse_workload_id
from vallum.pki.names import is_dns, is_email, is_uri

_KINDS = {"dns": is_dns, "uri": is_uri, "email": is_email}


def leaf_name(text: str) -> str:
    """What a workload is called in the authority's list; also the name of its files."""
    return read_option(values.name, text)


def general_name(text: str) -> str:
    """`dns:…`, `uri:…` or `email:…`."""
    kind, colon, value = text.partition(":")
    if not colon or kind not in _KINDS or not _KINDS[kind](value):
        raise click.BadParameter(f"`{text}`: write `dns:NAME`, `uri:URI` or `email:ADDRESS`")
    if kind == "uri" and is_spiffe(value):
        try:
            parse_workload_id(value)
        except InvalidSpiffeId as error:
            raise click.BadParameter(f"`{value}`: {error}") from None
    return text


def permitted_name(text: str) -> str:
    """`dns:DOMAIN` or `email:DOMAIN`: what name constraints can hold."""
    kind, _, value = text.partition(":")
    if kind not in ("dns", "email") or not is_dns(value):
        raise click.BadParameter(f"`{text}`: write `dns:DOMAIN` or `email:DOMAIN`")
    return text


def days(most: int) -> click.FloatRange:
    """A number of days, such as 30 or 0.5."""
    return click.FloatRange(0, most, min_open=True)


def with_ca(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say where the authority is, and `--json`."""

    def called(config: Path, state: Path | None, **given: Any) -> None:
        if state is None:
            try:
                state = state_path(config)
            except PolicyErrors as error:
                print_diagnostics(list(error.diagnostics), err=True)
                exit_with(f"`{config}` cannot be read", "`--state FILE` needs no policy")
        command(folder=state.parent / "ca", **given)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    return state_options(called)
