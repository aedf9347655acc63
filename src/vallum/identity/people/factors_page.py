"""The second factors of a person's own account: listed, renamed, removed; and recovery codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.admission import account_disabled
from vallum.identity.people.choosing import BadChoice, chosen_name
from vallum.identity.people.enrolling import FACTORS
from vallum.identity.people.notices import Notice, notify
from vallum.identity.people.second_step import ways_of
from vallum.identity.people.sign_in import demands_second_factor, require_fresh, require_session
from vallum.identity.people.words import day_and_time
from vallum.identity.services import Services
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

_DONE: Final[Mapping[str, str]] = {
    "added": "The new factor is ready.",
    "renamed": "The name is changed.",
    "removed": "The factor is removed.",
}


class Factor(NamedTuple):
    """A second factor as its person sees it."""

    kind: Literal["totp", "passkey"]
    id: str
    name: str
    added: str
    last_used: str | None


async def show_factors(services: Services, request: Request) -> Response:
    """The list."""
    session = await require_session(services, request, return_to=FACTORS)
    if isinstance(session, Response):
        return session
    user = await _person(services, session.user_id)
    return await _page(services, request, user)


async def send_rename(services: Services, request: Request) -> Response:
    """Another name for one."""
    form = await read_page_form(request, services)
    user = await _fresh(services, request)
    if isinstance(user, Response):
        return user
    try:
        name = chosen_name(form.get("name", ""))
    except BadChoice as error:
        return await _page(services, request, user, problem=str(error))
    kind, factor_id = _named(form)
    if kind == "totp":
        done = await services.totp.rename(user.id, factor_id, name)
    else:
        done = await services.passkeys.rename(user.id, _credential(factor_id), name)
    if not done:
        raise _unknown()
    response = see_other(f"{FACTORS}?done=renamed")
    await _note(services, request, response, user, "factor.renamed", "factor-renamed", kind)
    return response


async def send_remove(services: Services, request: Request) -> Response:
    """Take one away; the last one only from who needs none."""
    form = await read_page_form(request, services)
    user = await _fresh(services, request)
    if isinstance(user, Response):
        return user
    kind, factor_id = _named(form)
    async with services.database.write():
        # SECURITY: of two that are removed at once, the second waits here and is the last one.
        if not await services.users.hold(user.id):
            raise account_disabled()
        await _remove(services, await _person(services, user.id), kind, factor_id)
    response = see_other(f"{FACTORS}?done=removed")
    await _note(services, request, response, user, "factor.removed", "factor-removed", kind)
    return response


async def _remove(services: Services, user: User, kind: str, factor_id: str) -> None:
    if demands_second_factor(services, user) and len(await _factors(services, user)) < 2:
        raise PageError(
            "You need a second factor",
            "This is your last one. Add another before you remove it.",
            status=409,
            reason="factor.last",
        )
    if kind == "totp":
        done = await services.totp.remove(user.id, factor_id)
    else:
        done = await services.passkeys.remove(user.id, _credential(factor_id))
    if not done:
        raise _unknown()
    if not (await ways_of(services, user)).enrolled:
        await services.recovery_codes.void(user.id)


async def send_codes(services: Services, request: Request) -> Response:
    """Ten new recovery codes; the old ones are void."""
    await read_page_form(request, services)
    user = await _fresh(services, request)
    if isinstance(user, Response):
        return user
    if not (await ways_of(services, user)).enrolled:
        raise PageError(
            "You have no second factor",
            "Recovery codes stand in for one. Add one first.",
            status=409,
            reason="factor.none",
        )
    codes = await services.recovery_codes.make(user.id)
    response = render(services, request, "recovery_codes.html", codes=codes, onward=FACTORS)
    await _note(
        services, request, response, user, "recovery-codes.made", "recovery-codes-made", "codes"
    )
    return response


async def _factors(services: Services, user: User) -> list[Factor]:
    found = [
        Factor("passkey", each.credential_id.hex(), each.name, *_when(each.created, each.last_used))
        for each in await services.passkeys.of_user(user.id)
    ]
    found += [
        Factor("totp", each.id, each.name, *_when(each.created, each.last_used))
        for each in await services.totp.of_user(user.id)
    ]
    return found


async def _page(services: Services, request: Request, user: User, *, problem: str = "") -> Response:
    return render(
        services,
        request,
        "factors.html",
        status=400 if problem else 200,
        here="/account/security",
        factors=await _factors(services, user),
        left=await services.recovery_codes.left(user.id),
        needed=demands_second_factor(services, user),
        done=_DONE.get(read_page_query(request).get("done", ""), ""),
        problem=problem,
    )


async def _fresh(services: Services, request: Request) -> User | Response:
    session = await require_fresh(services, request, return_to=FACTORS)
    if isinstance(session, Response):
        return session
    return await _person(services, session.user_id)


async def _person(services: Services, user_id: str) -> User:
    user = await services.users.get(user_id)
    if user is None:
        raise PageError("There is no such account", "Please sign in again.", status=403)
    return user


def _when(created: float, last_used: float | None) -> tuple[str, str | None]:
    return day_and_time(created), None if last_used is None else day_and_time(last_used)


def _named(form: dict[str, str]) -> tuple[Literal["totp", "passkey"], str]:
    kind = form.get("kind", "")
    if kind not in ("totp", "passkey"):
        raise _unknown()
    return "totp" if kind == "totp" else "passkey", form.get("factor", "")


def _credential(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _unknown() from None


def _unknown() -> PageError:
    return PageError(
        "There is no such factor", "It may be removed already.", status=404, reason="factor.unknown"
    )


async def _note(
    services: Services,
    request: Request,
    response: Response,
    user: User,
    kind: str,
    notice: Notice,
    factor: str,
) -> None:
    await services.events.record(
        kind,
        user_id=user.id,
        actor=f"user:{user.id}",
        address=address_of(request),
        factor=factor,
    )
    notify(services, request, response, user.email, notice)
