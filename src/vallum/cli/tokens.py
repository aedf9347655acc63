"""`vallum tokens`: end access tokens before they expire (B-150)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from vallum.cli.groups import Commands
from vallum.cli.policy import config_option, exit_with, policy_or_exit
from vallum.config.diagnostics import suggest
from vallum.store.errors import StateUnusable
from vallum.store.revocations import Revocations


@click.group(cls=Commands)
def tokens() -> None:
    """End access tokens before they expire.

    Example:

    \b
      vallum tokens revoke corp --jti 0f8fad5b
      vallum tokens revoke corp --subject user:alice
    """


@tokens.command()
@click.argument("issuer")
@click.option("--jti", help="The one token with this `jti`.")
@click.option(
    "--subject", help="Every token of `user:NAME` or `client:NAME` that was issued until now."
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke(issuer: str, jti: str | None, subject: str | None, config: Path, as_json: bool) -> None:
    """Revoke tokens of ISSUER, by its name in the policy.

    In effect on all running workers within two seconds; no restart is needed. The records name
    subject and `jti` of each exchange.

    Example:

    \b
      vallum tokens revoke corp --subject user:alice
    """
    if (jti is None) == (subject is None):
        raise click.UsageError("say either --jti or --subject")
    if subject is not None and not subject.startswith(("user:", "client:")):
        raise click.BadParameter(f"`{subject}` is not user:NAME or client:NAME")
    policy = policy_or_exit(config)
    trusted = policy.issuers.get(issuer)
    if trusted is None:
        exit_with(f"there is no issuer `{issuer}`", suggest(issuer, policy.issuers, what="issuer"))
    now = time.time()
    try:
        revocations = Revocations(policy.state)
    except StateUnusable as error:
        exit_with(str(error))
    about: dict[str, str | float] = {"issuer": trusted.issuer}
    if jti is not None:
        # No token that is accepted now can be valid for longer than this.
        until = now + trusted.max_lifetime + 2 * trusted.leeway
        revocations.revoke_token(trusted.issuer, jti, until=until, now=now)
        about |= {"jti": jti, "until": until}
    elif subject is not None:
        revocations.revoke_subject(trusted.issuer, subject, at=now)
        about |= {"subject": subject, "issued_until": now}
    revocations.close()
    if as_json:
        click.echo(json.dumps(about, indent=2))
    click.echo(f"revoked {subject or jti} of `{issuer}`", err=True)
