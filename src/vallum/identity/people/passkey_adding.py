"""Adding a passkey, from the account or on the way in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vallum.identity.errors import PageError
from vallum.identity.people.browsers import browser_in_words
from vallum.identity.people.ceremony import (
    from_text,
    new_challenge,
    refuse,
    relying_party,
    take_challenge,
)
from vallum.identity.people.enrolling import ADD, Enroller, enrolled, enroller
from vallum.identity.people.sign_in import load_flow
from vallum.identity.people.webauthn import TRANSPORTS, PasskeyRefused
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.passkeys import MOST_OF_ONE, Passkey
from vallum.identity.web.caller import agent_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.json_pages import go, read_json
from vallum.identity.web.pages import see_other


async def send_options(services: Services, request: Request) -> Response:
    """What the browser must ask an authenticator to make."""
    body = await read_json(request, services, needs=(), may=("flow",))
    who = await _enroller(services, request, body.get("flow"))
    if isinstance(who, Response):
        return who
    known = await services.passkeys.of_user(who.user.id)
    if len(known) >= MOST_OF_ONE:
        raise PageError(
            "You have many passkeys",
            "Remove one that you do not use before you add another.",
            status=409,
            reason="factor.too-many",
        )
    # Someone with a session is in no flow; the challenge needs one.
    flow = who.flow or await services.flows.begin(browser_of(request), "account", ADD, {})
    challenge = await new_challenge(services, flow, "register", who.user.id)
    options = relying_party(services).creation(
        who.user.id, who.user.email, who.user.name, challenge, known
    )
    return JSONResponse({"ceremony": flow.id, "options": options})


async def send_passkey(services: Services, request: Request) -> Response:
    """What the authenticator made."""
    body = await read_json(
        request,
        services,
        needs=("ceremony", "id", "client_data", "attestation"),
        may=("flow", "transports"),
    )
    who = await _enroller(services, request, body.get("flow"))
    if isinstance(who, Response):
        return who
    flow = await load_flow(services, request, body["ceremony"])
    try:
        passkey = await _registered(services, request, who, flow, body)
        if not await services.passkeys.add(passkey):
            # L3 §7.1 step 26: or who registers a stolen id would be taken for its owner.
            raise PasskeyRefused("registered already")
    except PasskeyRefused as error:
        raise await refuse(services, request, str(error), who.user.id) from None
    method = "swk" if passkey.backup_eligible else "hwk"
    return go(
        await enrolled(services, request, who, (method, "user"), kind="passkey", name=passkey.name)
    )


async def _enroller(
    services: Services, request: Request, flow_id: str | None
) -> Enroller | Response:
    who = await enroller(services, request, flow_id)
    if not isinstance(who, Response):
        return who
    answer = go(who if "location" in who.headers else see_other(ADD))
    if who.status_code == 401:
        answer.status_code = 401
        answer.headers["www-authenticate"] = who.headers["www-authenticate"]
    return answer


async def _registered(
    services: Services, request: Request, who: Enroller, flow: Flow | None, body: dict[str, str]
) -> Passkey:
    if flow is None:
        raise PasskeyRefused("nobody asked")
    challenge = await take_challenge(services, flow, "register", who.user.id)
    made = relying_party(services).register(
        challenge,
        from_text(body["id"]),
        from_text(body["client_data"]),
        from_text(body["attestation"]),
    )
    said = body.get("transports", "").split(" ")
    return Passkey(
        credential_id=made.credential_id,
        user_id=who.user.id,
        name=f"Passkey made in {browser_in_words(agent_of(request))}",
        public_key=made.public_key,
        sign_count=made.sign_count,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        transports=tuple(sorted(TRANSPORTS.intersection(said))),
        created=services.clock(),
        last_used=None,
    )
