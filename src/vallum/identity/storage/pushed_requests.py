"""Pushed authorization requests (RFC 9126): for one client, one use and one minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson
from sqlalchemy import delete, select, update

from vallum.identity.secrets import kept, new_token
from vallum.identity.services import Services
from vallum.identity.storage.database import insert_row
from vallum.identity.storage.tables import PUSHED_REQUESTS

URN: Final = "urn:ietf:params:oauth:request_uri:"


class PushedRequest(NamedTuple):
    """What a client has pushed."""

    parameters: Mapping[str, str]
    jkt: str | None
    """The key that it proved to hold."""


async def keep_pushed(
    services: Services, client_id: str, parameters: Mapping[str, str], jkt: str | None
) -> str:
    """Keep a judged request; its `request_uri`, of 256 random bits."""
    token, now = new_token(), services.clock()
    async with services.database.write() as connection:
        await connection.execute(delete(PUSHED_REQUESTS).where(PUSHED_REQUESTS.c.expires < now))
        await insert_row(
            connection,
            PUSHED_REQUESTS,
            {
                "hash": kept(token),
                "client_id": client_id,
                "parameters": orjson.dumps(parameters).decode(),
                "jkt": jkt,
                "expires": now + services.settings.request_life,
            },
        )
    return URN + token


async def take_pushed(services: Services, client_id: str, request_uri: str) -> PushedRequest | None:
    """Use a request up; None where it is not this client's, too old, used, or was never pushed."""
    if not request_uri.startswith(URN):
        # B-181: nothing is fetched, whatever it names.
        return None
    now = services.clock()
    this = PUSHED_REQUESTS.c.hash == kept(request_uri.removeprefix(URN))
    async with services.database.write() as connection:
        result = await connection.execute(
            update(PUSHED_REQUESTS)
            .where(this, PUSHED_REQUESTS.c.client_id == client_id)
            .where(PUSHED_REQUESTS.c.used.is_(None), PUSHED_REQUESTS.c.expires > now)
            .values(used=now)
        )
        if result.rowcount != 1:
            return None
        row = (await connection.execute(select(PUSHED_REQUESTS).where(this))).one()
    return PushedRequest(orjson.loads(row.parameters), row.jkt)
