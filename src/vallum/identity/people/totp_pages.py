"""Adding an authenticator application: its seed is shown once, and counts once a code was typed."""

from __future__ import annotations

import segno
from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.people.enrolling import FACTORS, Enroller, enrolled, enroller
from vallum.identity.people.guard import TooManyAttempts
from vallum.identity.people.totp import key_uri, seed_in_words
from vallum.identity.services import Services
from vallum.identity.storage.totp_factors import MOST_OF_ONE
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_page_form
from vallum.identity.web.json_pages import keep_rest
from vallum.identity.web.pages import render

_NAME = "Authenticator app"


async def send_begin(services: Services, request: Request) -> Response:
    """Make a seed and show it: in this answer, and never again (B-233)."""
    form = await read_page_form(request, services)
    who = await enroller(services, request, form.get("flow"))
    if isinstance(who, Response):
        return who
    if await services.totp.count(who.user.id) >= MOST_OF_ONE:
        raise PageError(
            "You have many authenticator apps",
            "Remove one that you do not use before you add another.",
            status=409,
            reason="factor.too-many",
        )
    factor_id, seed = await services.totp.begin(who.user.id, _NAME)
    uri = key_uri(seed.reveal(), service=services.settings.name, account=who.user.email)
    picture = segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, light="white")
    return _page(
        services, request, who, factor_id, picture=picture, words=seed_in_words(seed.reveal())
    )


async def send_confirm(services: Services, request: Request) -> Response:
    """A code of the new seed: the factor is the person's from now on."""
    form = await read_page_form(request, services)
    who = await enroller(services, request, form.get("flow"))
    if isinstance(who, Response):
        return who
    factor_id = form.get("factor", "")
    if not await services.totp.pending(who.user.id, factor_id):
        raise PageError(
            "This took too long", "Please begin to add the app again.", reason="factor.unknown"
        )
    try:
        attempt = await services.guard.check(
            "second-factor", account=f"{who.user.id}/{factor_id}", address=address_of(request)
        )
    except TooManyAttempts as refusal:
        answer = _page(services, request, who, factor_id, problem=refusal.text, status=429)
        answer.headers.update(refusal.headers)
        return answer
    if not await services.totp.confirm(who.user.id, factor_id, form.get("code", "")):
        await services.guard.failed(attempt)
        problem = "This code is wrong. Wait for the next one, and check the clock of your device."
        return _page(services, request, who, factor_id, problem=problem, status=400)
    await services.guard.succeeded(attempt)
    response = await enrolled(services, request, who, ("otp",), kind="totp", name=_NAME)
    return await with_codes(services, request, who, response)


async def with_codes(
    services: Services, request: Request, who: Enroller, response: Response
) -> Response:
    """The recovery codes on the way, for who has none yet; a redirect for the others."""
    if await services.recovery_codes.left(who.user.id):
        return response
    codes = await services.recovery_codes.make(who.user.id)
    page = render(
        services,
        request,
        "recovery_codes.html",
        codes=codes,
        onward=response.headers["location"],
    )
    keep_rest(response, page)
    return page


def _page(
    services: Services,
    request: Request,
    who: Enroller,
    factor_id: str,
    *,
    picture: str | None = None,
    words: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    return render(
        services,
        request,
        "totp_new.html",
        status=status,
        flow=who.flow,
        factor=factor_id,
        picture=picture,
        words=words,
        problem=problem,
        back=FACTORS if who.flow is None else f"/sign-in/enrol?flow={who.flow.id}",
    )
