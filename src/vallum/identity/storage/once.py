"""What may be seen once: identifiers of assertions, proofs and logout tokens."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from vallum.identity.storage.database import insert_new
from vallum.identity.storage.tables import ONCE


async def first_time(
    connection: AsyncConnection, purpose: str, *parts: str, until: float, now: float
) -> bool:
    """Whether nobody has shown this before; from now on somebody has.

    Args:
        connection: a writing one.
        purpose: keeps identifiers of different kinds apart.
        parts: together they are the identifier, such as issuer and `jti`.
        until: Unix seconds after which it would be refused for its age anyway.
        now: Unix seconds.
    """
    text = "\0".join((purpose, *(f"{len(part)}:{part}" for part in parts)))
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
    await connection.execute(delete(ONCE).where(ONCE.c.until < now))
    return await insert_new(connection, ONCE, {"hash": digest, "until": until})
