"""The end of an authorization: a code, sent to the application through the browser."""

from __future__ import annotations

from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.protocol.answers import answer_uri
from vallum.identity.protocol.authorize_request import AuthorizeRequest
from vallum.identity.protocol.session_clients import note_client
from vallum.identity.services import Services
from vallum.identity.storage.allowances import Allowance
from vallum.identity.storage.clients import Client
from vallum.identity.storage.codes import Code
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.grants import Grant
from vallum.identity.storage.sessions import Session
from vallum.identity.web.pages import see_other


async def end_flow(services: Services, flow: Flow) -> None:
    """End an authorization; from two answers at once, one goes on.

    Raises:
        PageError: it has ended already.
    """
    if not await services.flows.end(flow):
        raise PageError(
            "You have answered this already",
            "Go back to the application; if it is still waiting, start again there.",
            reason="flow.ended",
        )


async def send_code(
    services: Services,
    client: Client,
    asked: AuthorizeRequest,
    session: Session,
    grant: Grant,
    flow: Flow | None = None,
) -> Response:
    """Send the browser back with a code. `flow`, if there is one, ends first.

    Raises:
        PageError: the flow has ended already.
    """
    if flow is not None:
        await end_flow(services, flow)
    allowance = Allowance(
        grant_id=grant.id,
        client_id=client.id,
        user_id=session.user_id,
        session_id=session.id,
        scopes=asked.scopes,
        resource=asked.resource,
        amr=session.amr,
        authenticated=session.authenticated,
    )
    code = await services.codes.issue(
        Code(
            allowance=allowance,
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            nonce=asked.nonce,
            jkt=asked.jkt,
        )
    )
    await services.grants.used(grant.id)
    await note_client(services, client, session)
    await services.events.record(
        "authorize.ok",
        user_id=session.user_id,
        client_id=client.id,
        actor=f"user:{session.user_id}",
        address=session.address,
        grant=grant.id,
    )
    return see_other(answer_uri(services, asked.redirect_uri, asked.state, {"code": code}))
