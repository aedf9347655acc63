"""What an operator does to accounts, sessions and grants; the command line and the console call it.

Every action is an event whose actor is the operator (OP-1).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import orjson
from sqlalchemy import delete, select

from vallum.identity.people.addresses import BadAddress, canonical_address
from vallum.identity.revoking import revoke_grant, revoke_session, revoke_user
from vallum.identity.services import Services
from vallum.identity.storage.tables import (
    EVENTS,
    GRANTS,
    IDENTITIES,
    PASSKEYS,
    RECOVERY_CODES,
    SESSIONS,
    TICKETS,
    TOTP_FACTORS,
    USERS,
)
from vallum.identity.storage.users import ADMIN_ROLE, User

OPERATOR: Final = "operator"
INVITATION_SECONDS: Final = 24 * 3600.0
_PRIVATE: Final = frozenset(
    {"hash", "password_hash", "seed_sealed", "public_key", "credential_id", "last_step"}
)
"""Columns that prove something; an export is about a person, and no copy of her keys."""


class NotDone(Exception):  # noqa: N818  (named for what it says about the action)
    """An action that could not be done; the text says why and what to do."""


async def find_user(services: Services, who: str) -> User:
    """The account with this id or e-mail address.

    Raises:
        NotDone: there is none.
    """
    user = await services.users.get(who)
    if user is None:
        try:
            user = await services.users.by_email(canonical_address(who))
        except BadAddress:
            user = None
    if user is None:
        raise NotDone(f"there is no account `{who}`; `vallum users list` shows all")
    return user


async def create_user(
    services: Services, email: str, name: str, roles: Collection[str]
) -> tuple[User, str]:
    """A new account, and the link with which its owner chooses a password within a day.

    Raises:
        NotDone: the address is none, or has an account.
    """
    try:
        address = canonical_address(email)
    except BadAddress as error:
        raise NotDone(f"`{email}`: {error}") from None
    user = await services.users.add(address, name, roles=roles)
    if user is None:
        raise NotDone(f"`{address}` has an account")
    await _note(services, "user.created", user.id, roles=" ".join(user.roles))
    return user, await invitation(services, user)


async def invitation(services: Services, user: User) -> str:
    """A link with which an account's owner chooses a password; it works once, within a day."""
    ticket = await services.tickets.issue(
        "reset-password", user.id, {"email": user.email}, life=INVITATION_SECONDS
    )
    return f"{services.settings.issuer}/account/reset/choose?ticket={ticket}"


async def has_admin(services: Services) -> bool:
    """Whether somebody may administer."""
    statement = select(USERS.c.roles).where(
        USERS.c.disabled.is_(None), USERS.c.roles.contains(f'"{ADMIN_ROLE}"')
    )
    async with services.database.read() as connection:
        return (await connection.execute(statement)).first() is not None


async def disable_user(services: Services, who: str) -> User:
    """Keep a person out; her sessions and tokens end on all workers, and links sent to her."""
    user = await find_user(services, who)
    # One transaction: a session that only seemed to end would be back once she is enabled again.
    async with services.database.write() as connection:
        await services.users.disable(user.id)
        await revoke_user(services, user.id)
        await connection.execute(delete(TICKETS).where(TICKETS.c.user_id == user.id))
    await _note(services, "user.disabled", user.id)
    return await find_user(services, user.id)


async def enable_user(services: Services, who: str) -> User:
    """Let a person sign in again."""
    user = await find_user(services, who)
    await services.users.enable(user.id)
    await _note(services, "user.enabled", user.id)
    return await find_user(services, user.id)


async def set_roles(services: Services, who: str, roles: Collection[str]) -> User:
    """Exactly these roles from now on; living tokens with the old ones end."""
    user = await find_user(services, who)
    async with services.database.write():
        await services.users.set_roles(user.id, roles)
        await revoke_user(services, user.id)
    await _note(services, "user.roles", user.id, roles=" ".join(sorted(set(roles))))
    return await find_user(services, user.id)


async def reset_mfa(services: Services, who: str) -> User:
    """Take away every second factor of a person who has lost hers; everything of hers ends."""
    user = await find_user(services, who)
    async with services.database.write() as connection:
        for table in (TOTP_FACTORS, PASSKEYS, RECOVERY_CODES):
            await connection.execute(delete(table).where(table.c.user_id == user.id))
        await revoke_user(services, user.id)
    await services.guard.clear("second-factor", f"{user.id}/totp")
    await services.guard.clear("recovery-code", user.id)
    await _note(services, "user.mfa-reset", user.id, alert=True)
    return user


async def kill_session(services: Services, session_id: str) -> None:
    """End one session of somebody."""
    statement = select(SESSIONS.c.user_id).where(SESSIONS.c.id == session_id)
    async with services.database.read() as connection:
        user_id = (await connection.execute(statement)).scalar_one_or_none()
    if user_id is None:
        raise NotDone(f"there is no session `{session_id}`; `vallum sessions list USER` shows them")
    await revoke_session(services, user_id, session_id)
    await _note(services, "session.ended", user_id, session=session_id)


async def end_grant(services: Services, grant_id: str) -> None:
    """End what somebody allowed a client."""
    grant = await services.grants.get(grant_id)
    if grant is None:
        raise NotDone(f"there is no grant `{grant_id}`; `vallum grants list USER` shows them")
    await revoke_grant(services, grant_id)
    await _note(services, "grant.revoked", grant.user_id, grant=grant_id)


async def export_user(services: Services, who: str) -> dict[str, Any]:
    """Everything that is kept about a person, for her, at the operator's hands."""
    user = await find_user(services, who)
    found = await personal_data(services, user.id)
    await _note(services, "user.exported", user.id)
    return found


async def personal_data(services: Services, user_id: str) -> dict[str, Any]:
    """Everything that is kept about a person, but what would let somebody be her (GDPR Art. 15)."""
    found: dict[str, Any] = {}
    async with services.database.read() as connection:
        for table in (
            *(USERS, IDENTITIES, TOTP_FACTORS, PASSKEYS),
            *(RECOVERY_CODES, SESSIONS, GRANTS, EVENTS),
        ):
            column = table.c.id if table is USERS else table.c.user_id
            rows = (await connection.execute(select(table).where(column == user_id))).mappings()
            found[str(table.name)] = [
                {str(name): _plain(value) for name, value in row.items() if name not in _PRIVATE}
                for row in rows
            ]
    return found


def _plain(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


async def _note(
    services: Services, kind: str, user_id: str, *, alert: bool = False, **details: str
) -> None:
    await services.events.record(kind, user_id=user_id, actor=OPERATOR, alert=alert, **details)
