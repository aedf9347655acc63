"""What people allowed clients to do (AN-5)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select, update

from vallum.core.ports import Clock
from vallum.identity.secrets import new_id
from vallum.identity.storage.clients import Client
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import GRANTS


class Grant(NamedTuple):
    """One consent: a person, a client in one version, scopes, a resource, a redirect URI."""

    id: str
    user_id: str
    client_id: str
    client_version: int
    scopes: frozenset[str]
    resource: str
    redirect_uri: str
    created: float
    last_used: float | None


class Grants:
    """The living grants of all people; `Revoking` ends them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(
        self,
        user_id: str,
        client: Client,
        *,
        scopes: Collection[str],
        resource: str,
        redirect_uri: str,
    ) -> Grant | None:
        """The grant that covers all of this, if the person gave one to this version (B-172)."""
        for grant in await self.of_user(user_id):
            if (
                grant.client_id == client.id
                and grant.client_version == client.version
                and grant.resource == resource
                and grant.redirect_uri == redirect_uri
                and grant.scopes.issuperset(scopes)
            ):
                return grant
        return None

    async def get(self, grant_id: str) -> Grant | None:
        """A grant that was not revoked."""
        statement = select(GRANTS).where(GRANTS.c.id == grant_id, GRANTS.c.revoked.is_(None))
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _grant(row)

    async def of_user(self, user_id: str) -> list[Grant]:
        """What a person has allowed, newest first."""
        statement = (
            select(GRANTS)
            .where(GRANTS.c.user_id == user_id, GRANTS.c.revoked.is_(None))
            .order_by(GRANTS.c.created.desc())
        )
        async with self._database.read() as connection:
            return [_grant(row) for row in (await connection.execute(statement)).all()]

    async def give(
        self,
        user_id: str,
        client: Client,
        *,
        scopes: Collection[str],
        resource: str,
        redirect_uri: str,
    ) -> Grant:
        """Keep a person's consent."""
        now = self._clock()
        grant = Grant(
            new_id("grant"),
            user_id,
            client.id,
            client.version,
            frozenset(scopes),
            resource,
            redirect_uri,
            now,
            now,
        )
        values = grant._asdict() | {"scopes": orjson.dumps(sorted(scopes)).decode()}
        async with self._database.write() as connection:
            await insert_row(connection, GRANTS, values)
        return grant

    async def used(self, grant_id: str) -> None:
        """Note that a client asked for tokens under a grant."""
        async with self._database.write() as connection:
            await connection.execute(
                update(GRANTS).where(GRANTS.c.id == grant_id).values(last_used=self._clock())
            )


def _grant(row: Any) -> Grant:
    return Grant(
        row.id,
        row.user_id,
        row.client_id,
        row.client_version,
        frozenset(orjson.loads(row.scopes)),
        row.resource,
        row.redirect_uri,
        row.created,
        row.last_used,
    )
