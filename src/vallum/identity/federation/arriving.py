"""A person has come back from a provider: whose account is that here? (AN-6, B-169, B-170)"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.federation.connecting import finish_connecting
from vallum.identity.federation.person import Person
from vallum.identity.federation.relying import JOIN, Relying, Step
from vallum.identity.people.addresses import BadAddress
from vallum.identity.people.admission import account_disabled, demand_open, judge_domain
from vallum.identity.people.sign_in import complete_sign_in, has_second_factor
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.pages import see_other


async def arrive(relying: Relying, request: Request, flow: Flow, person: Person) -> Response:
    """Sign in who is known by issuer and subject; ask everybody else first.

    An address never opens an account: at most it says whose account must be proved (B-169).
    """
    services = relying.services
    parent = await relying.parent_of(request, flow)
    if parent is not None and "connect" in parent.data:
        return await finish_connecting(services, request, parent, person)
    identity = await services.identities.find(person.issuer, person.subject)
    if identity is not None:
        user = await services.users.get(identity.user_id)
        if user is None:
            raise LookupError("an identity without an account")
        await services.identities.used(identity, person.email)
        return await complete_sign_in(services, request, user, ("fed",), parent)
    step, user = await _next_step(relying, request, person)
    following = await services.flows.begin(
        browser_of(request),
        "federation",
        JOIN,
        {
            "step": step,
            "provider": person.provider,
            "issuer": person.issuer,
            "subject": person.subject,
            "email": person.email,
            "name": person.name,
            "user": None if user is None else user.id,
            "parent": flow.data["parent"],
        },
    )
    return see_other(f"{JOIN}?flow={following.id}")


async def _next_step(
    relying: Relying, request: Request, person: Person
) -> tuple[Step, User | None]:
    services = relying.services
    label = services.settings.providers[person.provider].label
    if not person.email:
        await _note(services, request, person, "no-address")
        raise PageError(
            f"{label} does not confirm your e-mail address",
            "So there can be no new account with it. If you have an account here, sign in to it "
            f"in another way; then you can connect {label} on the pages of your account.",
            status=403,
            reason="federation.no-address",
        )
    user = await services.users.by_email(person.email)
    if user is None:
        demand_sign_up(services, person.email)
        return "new", None
    if user.disabled is not None:
        raise account_disabled()
    is_in_use = user.email_verified or await has_second_factor(services, user.id)
    return ("link" if is_in_use else "claim"), user


def demand_sign_up(services: Services, email: str) -> None:
    """Whether somebody with this address may make an account.

    Raises:
        PageError: accounts are made by operators only, or for other domains only.
    """
    demand_open(services)
    try:
        judge_domain(services, email)
    except BadAddress as error:
        raise PageError(
            "There is no account for this address",
            str(error),
            status=403,
            reason="sign-up.domain",
        ) from None


async def _note(services: Services, request: Request, person: Person, reason: str) -> None:
    await services.events.record(
        "federation.refused",
        address=address_of(request),
        provider=person.provider,
        reason=reason,
    )
