"""The people who can sign in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Double, Select, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from vallum.core.ports import Clock
from vallum.identity.secrets import new_id
from vallum.identity.storage.database import Database, insert_new
from vallum.identity.storage.tables import USERS

ADMIN_ROLE: Final = "admin"
"""Who has it needs a second factor, always."""

_PAGE: Final = 1000
"""Accounts that are read at one time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person's account."""

    id: str
    email: str
    """Canonical (`people.addresses`)."""
    email_verified: bool
    name: str
    password_hash: str | None
    """None: this person signs in in other ways only."""
    password_changed: float | None
    roles: tuple[str, ...]
    created: float
    disabled: float | None
    last_sign_in: float | None

    @property
    def is_admin(self) -> bool:
        """Whether this person may administer Vallum."""
        return ADMIN_ROLE in self.roles


_BY_ID: Final = select(USERS).where(USERS.c.id == bindparam("which"))
_BY_EMAIL: Final = select(USERS).where(USERS.c.email == bindparam("which"))
_UNCHANGED: Final = (
    select(USERS.c.id)
    .where(
        USERS.c.id == bindparam("which"),
        USERS.c.disabled.is_(None),
        USERS.c.password_changed.is_not_distinct_from(bindparam("changed", type_=Double)),
    )
    .with_for_update()
)
_OPEN: Final = (
    select(USERS.c.id)
    .where(USERS.c.id == bindparam("which"), USERS.c.disabled.is_(None))
    .with_for_update()
)
_SIGNED_IN: Final = update(USERS).where(USERS.c.id == bindparam("which"))


class Users:
    """All accounts. Addresses that come in here are canonical already."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self,
        email: str,
        name: str,
        *,
        password_hash: str | None = None,
        email_verified: bool = False,
        roles: Collection[str] = (),
    ) -> User | None:
        """A new account; None where the address has one already (atomic)."""
        now = self._clock()
        user = User(
            id=new_id("user"),
            email=email,
            email_verified=email_verified,
            name=name,
            password_hash=password_hash,
            password_changed=None if password_hash is None else now,
            roles=tuple(sorted(roles)),
            created=now,
            disabled=None,
            last_sign_in=None,
        )
        values = {field: getattr(user, field) for field in User.__slots__}
        values["roles"] = _packed(user.roles)
        async with self._database.write() as connection:
            return user if await insert_new(connection, USERS, values) else None

    async def get(self, user_id: str) -> User | None:
        """The account with this id, disabled or not."""
        return await self._one(_BY_ID, user_id)

    async def by_email(self, email: str) -> User | None:
        """The account with this canonical address, disabled or not."""
        return await self._one(_BY_EMAIL, email)

    async def all(self, *, after: str = "") -> list[User]:
        """A page of accounts in the order of their ids, from the one after `after` on."""
        statement = select(USERS).where(USERS.c.id > after).order_by(USERS.c.id).limit(_PAGE)
        async with self._database.read() as connection:
            return [_user(row) for row in (await connection.execute(statement)).all()]

    async def verify(self, user_id: str, email: str) -> bool:
        """Note that a person reads this mail; False where the account has another address now."""
        return await self._change(user_id, {"email_verified": True}, USERS.c.email == email)

    async def set_email(self, user_id: str, email: str) -> bool:
        """Another address, verified; False where an account has it already."""
        try:
            return await self._change(user_id, {"email": email, "email_verified": True})
        except IntegrityError:
            return False

    async def set_name(self, user_id: str, name: str) -> None:
        """Another name to be shown."""
        await self._change(user_id, {"name": name})

    async def set_password(self, user_id: str, password_hash: str | None) -> None:
        """Another password, or none; sessions are the caller's matter."""
        await self._change(
            user_id, {"password_hash": password_hash, "password_changed": self._clock()}
        )

    async def upgrade_hash(self, user_id: str, old: str, new: str) -> bool:
        """Another hash of the same password; False where the password has changed meanwhile."""
        return await self._change(user_id, {"password_hash": new}, USERS.c.password_hash == old)

    async def set_roles(self, user_id: str, roles: Collection[str]) -> None:
        """Exactly these roles from now on."""
        await self._change(user_id, {"roles": _packed(tuple(sorted(set(roles))))})

    async def disable(self, user_id: str) -> bool:
        """Keep a person out (`revoking.revoke_user` ends what lives); False where nobody is it."""
        return await self._change(user_id, {"disabled": self._clock()})

    async def enable(self, user_id: str) -> bool:
        """Let a person sign in again."""
        return await self._change(user_id, {"disabled": None})

    async def is_unchanged(self, user: User) -> bool:
        """Whether an account still has the password that it was read with, and is not disabled.

        The row stays locked until the caller's transaction ends.
        """
        values = {"which": user.id, "changed": user.password_changed}
        async with self._database.write() as connection:
            return (await connection.execute(_UNCHANGED, values)).first() is not None

    async def hold(self, user_id: str) -> bool:
        """Whether there is such an account and it is not disabled; it stays so until the caller's
        transaction ends."""
        async with self._database.write() as connection:
            return (await connection.execute(_OPEN, {"which": user_id})).first() is not None

    async def signed_in(self, user_id: str) -> None:
        """Note the time of a sign-in."""
        async with self._database.write() as connection:
            await connection.execute(_SIGNED_IN, {"which": user_id, "last_sign_in": self._clock()})

    async def delete(self, user_id: str) -> bool:
        """Delete the account itself."""
        async with self._database.write() as connection:
            result = await connection.execute(delete(USERS).where(USERS.c.id == user_id))
        return result.rowcount == 1

    async def _one(self, statement: Select[Any], value: str) -> User | None:
        async with self._database.read() as connection:
            row = (await connection.execute(statement, {"which": value})).one_or_none()
        return None if row is None else _user(row)

    async def _change(self, user_id: str, values: dict[str, Any], *conditions: Any) -> bool:
        statement = update(USERS).where(USERS.c.id == user_id, *conditions).values(**values)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _packed(roles: tuple[str, ...]) -> str:
    return orjson.dumps(roles).decode()


def _user(row: Any) -> User:
    values = {field: getattr(row, field) for field in User.__slots__}
    values["roles"] = tuple(orjson.loads(values["roles"]))
    return User(**values)
