"""What the provider's pages and endpoints work with; made once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vallum.config.provider import IdentitySettings
from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.people.guard import Guard
from vallum.identity.people.passwords import Passwords
from vallum.identity.signing_keys import SigningKeys
from vallum.identity.storage.clients import Clients
from vallum.identity.storage.codes import Codes
from vallum.identity.storage.database import Database
from vallum.identity.storage.device_codes import DeviceCodes
from vallum.identity.storage.devices import Devices
from vallum.identity.storage.events import Events, Sink
from vallum.identity.storage.flows import Flows
from vallum.identity.storage.grants import Grants
from vallum.identity.storage.identities import Identities
from vallum.identity.storage.passkeys import Passkeys
from vallum.identity.storage.recovery_codes import RecoveryCodes
from vallum.identity.storage.refresh_tokens import RefreshTokens
from vallum.identity.storage.revocations import RevocationFeed
from vallum.identity.storage.sessions import Sessions
from vallum.identity.storage.tickets import Tickets
from vallum.identity.storage.totp_factors import TotpFactors
from vallum.identity.storage.users import Users
from vallum.tokens.nonces import Nonces
from vallum.vault.sealing import Sealer


class DataPlane(Protocol):
    """How a revocation reaches the workers of the gateway, within a second or two."""

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Refuse the access token with this `jti`; it expires by itself at `until`."""
        ...

    def revoke_subject(self, subject: str, *, at: float) -> None:
        """Refuse every token of `user:<id>` or `client:<id>` that was issued until then."""
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
    clock: Clock
    events: Events
    data_plane: DataPlane
    mail: MailTransport
    keys: SigningKeys
    clients: Clients
    codes: Codes
    refresh_tokens: RefreshTokens
    device_codes: DeviceCodes
    nonces: Nonces
    """Of DPoP proofs; the gateway's workers make and take the same."""
    flows: Flows
    grants: Grants
    identities: Identities
    sessions: Sessions
    tickets: Tickets
    revocations: RevocationFeed
    users: Users
    devices: Devices
    totp: TotpFactors
    passkeys: Passkeys
    recovery_codes: RecoveryCodes
    passwords: Passwords
    guard: Guard


def make_services(
    settings: IdentitySettings,
    sealer: Sealer,
    *,
    data_plane: DataPlane,
    mail: MailTransport,
    sink: Sink,
    clock: Clock,
) -> Services:
    """The provider's parts on one database; the application opens and closes it.

    Args:
        settings: what the policy says.
        sealer: of the key beside the database.
        data_plane: told about what was revoked.
        mail: sends mail.
        sink: the records; told about every event.
        clock: Unix seconds.

    Raises:
        DatabaseUnusable: the database's address is none.
    """
    database = Database(settings.database)
    events = Events(database, clock, sink)
    return Services(
        settings=settings,
        database=database,
        sealer=sealer,
        clock=clock,
        events=events,
        data_plane=data_plane,
        mail=mail,
        keys=SigningKeys(database, sealer, clock, settings),
        clients=Clients(database, clock, sealer.derive(b"client secret")),
        codes=Codes(database, clock, settings, events),
        refresh_tokens=RefreshTokens(database, clock, settings, sealer),
        device_codes=DeviceCodes(database, clock, settings, sealer.derive(b"user code")),
        nonces=Nonces(nonce_key(sealer)),
        flows=Flows(database, clock),
        grants=Grants(database, clock),
        identities=Identities(database, clock),
        sessions=Sessions(database, clock, settings),
        tickets=Tickets(database, clock),
        revocations=RevocationFeed(database, clock, data_plane),
        users=Users(database, clock),
        devices=Devices(database, clock),
        totp=TotpFactors(database, clock, sealer),
        passkeys=Passkeys(database, clock),
        recovery_codes=RecoveryCodes(database, clock, sealer.derive(b"recovery code")),
        passwords=Passwords(sealer.derive(b"password pepper")),
        guard=Guard(database, clock, events, sealer.derive(b"attempts")),
    )


def nonce_key(sealer: Sealer) -> Secret:
    """What nonces for DPoP proofs are made with: the same on every node."""
    return sealer.derive(b"dpop nonce")
