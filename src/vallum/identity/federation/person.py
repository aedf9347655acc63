"""Who somebody is according to a provider: the few claims that we read, in our forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vallum.config.provider import UpstreamProvider
from vallum.identity.people.addresses import BadAddress, canonical_address, canonical_domain
from vallum.identity.people.choosing import BadChoice, chosen_name


class WrongDomain(Exception):  # noqa: N818  (a verdict on an account)
    """The account belongs to another organization than the one that is let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person at a provider; `issuer` and `subject` together are the only key (B-169)."""

    provider: str
    """Its name in the policy."""
    issuer: str
    subject: str
    email: str
    """Canonical, and confirmed by the provider; empty where it confirms none."""
    name: str
    """To be shown; may be empty."""


def person_of(
    provider: UpstreamProvider, claims: Mapping[str, Any], about: Mapping[str, Any]
) -> Person:
    """The person whom verified claims describe.

    Args:
        provider: whose claims.
        claims: of the ID token.
        about: where address and name are: the ID token too, or the userinfo answer.

    Raises:
        WrongDomain: not of the hosted domain that the policy names.
    """
    # The gate is the provider's own word on whose account this is, in the signed token: an
    # address can have any domain (B-169).
    if provider.hosted_domain is not None and not _is_hosted(
        claims.get("hd"), provider.hosted_domain
    ):
        raise WrongDomain(provider.name)
    return Person(
        provider=provider.name,
        issuer=provider.issuer,
        subject=claims["sub"],
        email=_confirmed_address(about),
        name=_name(about.get("name")),
    )


def _is_hosted(found: object, domain: str) -> bool:
    if not isinstance(found, str):
        return False
    try:
        return canonical_domain(found) == canonical_domain(domain)
    except BadAddress:
        return False


def _confirmed_address(about: Mapping[str, Any]) -> str:
    email = about.get("email")
    # Core §5.1: a boolean. The text "false" is true in many languages, and not here.
    if about.get("email_verified") is not True or not isinstance(email, str):
        return ""
    try:
        return canonical_address(email)
    except BadAddress:
        return ""


def _name(found: object) -> str:
    if not isinstance(found, str):
        return ""
    try:
        return chosen_name(found)
    except BadChoice:
        return ""
