"""Slowing down programs that guess, as people are slowed down."""

from __future__ import annotations

from starlette.requests import Request

from vallum.identity.errors import OAuthError
from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.people.guard_rules import What
from vallum.identity.services import Services
from vallum.identity.web.caller import address_of


async def count_guess(
    services: Services,
    request: Request,
    what: What,
    *,
    account: str = "",
    error: str = "slow_down",
    description: str = "",
) -> None:
    """Count what has turned out to be wrong.

    Args:
        services: the provider's parts.
        request: of the program.
        what: was guessed at.
        account: whose; empty where nobody is named.
        error: what who has guessed too often is told, with 429.
        description: beside it.

    Raises:
        OAuthError: there were too many.
    """
    try:
        attempt = await services.guard.check(what, account=account, address=address_of(request))
    except TooManyAttempts as refusal:
        raise OAuthError(
            error, description, status=429, reason=refusal.reason, headers=refusal.headers
        ) from None
    await services.guard.failed(attempt)
