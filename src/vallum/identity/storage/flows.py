"""What a browser is in the middle of: kept here, bound to that browser, and never in its hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import orjson
from sqlalchemy import delete, select, update

from vallum.core.ports import Clock
from vallum.identity.secrets import kept, new_token
from vallum.identity.storage.database import Database, insert_row
from vallum.identity.storage.tables import FLOWS

FLOW_SECONDS: Final = 600.0
_MOST_DATA: Final = 64 * 1024

FlowKind = Literal["authorize", "account", "device", "federation", "logout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A browser on its way through several pages."""

    id: str
    """A secret that travels as `flow`; worth nothing in another browser."""
    kind: FlowKind
    return_to: str
    """The path of ours where it goes on once the person has signed in."""
    user_id: str | None = None
    """Who has proved something in this flow; signed in only once a session was made."""
    amr: tuple[str, ...] = ()
    """What was proved (RFC 8176)."""
    data: Mapping[str, Any]
    """What the pages of the flow remember, as JSON."""


class Flows:
    """The flows of all browsers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(
        self, browser: str, kind: FlowKind, return_to: str, data: Mapping[str, Any]
    ) -> Flow:
        """Start a flow in a browser.

        Args:
            browser: the value of its browser cookie.
            kind: what it is for.
            return_to: a path of ours, never one that a request named.
            data: what must be remembered.

        Raises:
            ValueError: too much to remember.
        """
        flow = Flow(id=new_token(), kind=kind, return_to=return_to, data=data)
        now = self._clock()
        async with self._database.write() as connection:
            await connection.execute(delete(FLOWS).where(FLOWS.c.expires < now))
            await insert_row(
                connection,
                FLOWS,
                {
                    "hash": kept(flow.id),
                    "browser": kept(browser),
                    "kind": kind,
                    "return_to": return_to,
                    "amr": "[]",
                    "data": _packed(data),
                    "created": now,
                    "expires": now + FLOW_SECONDS,
                },
            )
        return flow

    async def load(self, flow_id: str, browser: str) -> Flow | None:
        """The flow, if it lives and belongs to this browser."""
        statement = select(FLOWS).where(
            FLOWS.c.hash == kept(flow_id),
            FLOWS.c.browser == kept(browser),
            FLOWS.c.expires > self._clock(),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return None
        return Flow(
            id=flow_id,
            kind=row.kind,
            return_to=row.return_to,
            user_id=row.user_id,
            amr=tuple(orjson.loads(row.amr)),
            data=orjson.loads(row.data),
        )

    async def keep(self, flow: Flow, **changes: Any) -> Flow:
        """Remember changed fields of a flow (`user_id`, `amr`, `data`)."""
        changed = replace(flow, **changes)
        async with self._database.write() as connection:
            await connection.execute(
                update(FLOWS)
                .where(FLOWS.c.hash == kept(flow.id))
                .values(
                    user_id=changed.user_id,
                    amr=orjson.dumps(changed.amr).decode(),
                    data=_packed(changed.data),
                )
            )
        return changed

    async def end(self, flow: Flow) -> bool:
        """End a flow; False where somebody else has ended it already."""
        async with self._database.write() as connection:
            result = await connection.execute(delete(FLOWS).where(FLOWS.c.hash == kept(flow.id)))
        return result.rowcount == 1


def _packed(data: Mapping[str, Any]) -> str:
    text = orjson.dumps(data).decode()
    if len(text) > _MOST_DATA:
        raise ValueError("a flow cannot remember so much")
    return text
