"""Challenges for passkeys: 32 random bytes, of one flow in one browser, for five minutes, once."""

from __future__ import annotations

from secrets import token_bytes
from typing import Final, Literal

from starlette.requests import Request

from vallum.identity.errors import PageError
from vallum.identity.people.webauthn import PasskeyRefused, RelyingParty
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.once import first_time
from vallum.identity.web.caller import address_of
from vallum.tokens import base64url

CHALLENGE_SECONDS: Final = 300.0
CHALLENGE_BYTES: Final = 32

Purpose = Literal["first", "second", "register"]
"""A passkey alone, a passkey after another factor, or a new passkey."""


def relying_party(services: Services) -> RelyingParty:
    """Us, as authenticators know us."""
    return RelyingParty(issuer=services.settings.issuer, name=services.settings.name)


async def new_challenge(
    services: Services, flow: Flow, purpose: Purpose, user_id: str | None
) -> bytes:
    """A challenge that this flow waits for from now on, and no other.

    Args:
        services: the provider's parts.
        flow: of the browser that gets it.
        purpose: what its answer is good for.
        user_id: whose passkey must answer, or to whom the new one will belong.
    """
    challenge = token_bytes(CHALLENGE_BYTES)
    waits = {
        "challenge": challenge.hex(),
        "purpose": purpose,
        "user": user_id,
        "until": services.clock() + CHALLENGE_SECONDS,
    }
    await services.flows.keep(flow, data={**flow.data, "passkey": waits})
    return challenge


async def take_challenge(
    services: Services, flow: Flow, purpose: Purpose, user_id: str | None
) -> bytes:
    """The challenge that this flow waits for; used up, whatever becomes of the answer (B-238).

    Raises:
        PasskeyRefused: it waits for none, for something else, or not any more.
    """
    waits = flow.data.get("passkey")
    now = services.clock()
    if not isinstance(waits, dict):
        raise PasskeyRefused("nobody asked")
    if waits["purpose"] != purpose or waits["user"] != user_id:
        raise PasskeyRefused("asked for something else")
    if waits["until"] < now:
        raise PasskeyRefused("challenge expired")
    text, until = waits["challenge"], waits["until"] + 1
    async with services.database.write() as connection:
        if not await first_time(connection, "passkey", text, until=until, now=now):
            raise PasskeyRefused("challenge used")
    return bytes.fromhex(text)


def from_text(text: str) -> bytes:
    """Bytes that a script sent as base64url, in the one spelling that they have.

    Raises:
        PasskeyRefused: another.
    """
    try:
        return base64url.decode_text(text)
    except ValueError:
        raise PasskeyRefused("not canonical base64url") from None


async def refuse(
    services: Services, request: Request, reason: str, user_id: str | None
) -> PageError:
    """Note that a passkey was refused; what its person is told, the same for every reason."""
    if user_id is None:  # A stranger could fill the database.
        services.events.tell("passkey.refused", address=address_of(request), reason=reason)
    else:
        await services.events.record(
            "passkey.refused", user_id=user_id, address=address_of(request), reason=reason
        )
    return PageError(
        "This passkey was not accepted",
        "Please try again, or choose another way.",
        reason="passkey.refused",
    )
