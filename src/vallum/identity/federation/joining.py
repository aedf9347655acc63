"""An identity that is new here: a new account, one to take over, or one to be proved first."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.federation.arriving import demand_sign_up
from vallum.identity.federation.connecting import connect
from vallum.identity.federation.person import Person
from vallum.identity.federation.relying import Relying, Step, load_step, out_of_step
from vallum.identity.people.choosing import BadChoice, chosen_name
from vallum.identity.people.notices import notify
from vallum.identity.people.sign_in import SIGN_IN, complete_sign_in, onward, signed_in
from vallum.identity.reclaiming import reclaim
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.sessions import Session
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other


async def show_join(relying: Relying, request: Request) -> Response:
    """What will be kept, or whose account must be proved first."""
    flow_id = read_page_query(request).get("flow")
    flow, step = await load_step(relying, request, flow_id, "new", "claim", "link")
    if step == "link" and await _proved(relying, request, flow) is None:
        return render(
            relying.services,
            request,
            "federation_prove.html",
            flow=flow,
            email=flow.data["email"],
            provider=relying.services.settings.providers[flow.data["provider"]],
        )
    return await _page(relying, request, flow, step)


async def send_join(relying: Relying, request: Request) -> Response:
    """The person agrees, or not."""
    form = await read_page_form(request, relying.services)
    flow, step = await load_step(relying, request, form.get("flow"), "new", "claim", "link")
    name = ""
    if step == "new":
        try:
            name = chosen_name(form.get("name", ""))
        except BadChoice as error:
            return await _page(
                relying, request, flow, step, name=form.get("name", ""), error=str(error)
            )
    proved = await _proved(relying, request, flow) if step == "link" else None
    if step == "link" and proved is None:
        raise out_of_step()
    parent = await relying.parent_of(request, flow)
    if not await relying.services.flows.end(flow):
        raise out_of_step()
    if form.get("answer") != "yes":
        if proved is None:
            return see_other(SIGN_IN if parent is None else f"{SIGN_IN}?flow={parent.id}")
        return see_other(await onward(relying.services, parent, *proved))
    if proved is not None:
        return await _link(relying, request, flow, parent, *proved)
    user = await (_create(relying, request, flow, name) if step == "new" else _claim(relying, flow))
    return await _enter(relying, request, flow, parent, user, step)


async def _proved(relying: Relying, request: Request, flow: Flow) -> tuple[User, Session] | None:
    """The account with its session, once its person has signed in to it in this very flow."""
    session = await signed_in(relying.services, request)
    # A session that was there before is no proof: whoever sits at the browser has it (B-170).
    if session is None or flow.data.get("session") != session.id:
        return None
    if session.user_id != flow.data["user"]:
        raise PageError(
            "That was another account",
            "Nothing was connected. You can do so on the pages of the account, too.",
            reason="federation.other-account",
        )
    user = await relying.services.users.get(session.user_id)
    if user is None:
        raise LookupError("a session without an account")
    return user, session


async def _create(relying: Relying, request: Request, flow: Flow, name: str) -> User:
    services, email = relying.services, flow.data["email"]
    demand_sign_up(services, email)
    user = await services.users.add(email, name, email_verified=True)
    if user is None:
        raise _changed_meanwhile()
    person = _person(flow)
    if not await services.identities.link(user.id, person.issuer, person.subject, person.email):
        await services.users.delete(user.id)
        raise _changed_meanwhile()
    await services.events.record(
        "account.created",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
        provider=person.provider,
    )
    return user


async def _claim(relying: Relying, flow: Flow) -> User:
    services = relying.services
    user = await services.users.get(flow.data["user"])
    if user is None or user.email != flow.data["email"] or not await reclaim(services, user):
        raise _changed_meanwhile()
    emptied = await services.users.get(user.id)
    if emptied is None:
        raise _changed_meanwhile()
    return emptied


async def _enter(
    relying: Relying,
    request: Request,
    flow: Flow,
    parent: Flow | None,
    user: User,
    step: Step,
) -> Response:
    services = relying.services
    if step == "claim":
        await connect(services, request, user, _person(flow))
    answer = await complete_sign_in(services, request, user, ("fed",), parent)
    if step == "claim":
        notify(services, request, answer, user.email, "identity-linked")
    return answer


async def _link(
    relying: Relying,
    request: Request,
    flow: Flow,
    parent: Flow | None,
    user: User,
    session: Session,
) -> Response:
    services = relying.services
    await connect(services, request, user, _person(flow))
    answer = see_other(await onward(services, parent, user, session))
    notify(services, request, answer, user.email, "identity-linked")
    return answer


async def _page(
    relying: Relying,
    request: Request,
    flow: Flow,
    step: Step,
    *,
    name: str | None = None,
    error: str | None = None,
) -> Response:
    parent = await relying.parent_of(request, flow)
    target: Any = "" if parent is None else parent.data.get("form_target", "")
    return render(
        relying.services,
        request,
        "federation_join.html",
        status=200 if error is None else 400,
        flow=flow,
        form_target=str(target),
        step=step,
        provider=relying.services.settings.providers[flow.data["provider"]],
        email=flow.data["email"],
        name=flow.data["name"] if name is None else name,
        error=error,
    )


def _person(flow: Flow) -> Person:
    data = flow.data
    return Person(
        provider=data["provider"],
        issuer=data["issuer"],
        subject=data["subject"],
        email=data["email"],
        name=data["name"],
    )


def _changed_meanwhile() -> PageError:
    return PageError(
        "Something has changed meanwhile",
        "There is an account with this address now. Please sign in again.",
        status=409,
        reason="federation.changed",
    )
