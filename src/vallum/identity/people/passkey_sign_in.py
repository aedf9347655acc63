"""Signing in with a passkey: alone, which is two factors, or as the second step (AN-10)."""

from __future__ import annotations

from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vallum.identity.errors import PageError
from vallum.identity.people.ceremony import (
    Purpose,
    from_text,
    new_challenge,
    refuse,
    relying_party,
    take_challenge,
)
from vallum.identity.people.second_step import person_in, totp_account
from vallum.identity.people.sign_in import HOME, complete_sign_in, load_flow
from vallum.identity.people.webauthn import PasskeyRefused, user_of
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.passkeys import Passkey
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.json_pages import go, read_json

_ANSWER: Final = ("step", "flow", "id", "client_data", "authenticator_data", "signature")


class _Step(NamedTuple):
    purpose: Purpose
    flow: Flow
    user_id: str | None
    """Who must answer; None where the passkey says it."""


async def send_options(services: Services, request: Request) -> Response:
    """What the browser must ask an authenticator for."""
    body = await read_json(request, services, needs=("step",), may=("flow",))
    step = await _step(services, request, body)
    if isinstance(step, Response):
        return go(step)
    known = []
    if step.user_id is not None:
        suspect = step.flow.data.get("suspect")
        mine = await services.passkeys.of_user(step.user_id)
        known = [each for each in mine if each.credential_id.hex() != suspect]
        if not known:
            raise await refuse(services, request, "has none", step.user_id)
    # Passwordless names no credentials: nobody learns who has any (L3 §14.6.2).
    challenge = await new_challenge(services, step.flow, step.purpose, step.user_id)
    options = relying_party(services).request(challenge, known)
    return JSONResponse({"flow": step.flow.id, "options": options})


async def send_passkey(services: Services, request: Request) -> Response:
    """What the authenticator answered."""
    body = await read_json(request, services, needs=_ANSWER, may=("user_handle",))
    step = await _step(services, request, body)
    if isinstance(step, Response):
        return go(step)
    try:
        passkey, sign_count, backed_up = await _verified(services, step, body)
    except PasskeyRefused as error:
        raise await refuse(services, request, str(error), step.user_id) from None
    user = await services.users.get(passkey.user_id)
    if user is None:
        raise await refuse(services, request, "no account", None)
    # RFC 8176 §2: a key that can be copied to other devices is in software, as far as we know.
    amr: tuple[str, ...] = ("swk" if passkey.backup_eligible else "hwk", "user")
    goes_on = await services.passkeys.used(passkey.credential_id, sign_count, backed_up=backed_up)
    if not goes_on:
        flow = await _suspect(services, request, step, passkey)
        if step.purpose == "second":
            raise _look_elsewhere()
        return go(await complete_sign_in(services, request, user, amr, flow))
    if step.purpose == "second":
        await services.guard.clear("second-factor", totp_account(user))
        amr = (*step.flow.amr, *amr)
    return go(await complete_sign_in(services, request, user, (*amr, "mfa"), step.flow))


async def _step(services: Services, request: Request, body: dict[str, str]) -> _Step | Response:
    flow = await load_flow(services, request, body.get("flow"))
    if body["step"] == "second":
        person = await person_in(services, request, flow)
        if isinstance(person, Response):
            return person
        return _Step("second", person.flow, person.user.id)
    if flow is None:
        flow = await services.flows.begin(browser_of(request), "account", HOME, {})
    return _Step("first", flow, None)


async def _verified(
    services: Services, step: _Step, body: dict[str, str]
) -> tuple[Passkey, int, bool]:
    challenge = await take_challenge(services, step.flow, step.purpose, step.user_id)
    passkey = await services.passkeys.get(from_text(body["id"]))
    if passkey is None:
        raise PasskeyRefused("unknown credential")
    handle = body.get("user_handle")
    # L3 §7.2 step 6: where nobody was named before, the user handle must name the owner.
    if (handle is None and step.user_id is None) or (
        handle is not None and user_of(from_text(handle)) != passkey.user_id
    ):
        raise PasskeyRefused("another user handle")
    if step.user_id is not None and passkey.user_id != step.user_id:
        raise PasskeyRefused("a credential of somebody else")
    if passkey.credential_id.hex() == step.flow.data.get("suspect"):
        raise PasskeyRefused("may have been copied")
    asserted = relying_party(services).authenticate(
        challenge,
        passkey,
        from_text(body["client_data"]),
        from_text(body["authenticator_data"]),
        from_text(body["signature"]),
    )
    return passkey, asserted.sign_count, asserted.backed_up


async def _suspect(services: Services, request: Request, step: _Step, passkey: Passkey) -> Flow:
    """Its counter went back: there may be a copy, and it proves little here (B-241)."""
    await services.events.record(
        "passkey.cloned",
        user_id=passkey.user_id,
        address=address_of(request),
        alert=True,
        name=passkey.name,
    )
    data = {**step.flow.data, "suspect": passkey.credential_id.hex()}
    return await services.flows.keep(step.flow, data=data)


def _look_elsewhere() -> PageError:
    return PageError(
        "This passkey may have been copied",
        "Please choose another way to confirm that it is you, and remove the passkey afterwards.",
        status=403,
        reason="passkey.cloned",
    )
