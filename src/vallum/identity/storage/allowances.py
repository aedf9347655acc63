"""What every token for a person goes back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a person allowed a client, and how it was proved that it is she."""

    grant_id: str
    client_id: str
    user_id: str
    session_id: str | None
    """The session that it ends with; None where the person let the client stay signed in."""
    scopes: tuple[str, ...]
    resource: str
    """The `aud` of access tokens."""
    amr: tuple[str, ...]
    """How she signed in (RFC 8176) …"""
    authenticated: float
    """… and when (`auth_time`)."""

    def row(self) -> dict[str, Any]:
        """The columns that codes and refresh tokens share."""
        return {
            "grant_id": self.grant_id,
            "client_id": self.client_id,
            "user_id": self.user_id,
            "session_id": self.session_id,
            "scopes": orjson.dumps(sorted(self.scopes)).decode(),
            "resource": self.resource,
            "amr": orjson.dumps(self.amr).decode(),
            "authenticated": self.authenticated,
        }


def allowance_of(row: Any) -> Allowance:
    """The allowance that a row holds."""
    return Allowance(
        grant_id=row.grant_id,
        client_id=row.client_id,
        user_id=row.user_id,
        session_id=row.session_id,
        scopes=tuple(orjson.loads(row.scopes)),
        resource=row.resource,
        amr=tuple(orjson.loads(row.amr)),
        authenticated=row.authenticated,
    )
