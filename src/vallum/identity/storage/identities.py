"""Accounts at other providers that people sign in with, keyed on issuer and subject (AN-6).

OpenID Connect Core §5.7: the two together are the only claims that name a person for good. An
e-mail address is kept to be shown, and never looked up here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import and_, delete, func, or_, select, update

from vallum.core.ports import Clock
from vallum.identity.storage.database import Database, insert_new
from vallum.identity.storage.tables import IDENTITIES, PASSKEYS, USERS


class Identity(NamedTuple):
    """One account at another provider."""

    issuer: str
    subject: str
    user_id: str
    """Whose it is here."""
    email: str
    """As the provider last confirmed it, or empty."""
    linked: float
    last_used: float | None


class Identities:
    """All of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, issuer: str, subject: str) -> Identity | None:
        """The identity, if it belongs to somebody here."""
        statement = select(IDENTITIES).where(
            IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else Identity(**row._mapping)

    async def of_user(self, user_id: str) -> list[Identity]:
        """Those of one person, the oldest first."""
        statement = (
            select(IDENTITIES)
            .where(IDENTITIES.c.user_id == user_id)
            .order_by(IDENTITIES.c.linked, IDENTITIES.c.issuer, IDENTITIES.c.subject)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [Identity(**row._mapping) for row in rows]

    async def link(self, user_id: str, issuer: str, subject: str, email: str) -> bool:
        """Give an identity to a person; False where it is somebody's already (atomic)."""
        identity = Identity(issuer, subject, user_id, email, self._clock(), None)
        async with self._database.write() as connection:
            return await insert_new(connection, IDENTITIES, identity._asdict())

    async def used(self, identity: Identity, email: str) -> None:
        """Note a sign-in, and the address that the provider confirmed with it."""
        async with self._database.write() as connection:
            await connection.execute(
                update(IDENTITIES)
                .where(
                    IDENTITIES.c.issuer == identity.issuer,
                    IDENTITIES.c.subject == identity.subject,
                )
                .values(last_used=self._clock(), email=email or identity.email)
            )

    async def unlink(
        self, user_id: str, issuer: str, subject: str, *, usable: Collection[str]
    ) -> bool:
        """Take an identity from a person, unless it is the last way to sign in (atomic).

        Args:
            user_id: whose.
            issuer: of the identity.
            subject: of the identity.
            usable: issuers that one can sign in with at present.
        """
        ours = IDENTITIES.c.user_id == user_id
        this = and_(IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject)
        async with self._database.write() as connection:
            # The account's row is held: two that go at the same time would each leave the other.
            password = (
                await connection.execute(
                    select(USERS.c.password_hash).where(USERS.c.id == user_id).with_for_update()
                )
            ).scalar_one_or_none()
            passkeys = await connection.scalar(
                select(func.count()).select_from(PASSKEYS).where(PASSKEYS.c.user_id == user_id)
            )
            others = await connection.scalar(
                select(func.count())
                .select_from(IDENTITIES)
                .where(
                    ours,
                    IDENTITIES.c.issuer.in_(usable),
                    or_(IDENTITIES.c.issuer != issuer, IDENTITIES.c.subject != subject),
                )
            )
            if password is None and not passkeys and not others:
                return False
            result = await connection.execute(delete(IDENTITIES).where(ours, this))
        return result.rowcount == 1
