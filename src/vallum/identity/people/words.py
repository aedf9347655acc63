"""Times and events in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from vallum.identity.storage.events import Event

_EVENTS: Final[Mapping[str, str]] = {
    "account.created": "Account created",
    "account.reclaimed": "Account emptied and taken over by the owner of its address",
    "data.exported": "Data downloaded",
    "email.changed": "E-mail address changed",
    "email.change-requested": "Another e-mail address asked for",
    "grant.given": "Access of an application allowed",
    "grant.revoked": "Access of an application ended",
    "identity.linked": "Sign-in with another provider connected",
    "identity.unlinked": "Sign-in with another provider disconnected",
    "name.changed": "Name changed",
    "password.changed": "Password changed",
    "password.reset": "New password chosen by mail",
    "password.reset-requested": "New password asked for by mail",
    "session.ended": "Session ended",
    "sign-in.failed": "Sign-in failed",
    "sign-in.ok": "Signed in",
    "sign-out": "Signed out",
}


def day_and_time(at: float) -> str:
    """Such as `3 March 2026, 14:05 UTC`."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def event_in_words(event: Event) -> str:
    """What happened; kinds that other rooms add are legible as they are."""
    known = _EVENTS.get(event.kind)
    return known or event.kind.replace(".", " ").replace("-", " ").capitalize()
