"""Which applications a session has signed in to, so that they hear of its end."""

from __future__ import annotations

from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.database import insert_new
from vallum.identity.storage.sessions import Session
from vallum.identity.storage.tables import SESSION_CLIENTS

_KEPT_SECONDS = 3600.0
"""How long after a session's last moment its end is still worth telling."""


async def note_client(services: Services, client: Client, session: Session) -> None:
    """Remember that an application holds something of a session, if it wants to hear of it."""
    if client.backchannel_logout_uri is None:
        return
    values = {
        "session_id": session.id,
        "client_id": client.id,
        "user_id": session.user_id,
        "attempts": 0,
        "next_attempt": 0.0,
        "until": session.expires + _KEPT_SECONDS,
    }
    async with services.database.write() as connection:
        await insert_new(connection, SESSION_CLIENTS, values)
