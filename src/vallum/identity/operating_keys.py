"""What an operator does to the keys that tokens are signed with (AN-4)."""

from __future__ import annotations

from collections.abc import Sequence

from vallum.identity.operating import OPERATOR, NotDone
from vallum.identity.services import Services
from vallum.identity.signing_keys import KeyStatus


async def list_keys(services: Services) -> Sequence[KeyStatus]:
    """The keys that others must trust now, in the order in which they sign."""
    await _maintain(services)
    return services.keys.status()


async def rotate_keys(services: Services) -> KeyStatus:
    """A new key, which signs once everybody knows it; tokens of the old one stay good."""
    await _maintain(services)
    kid = await services.keys.rotate()
    _publish(services)
    await services.events.record("signing-key.rotated", actor=OPERATOR, key=kid)
    return next(key for key in services.keys.status() if key.kid == kid)


async def revoke_key(services: Services, kid: str) -> None:
    """Withdraw a key that others may have: every token that it signed is worth nothing.

    Raises:
        NotDone: there is no such key.
    """
    await _maintain(services)
    if not await services.keys.revoke(kid):
        raise NotDone(f"there is no key `{kid}`; `vallum signing-keys list` shows all")
    _publish(services)
    await services.events.record("signing-key.revoked", actor=OPERATOR, alert=True, key=kid)


async def _maintain(services: Services) -> None:
    await services.keys.maintain()
    _publish(services)


def _publish(services: Services) -> None:
    # The workers hear of it also while the provider is down.
    services.data_plane.publish_keys(services.keys.jwks)
