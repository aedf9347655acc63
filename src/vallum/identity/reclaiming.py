"""An account whose address nobody had proved goes to who proves it, and empty (B-170).

Somebody may have made it in advance, with a stranger's address, to wait in it for her. So nothing
that opens it survives: no password, identity, link, session or token. An account with a second
factor is in use: its person proves that one, and no address takes it away.
"""

from __future__ import annotations

from sqlalchemy import delete, update

from vallum.identity.people.sign_in import has_second_factor
from vallum.identity.revoking import revoke_user
from vallum.identity.services import Services
from vallum.identity.storage.tables import (
    GRANTS,
    IDENTITIES,
    PASSKEYS,
    RECOVERY_CODES,
    TICKETS,
    TOTP_FACTORS,
    USERS,
)
from vallum.identity.storage.users import User

_WAYS_IN = (IDENTITIES, PASSKEYS, RECOVERY_CODES, TICKETS, TOTP_FACTORS)


async def reclaim(services: Services, user: User) -> bool:
    """Empty an account for who has just proved its address, and note that it is proved.

    Returns:
        False where somebody else has proved it meanwhile, or has a second factor: then nothing
        was changed.
    """
    now = services.clock()
    async with services.database.write() as connection:
        if await has_second_factor(services, user.id):
            return False
        result = await connection.execute(
            update(USERS)
            .where(
                USERS.c.id == user.id,
                USERS.c.email == user.email,
                USERS.c.email_verified.is_(False),
                USERS.c.disabled.is_(None),
            )
            .values(email_verified=True, password_hash=None, password_changed=now)
        )
        if result.rowcount != 1:
            return False
        for table in _WAYS_IN:
            await connection.execute(delete(table).where(table.c.user_id == user.id))
        await connection.execute(
            update(GRANTS)
            .where(GRANTS.c.user_id == user.id, GRANTS.c.revoked.is_(None))
            .values(revoked=now)
        )
        await revoke_user(services, user.id)
    await services.events.record(
        "account.reclaimed",
        user_id=user.id,
        actor=f"user:{user.id}",
        # An account without a password was made by an operator, for her.
        alert=user.password_hash is not None,
    )
    return True
