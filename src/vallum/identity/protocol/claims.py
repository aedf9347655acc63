"""What clients learn about a person by the scopes that she allowed (OpenID Connect Core §5.4)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol


class Described(Protocol):
    """What is known of a person."""

    @property
    def name(self) -> str:
        """As shown."""
        ...

    @property
    def email(self) -> str:
        """The address of the account."""
        ...

    @property
    def email_verified(self) -> bool:
        """Whether the person reads mail there."""
        ...


CLAIMS = ("name", "email", "email_verified")
"""All that clients can learn beside `sub`; for the metadata."""


def claims_of(person: Described, scopes: Collection[str]) -> dict[str, Any]:
    """The claims about a person that these scopes open."""
    claims: dict[str, Any] = {}
    if "profile" in scopes and person.name:
        claims["name"] = person.name
    if "email" in scopes:
        claims["email"] = person.email
        claims["email_verified"] = person.email_verified
    return claims
