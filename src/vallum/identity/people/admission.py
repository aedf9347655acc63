"""Who can have an account here, and how those are refused who cannot."""

from __future__ import annotations

from vallum.identity.errors import PageError
from vallum.identity.people.addresses import BadAddress, canonical_address, is_of_domain
from vallum.identity.services import Services


def demand_open(services: Services) -> None:
    """Whether people make accounts themselves.

    Raises:
        PageError: operators make them.
    """
    if services.settings.sign_up != "open":
        raise PageError(
            "Accounts are made for you here",
            "Please ask whoever runs this service for one.",
            status=403,
            reason="sign-up.off",
        )


def allowed_address(services: Services, typed: str) -> str:
    """The canonical form of an address that an account here can have.

    Raises:
        BadAddress: it is no address, or one of a domain that cannot.
    """
    email = canonical_address(typed)
    judge_domain(services, email)
    return email


def judge_domain(services: Services, email: str) -> None:
    """Whether an account here can have this canonical address.

    Raises:
        BadAddress: only those of other domains can.
    """
    domains = services.settings.email_domains
    if domains and not is_of_domain(email, domains):
        raise BadAddress(f"Only addresses of {', '.join(domains)} can have an account here.")


def account_disabled() -> PageError:
    """For people who are kept out."""
    return PageError(
        "This account is disabled",
        "Please ask whoever runs this service.",
        status=403,
        reason="sign-in.disabled",
    )
