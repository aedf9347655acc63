"""Applications and machines that may ask for tokens (AN-13)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any, Final, Literal

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import CLIENTS

ClientKind = Literal["web", "native", "browser", "service"]
AuthMethod = Literal[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
]
Binding = Literal["none", "dpop", "mtls"]

_LISTS: Final = ("grants", "scopes", "resources", "redirect_uris", "logout_uris", "origins")
_REMEMBERED_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client. Frozen: a change is a new row version."""

    id: str
    name: str
    kind: ClientKind
    auth_method: AuthMethod
    grants: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    origins: tuple[str, ...] = ()
    jwks: Mapping[str, Any] | None = None
    certificate: Mapping[str, str] | None = None
    """The one attribute that must match: `{"san_dns": …}`, `{"subject_dn": …}` (RFC 8705 §2.1.2),
    or `{"sha256": …}` of a self-signed one."""
    binding: Binding = "none"
    """What its tokens must be bound to."""
    trusted: bool = False
    """The operator's own application: people are not asked for consent."""
    owner: str = ""
    registered_by: Literal["operator", "dynamic"] = "operator"
    version: int = 1
    created: float = 0.0
    expires: float | None = None
    disabled: float | None = None
    secret_hash: bytes | None = None
    registration_hash: bytes | None = None

    @property
    def is_public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749 §2.1)."""
        return self.auth_method == "none"


class Clients:
    """All clients. Reads are remembered for two seconds: the token endpoint asks all the time."""

    def __init__(self, database: Database, clock: Clock, secret_key: Secret) -> None:
        """
        Args:
            database: where they are kept.
            clock: Unix seconds.
            secret_key: hashes the secrets of clients.
        """
        self._database = database
        self._clock = clock
        self._secret_key = secret_key
        self._remembered: dict[str, tuple[float, Client]] = {}

    def secret_hash(self, secret: str) -> bytes:
        """What is kept of a secret; secrets are random and long, so a keyed hash is enough."""
        return hmac.digest(self._secret_key.reveal(), secret.encode("utf-8", "replace"), sha256)

    async def find(self, client_id: str) -> Client | None:
        """A client that may be used now: neither unknown nor disabled nor expired."""
        now = self._clock()
        entry = self._remembered.get(client_id)
        if entry is not None and 0 <= now - entry[0] < _REMEMBERED_SECONDS:
            client = entry[1]
        else:
            found = await self.get(client_id)
            if found is None:
                return None
            if len(self._remembered) > 1000:
                self._remembered.clear()
            self._remembered[client_id] = (now, found)
            client = found
        if client.disabled is not None or (client.expires is not None and client.expires <= now):
            return None
        return client

    def known_since(self, client_id: str) -> float:
        """Unix seconds; when what `find` tells of a client was true for sure."""
        entry = self._remembered.get(client_id)
        return self._clock() if entry is None else entry[0]

    async def get(self, client_id: str) -> Client | None:
        """A client, whether or not it may be used."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(select(CLIENTS).where(CLIENTS.c.id == client_id))
            ).one_or_none()
        return None if row is None else _client(row)

    async def hold(self, client_id: str, *, disabled_too: bool = False) -> Client | None:
        """A client as it is now, and as it stays until the caller's transaction ends; None where
        there is none, or it is disabled and that matters."""
        statement = select(CLIENTS).where(CLIENTS.c.id == client_id).with_for_update()
        if not disabled_too:
            statement = statement.where(CLIENTS.c.disabled.is_(None))
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _client(row)

    async def all(self) -> list[Client]:
        """Every client, oldest first."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(CLIENTS).order_by(CLIENTS.c.created))).all()
        return [_client(row) for row in rows]

    async def count_dynamic(self) -> int:
        """How many clients registered themselves and are still in use."""
        statement = select(func.count()).where(
            CLIENTS.c.registered_by == "dynamic", CLIENTS.c.disabled.is_(None)
        )
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def add(self, client: Client) -> None:
        """Keep a new client."""
        async with self._database.write() as connection:
            await insert_row(connection, CLIENTS, _row(client))

    async def replace(self, client: Client) -> None:
        """Keep a changed client; grants of people were given to the version before."""
        async with self._database.write() as connection:
            await self._write(connection, client)
        self._remembered.pop(client.id, None)

    async def _write(self, connection: AsyncConnection, client: Client) -> None:
        values = _row(client)
        values.pop("id")
        await connection.execute(update(CLIENTS).where(CLIENTS.c.id == client.id).values(**values))


def _row(client: Client) -> dict[str, Any]:
    values = asdict(client)
    for name in _LISTS:
        values[name] = orjson.dumps(values[name]).decode()
    for name in ("jwks", "certificate"):
        if values[name] is not None:
            values[name] = orjson.dumps(values[name]).decode()
    return values


def _client(row: Any) -> Client:
    values = {field.name: getattr(row, field.name) for field in fields(Client)}
    for name in _LISTS:
        values[name] = tuple(orjson.loads(values[name]))
    for name in ("jwks", "certificate"):
        if values[name] is not None:
            values[name] = orjson.loads(values[name])
    return Client(**values)
