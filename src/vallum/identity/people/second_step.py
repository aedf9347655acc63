"""The second step of a sign-in: which ways a person has, and the pages of those with codes.

What was proved so far is in the flow, on the server, bound to the browser; nothing that a request
says can put another person or another result there (B-234).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.people.admission import account_disabled
from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.people.notices import notify
from vallum.identity.people.sign_in import SECOND, SIGN_IN, complete_sign_in, load_flow, signed_in
from vallum.identity.services import Services
from vallum.identity.storage.flows import FLOW_SECONDS, Flow
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

RECOVERY: Final = "/sign-in/recovery"
ENROL: Final = "/sign-in/enrol"


class InFlow(NamedTuple):
    """A person in the middle of a sign-in, who has proved a first factor."""

    user: User
    flow: Flow


class Ways(NamedTuple):
    """The second factors that a person can use now."""

    totp: bool
    passkey: bool
    codes: bool
    enrolled: bool
    """Whether there is a factor at all; where there is, none may be added on the way in."""


async def person_in(services: Services, request: Request, flow: Flow | None) -> InFlow | Response:
    """Who has proved a first factor in a flow, or the way to where that is done.

    Raises:
        PageError: this person is kept out.
    """
    if flow is None:
        return see_other(SIGN_IN)
    if flow.user_id is None:
        return see_other(f"{SIGN_IN}?flow={flow.id}")
    if "mfa" in flow.amr:
        mark = "&" if "?" in flow.return_to else "?"
        return see_other(f"{flow.return_to}{mark}flow={flow.id}")
    if not proved_here(services, flow):
        # A session vouches for the first factor (RFC 9470), as long as it lives.
        session = await signed_in(services, request)
        if session is None or session.user_id != flow.user_id:
            return see_other(f"{SIGN_IN}?flow={flow.id}")
    user = await services.users.get(flow.user_id)
    if user is None or user.disabled is not None:
        raise account_disabled()
    proved = flow.data.get("proved")
    if proved is not None and proved < (user.password_changed or 0.0):
        # Whoever was in the middle of it with the old password is not any more.
        return see_other(f"{SIGN_IN}?flow={flow.id}")
    return InFlow(user, flow)


def proved_here(services: Services, flow: Flow) -> bool:
    """Whether the first factor was proved in this flow, and not long ago by a session."""
    proved = flow.data.get("proved")
    return isinstance(proved, float | int) and services.clock() - proved <= FLOW_SECONDS


async def ways_of(services: Services, user: User, flow: Flow | None = None) -> Ways:
    """What a person can use; a passkey that may have been copied is no way in this flow."""
    totp = await services.totp.count(user.id)
    passkeys = await services.passkeys.of_user(user.id)
    suspect = None if flow is None else flow.data.get("suspect")
    usable = [each for each in passkeys if each.credential_id.hex() != suspect]
    return Ways(
        totp=totp > 0,
        passkey=bool(usable),
        codes=await services.recovery_codes.left(user.id) > 0,
        enrolled=totp > 0 or bool(passkeys),
    )


async def show_second(services: Services, request: Request) -> Response:
    """The page; who must have a second factor and has none is led to make one."""
    flow = await load_flow(services, request, read_page_query(request).get("flow"))
    person = await person_in(services, request, flow)
    if isinstance(person, Response):
        return person
    return await _page(services, request, person)


async def send_second(services: Services, request: Request) -> Response:
    """A code of an authenticator application."""
    form = await read_page_form(request, services)
    flow = await load_flow(services, request, form.get("flow"))
    person = await person_in(services, request, flow)
    if isinstance(person, Response):
        return person
    user = person.user
    try:
        attempt = await services.guard.check(
            "second-factor", account=totp_account(user), address=address_of(request)
        )
    except TooManyAttempts as refusal:
        return await _refused(services, request, person, refusal)
    if await services.totp.verify(user.id, form.get("code", "")) is None:
        await services.guard.failed(attempt)
        await _note_failure(services, request, user, "otp")
        problem = "This code is wrong, or was used already. Wait for the next one."
        return await _page(services, request, person, problem=problem, status=400)
    await services.guard.succeeded(attempt)
    return await complete_sign_in(
        services, request, user, (*person.flow.amr, "otp", "mfa"), person.flow
    )


async def show_recovery(services: Services, request: Request) -> Response:
    """The page for a recovery code."""
    flow = await load_flow(services, request, read_page_query(request).get("flow"))
    person = await person_in(services, request, flow)
    if isinstance(person, Response):
        return person
    if not (await ways_of(services, person.user)).codes:
        return see_other(f"{SECOND}?flow={person.flow.id}")
    return _recovery_page(services, request, person.flow)


async def send_recovery(services: Services, request: Request) -> Response:
    """A recovery code; it is used up."""
    form = await read_page_form(request, services)
    flow = await load_flow(services, request, form.get("flow"))
    person = await person_in(services, request, flow)
    if isinstance(person, Response):
        return person
    user, flow = person
    try:
        attempt = await services.guard.check(
            "recovery-code", account=user.id, address=address_of(request)
        )
    except TooManyAttempts as refusal:
        answer = _recovery_page(services, request, flow, problem=_wait(refusal), status=429)
        answer.headers.update(refusal.headers)
        return answer
    if not await services.recovery_codes.use(user.id, form.get("code", "")):
        await services.guard.failed(attempt)
        await _note_failure(services, request, user, "rc")
        problem = "This is no recovery code of yours, or it was used already."
        return _recovery_page(services, request, flow, problem=problem, status=400)
    await services.guard.succeeded(attempt)
    await services.guard.clear("second-factor", totp_account(user))
    await services.events.record(
        "recovery-code.used",
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
        alert=True,
        left=float(await services.recovery_codes.left(user.id)),
    )
    response = await complete_sign_in(services, request, user, (*flow.amr, "rc", "mfa"), flow)
    notify(services, request, response, user.email, "recovery-code-used")
    return response


def totp_account(user: User) -> str:
    """What failures of a person's codes are counted on, over all sessions and nodes (B-232)."""
    return f"{user.id}/totp"


async def _page(
    services: Services, request: Request, person: InFlow, *, problem: str = "", status: int = 200
) -> Response:
    ways = await ways_of(services, person.user, person.flow)
    if not ways.enrolled:
        return see_other(f"{ENROL}?flow={person.flow.id}")
    return render(
        services,
        request,
        "second_step.html",
        status=status,
        flow=person.flow,
        ways=ways,
        recovery=RECOVERY,
        problem=problem,
    )


async def _refused(
    services: Services, request: Request, person: InFlow, refusal: TooManyAttempts
) -> Response:
    answer = await _page(services, request, person, problem=_wait(refusal), status=429)
    answer.headers.update(refusal.headers)
    return answer


def _recovery_page(
    services: Services, request: Request, flow: Flow, *, problem: str = "", status: int = 200
) -> Response:
    return render(
        services, request, "recovery.html", status=status, flow=flow, second=SECOND, problem=problem
    )


def _wait(refusal: TooManyAttempts) -> str:
    if refusal.reason == "guard.closed":
        return "There were too many wrong codes. Please use another way."
    return refusal.text


async def _note_failure(services: Services, request: Request, user: User, method: str) -> None:
    await services.events.record(
        "second-factor.failed", user_id=user.id, address=address_of(request), method=method
    )
