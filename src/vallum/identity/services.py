"""What the provider's pages and endpoints work with; made once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vallum.core.ports import Clock
from vallum.identity.settings import IdentitySettings
from vallum.identity.storage.database import Database
from vallum.identity.storage.events import Events
from vallum.vault.sealing import Sealer


class DataPlane(Protocol):
    """How a revocation reaches the workers of the gateway, within a second or two."""

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Refuse the access token with this `jti`; it expires by itself at `until`."""
        ...

    def revoke_subject(self, subject: str) -> None:
        """Refuse every token of `user:<id>` or `client:<id>` that was issued until now."""
        ...

    def publish_keys(self, jwks: bytes) -> None:
        """Trust these keys, and no others, for tokens of this provider."""
        ...


class MailTransport(Protocol):
    """Sends mail."""

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Hand one plain-text message over; raises `MailFailed` where nobody took it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The provider's parts."""

    settings: IdentitySettings
    database: Database
    sealer: Sealer
    events: Events
    data_plane: DataPlane
    mail: MailTransport
    clock: Clock
