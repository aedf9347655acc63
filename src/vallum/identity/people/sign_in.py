"""Who is signed in, what a page may demand of that, and how a sign-in becomes a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select, union_all
from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.admission import account_disabled
from vallum.identity.people.notices import notify
from vallum.identity.revoking import revoke_session
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.sessions import ACR_TWO, Session
from vallum.identity.storage.tables import PASSKEYS, TOTP_FACTORS
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of, agent_of
from vallum.identity.web.cookies import (
    DEVICE,
    SESSION,
    browser_of,
    drop_cookie,
    read_cookie,
    write_cookie,
)
from vallum.identity.web.pages import render, see_other

FRESH_SECONDS: Final = 300.0
"""Sensitive changes need a sign-in no longer ago than this (B-230)."""

SIGN_IN: Final = "/sign-in"
SECOND: Final = "/sign-in/second"
HOME: Final = "/account"


_FACTORS: Final = union_all(
    select(TOTP_FACTORS.c.user_id).where(
        TOTP_FACTORS.c.user_id == bindparam("person"), TOTP_FACTORS.c.confirmed.is_not(None)
    ),
    select(PASSKEYS.c.user_id).where(PASSKEYS.c.user_id == bindparam("person")),
).limit(1)


async def signed_in(services: Services, request: Request) -> Session | None:
    """The session of the browser that asks, if there is one that lives.

    Raises:
        PageError: the browser sends two session cookies (B-227).
    """
    token = read_cookie(request, SESSION)
    return None if token is None else await services.sessions.find(token)


async def demand_session(
    services: Services,
    request: Request,
    flow: Flow,
    *,
    max_age: float | None = None,
    acr: str | None = None,
    again: bool = False,
) -> Session | Response:
    """A session that is good enough for a flow, or the way to the sign-in page, and back.

    Args:
        services: the provider's parts.
        request: of the browser.
        flow: where the person goes on afterwards.
        max_age: seconds since the last sign-in, at most; one in this very flow will do.
        acr: `ACR_TWO` for two factors; others ask for nothing.
        again: the person must sign in in this flow, signed in or not (`prompt=login`).
    """
    session = await signed_in(services, request)
    needs_two = acr == ACR_TWO
    if needs_two and flow.data.get("acr") != ACR_TWO:
        flow = await services.flows.keep(flow, data={**flow.data, "acr": ACR_TWO})
    if session is None:
        return see_other(f"{SIGN_IN}?flow={flow.id}")
    was_here = flow.data.get("session") == session.id
    is_old = max_age is not None and services.clock() - session.authenticated > max_age
    if (again or is_old) and not was_here:
        flow = await services.flows.keep(flow, data={**flow.data, "again": True})
        return see_other(f"{SIGN_IN}?flow={flow.id}")
    if needs_two and session.acr != ACR_TWO:
        # The session proves the first factor; the second page adds to it (RFC 9470).
        # SECURITY: what was proved in this flow before may be another person's.
        data = {name: value for name, value in flow.data.items() if name != "proved"}
        await services.flows.keep(flow, user_id=session.user_id, amr=session.amr, data=data)
        return see_other(f"{SECOND}?flow={flow.id}")
    return session


async def require_session(
    services: Services, request: Request, *, return_to: str = HOME
) -> Session | Response:
    """The session of a person on the pages of the account, or the way to the sign-in page."""
    session = await signed_in(services, request)
    if session is not None:
        return session
    return see_other(f"{SIGN_IN}?flow={(await _account_flow(services, request, return_to)).id}")


async def require_fresh(
    services: Services, request: Request, *, return_to: str
) -> Session | Response:
    """A session whose person has signed in within five minutes, with all that they have.

    Otherwise a page that leads to the sign-in page and back to `return_to`, a path of ours. What a
    stale session sends is refused with 401 and the challenge of RFC 9470 (B-230).
    """
    session = await signed_in(services, request)
    if session is None:
        return await require_session(services, request, return_to=return_to)
    is_recent = services.clock() - session.authenticated <= FRESH_SECONDS
    needs_two = session.acr != ACR_TWO and await has_second_factor(services, session.user_id)
    if is_recent and not needs_two:
        return session
    flow = await _account_flow(services, request, return_to, again=True)
    target = f"{SIGN_IN}?flow={flow.id}"
    if request.method in ("GET", "HEAD"):
        return see_other(target)
    answer = render(services, request, "confirm_yourself.html", status=401, target=target)
    challenge = f'Bearer error="insufficient_user_authentication", max_age={int(FRESH_SECONDS)}'
    if needs_two:
        challenge += f', acr_values="{ACR_TWO}"'
    answer.headers["www-authenticate"] = challenge
    return answer


async def complete_sign_in(
    services: Services, request: Request, user: User, amr: Sequence[str], flow: Flow | None
) -> Response:
    """Make a session of what was proved, or ask for the second factor first.

    There is no session before everything is proved (B-234).

    Args:
        services: the provider's parts.
        request: of the browser.
        user: who.
        amr: everything that was proved in this flow (RFC 8176), with `mfa` for two factors.
        flow: where the person goes on; None for the account page.

    Raises:
        PageError: this person is kept out.
    """
    # One transaction: who is told of a session has it, and it is known where it was begun.
    async with services.database.write():
        # INVARIANT: the account before its sessions, as where tokens are made of them and where
        # they end; and as it is now. One that was read before may be disabled meanwhile, and what
        # is begun here would not end with the rest.
        if not await services.users.hold(user.id):
            raise account_disabled()
        if "mfa" not in amr and await _needs_second(services, user, flow):
            flow = flow or await _account_flow(services, request, HOME)
            # What was proved just now, and not by a session that may be stolen, may enrol a factor.
            data = {**flow.data, "proved": services.clock()}
            await services.flows.keep(flow, user_id=user.id, amr=tuple(amr), data=data)
            return see_other(f"{SECOND}?flow={flow.id}")
        await services.users.signed_in(user.id)
        token, session = await _session(services, request, user, amr)
        response = see_other(await onward(services, flow, user, session))
        write_cookie(response, SESSION, token)
        await _note(services, request, response, user, session)
    return response


async def sign_out(services: Services, request: Request, response: Response) -> None:
    """End the browser's session, if it has one, and take the cookie back."""
    session = await signed_in(services, request)
    if session is not None:
        await revoke_session(services, session.user_id, session.id)
        await services.events.record(
            "sign-out",
            user_id=session.user_id,
            actor=f"user:{session.user_id}",
            address=address_of(request),
        )
    drop_cookie(response, SESSION)


async def has_second_factor(services: Services, user_id: str) -> bool:
    """Whether a person has a confirmed second factor."""
    async with services.database.read() as connection:
        return (await connection.execute(_FACTORS, {"person": user_id})).first() is not None


def demands_second_factor(services: Services, user: User) -> bool:
    """Whether this person must have a second factor, chosen or not."""
    return user.is_admin or services.settings.mfa == "required"


async def load_flow(services: Services, request: Request, flow_id: str | None) -> Flow | None:
    """The flow that a page belongs to; None where the page was opened by itself.

    Raises:
        PageError: it is over, or another browser's.
    """
    if not flow_id:
        return None
    flow = await services.flows.load(flow_id, browser_of(request))
    if flow is None:
        raise flow_over()
    return flow


def flow_over() -> PageError:
    """Whatever a browser was in the middle of has ended."""
    return PageError(
        "This took too long",
        "Please go back to where you came from and start again.",
        reason="flow.unknown",
    )


async def onward(services: Services, flow: Flow | None, user: User, session: Session) -> str:
    """The path where a person who has just signed in goes on; the flow knows of the session."""
    if flow is None:
        return HOME
    if flow.kind == "account":
        if not await services.flows.end(flow):
            raise flow_over()
        return flow.return_to
    data = {**flow.data, "session": session.id}
    await services.flows.keep(flow, user_id=user.id, amr=session.amr, data=data)
    mark = "&" if "?" in flow.return_to else "?"
    return f"{flow.return_to}{mark}flow={flow.id}"


async def _account_flow(
    services: Services, request: Request, return_to: str, *, again: bool = False
) -> Flow:
    data = {"again": True} if again else {}
    return await services.flows.begin(browser_of(request), "account", return_to, data)


async def _needs_second(services: Services, user: User, flow: Flow | None) -> bool:
    if demands_second_factor(services, user):
        return True
    if flow is not None and flow.data.get("acr") == ACR_TWO:
        return True
    return await has_second_factor(services, user.id)


async def _session(
    services: Services, request: Request, user: User, amr: Sequence[str]
) -> tuple[str, Session]:
    """A session under a new cookie; the one that the browser had goes on as it, or ends."""
    where = {"address": address_of(request), "agent": agent_of(request)}
    old = read_cookie(request, SESSION)
    if old is not None:
        renewed = await services.sessions.renew(old, user.id, amr, **where)
        if renewed is not None:
            return renewed
        other = await services.sessions.find(old)
        if other is not None:
            await revoke_session(services, other.user_id, other.id)
    return await services.sessions.begin(user.id, amr, **where)


async def _note(
    services: Services, request: Request, response: Response, user: User, session: Session
) -> None:
    device, is_known = await services.devices.remember(
        read_cookie(request, DEVICE), user.id, session.agent
    )
    write_cookie(response, DEVICE, device)
    await services.events.record(
        "sign-in.ok",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=session.address,
        amr=" ".join(session.amr),
        session=session.id,
        new_device=not is_known,
    )
    # The first sign-in of all is that of who has just made the account.
    if not is_known and user.last_sign_in is not None:
        notify(services, request, response, user.email, "new-device")
