"""What is granted by commands: roles by names that a policy can have, and those that it has not."""

from __future__ import annotations

from collections.abc import Iterable

import click

from vallum.cli.policy import read_option
from vallum.config import values
from vallum.config.diagnostics import suggest
from vallum.config.model import Policy


def read_role(text: str) -> str:
    """A role's name as the policy file may have it; raises click.BadParameter."""
    return read_option(values.name, text)


def warn_of_unknown(policy: Policy, *, scopes: Iterable[str] = (), roles: Iterable[str]) -> None:
    """Warn of scopes that nothing asks for and of roles that are not there; both are granted."""
    needed = {scope for role in policy.roles.values() for scope in role.scopes}
    for api in policy.apis.values():
        for controls in api.controls.values():
            needed |= controls.asked_scopes
    for scope in sorted(set(scopes) - needed):
        hint = suggest(scope, needed, what="scope")
        click.echo(f"warning: no operation asks for the scope `{scope}`; {hint}", err=True)
    for role in sorted(set(roles) - set(policy.roles)):
        hint = suggest(role, policy.roles, what="role")
        click.echo(f"warning: the policy has no role `{role}`; {hint}", err=True)
