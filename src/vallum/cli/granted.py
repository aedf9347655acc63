"""Says when somebody is granted what the policy does not know: most often it is misspelt."""

from __future__ import annotations

from collections.abc import Iterable

import click

from vallum.config.diagnostics import suggest
from vallum.config.model import Policy


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
