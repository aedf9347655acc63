"""The page of a person's account on which other providers are connected and disconnected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.federation.connecting import CONNECTIONS
from vallum.identity.federation.relying import Relying
from vallum.identity.people.notices import notify
from vallum.identity.people.sign_in import require_fresh, require_session
from vallum.identity.people.words import day_and_time
from vallum.identity.storage.identities import Identity
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

_DONE: Final[Mapping[str, str]] = {
    "connected": "It is connected. You can sign in with it from now on.",
    "disconnected": "It is disconnected. Nobody can sign in with it any more.",
}


class Connection(NamedTuple):
    """A connected account, as its person reads it."""

    label: str
    issuer: str
    subject: str
    email: str
    since: str
    last_used: str


async def show_connections(relying: Relying, request: Request) -> Response:
    """What is connected, and what can be."""
    services = relying.services
    session = await require_session(services, request, return_to=CONNECTIONS)
    if isinstance(session, Response):
        return session
    identities = await services.identities.of_user(session.user_id)
    return render(
        services,
        request,
        "account_connections.html",
        here="/account/security",
        done=_DONE.get(read_page_query(request).get("done", ""), ""),
        connections=[_in_words(relying, identity) for identity in identities],
        providers=tuple(services.settings.providers.values()),
    )


async def send_connect(relying: Relying, request: Request) -> Response:
    """Off to connect one more: only who has just signed in may (B-230)."""
    services = relying.services
    form = await read_page_form(request, services)
    session = await require_fresh(services, request, return_to=CONNECTIONS)
    if isinstance(session, Response):
        return session
    provider = form.get("provider", "")
    if provider not in relying.upstreams:
        raise PageError("There is no such sign-in", "Please go back and choose another.")
    flow = await services.flows.begin(
        browser_of(request),
        "account",
        CONNECTIONS,
        {"connect": session.user_id, "session": session.id, "provider": provider},
    )
    return see_other(f"/sign-in/with/{provider}?flow={flow.id}")


async def send_disconnect(relying: Relying, request: Request) -> Response:
    """Take one away, unless nothing would be left to sign in with."""
    services = relying.services
    form = await read_page_form(request, services)
    session = await require_fresh(services, request, return_to=CONNECTIONS)
    if isinstance(session, Response):
        return session
    usable = {provider.issuer for provider in services.settings.providers.values()}
    issuer, subject = form.get("issuer", ""), form.get("subject", "")
    if not await services.identities.unlink(session.user_id, issuer, subject, usable=usable):
        raise PageError(
            "This cannot be disconnected",
            "It is the only way in which you can sign in: choose a password or make a passkey "
            "first. Or it is disconnected already.",
            status=409,
            reason="federation.last-way",
        )
    user = await services.users.get(session.user_id)
    if user is None:
        raise LookupError("a session without an account")
    await services.events.record(
        "identity.unlinked",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
        issuer=issuer,
    )
    response = see_other(f"{CONNECTIONS}?done=disconnected")
    notify(services, request, response, user.email, "identity-unlinked")
    return response


def _in_words(relying: Relying, identity: Identity) -> Connection:
    labels = {
        upstream.provider.issuer: upstream.provider.label for upstream in relying.upstreams.values()
    }
    return Connection(
        labels.get(identity.issuer, identity.issuer),
        identity.issuer,
        identity.subject,
        identity.email,
        day_and_time(identity.linked),
        "never" if identity.last_used is None else day_and_time(identity.last_used),
    )
