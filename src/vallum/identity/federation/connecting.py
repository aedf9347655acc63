"""Giving an identity to an account whose person has proved it, and saying so."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.federation.person import Person
from vallum.identity.people.notices import notify
from vallum.identity.people.sign_in import FRESH_SECONDS, signed_in
from vallum.identity.services import Services
from vallum.identity.storage.flows import FLOW_SECONDS, Flow
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.pages import see_other

CONNECTIONS = "/account/connections"


async def finish_connecting(
    services: Services, request: Request, flow: Flow, person: Person
) -> Response:
    """Back from the provider, in a flow that began on the pages of the account.

    Raises:
        PageError: the session is another one by now, or the identity is somebody's.
    """
    session = await signed_in(services, request)
    if not await services.flows.end(flow):
        session = None
    # Fresh when this began (B-230), and a flow lasts no longer than this.
    if (
        session is None
        or session.user_id != flow.data["connect"]
        or session.id != flow.data["session"]
        or flow.data["provider"] != person.provider
        or services.clock() - session.authenticated > FRESH_SECONDS + FLOW_SECONDS
    ):
        raise PageError(
            "Nothing was connected",
            "You have signed in or out meanwhile. Please go to your account and start again.",
            reason="federation.session",
        )
    user = await services.users.get(session.user_id)
    if user is None:
        raise LookupError("a session without an account")
    identity = await services.identities.find(person.issuer, person.subject)
    response = see_other(f"{CONNECTIONS}?done=connected")
    if identity is None or identity.user_id != user.id:
        await connect(services, request, user, person)
        notify(services, request, response, user.email, "identity-linked")
    return response


async def connect(services: Services, request: Request, user: User, person: Person) -> None:
    """Let an identity sign in to an account from now on.

    Raises:
        PageError: it can sign in to another one.
    """
    if not await services.identities.link(user.id, person.issuer, person.subject, person.email):
        raise PageError(
            "Nothing was connected",
            "That account is connected with another account here.",
            status=409,
            reason="federation.taken",
        )
    await services.events.record(
        "identity.linked",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
        provider=person.provider,
    )
