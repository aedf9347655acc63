"""What scripts of our pages send and get: JSON, read strictly, with the form token of the page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vallum.identity.errors import PageError
from vallum.identity.services import Services
from vallum.identity.web.bodies import BodyTooLarge, read_body
from vallum.identity.web.csrf import check_form_token
from vallum.identity.web.endpoints import Endpoint
from vallum.identity.web.forms import MOST_BYTES
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

_LIMITS: Final = JSONLimits(depth=2, width=16, string=32 * 1024)
_JSON: Final = "application/json"


async def read_json(
    request: Request, services: Services, *, needs: Collection[str], may: Collection[str] = ()
) -> dict[str, str]:
    """An object of texts that a script of ours sent; its form token is checked and taken off.

    Args:
        request: a POST.
        services: the provider's parts.
        needs: members that it must have.
        may: members that it may have; others are refused.

    Raises:
        PageError: it is none, or comes from elsewhere.
    """
    # Other sites cannot send this type without asking first (Fetch §4.8), and we never allow it.
    if request.headers.get("content-type") != _JSON:
        raise _bad("json.type")
    try:
        found = parse_json(await read_body(request, MOST_BYTES), _LIMITS)
    except BodyTooLarge:
        raise _bad("json.size") from None
    except MalformedJSON as error:
        raise _bad(f"json.{error.code}") from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise _bad("json.shape")
    check_form_token(services, request, found.pop("csrf", ""))
    if not set(needs) <= found.keys() or not found.keys() <= {*needs, *may}:
        raise _bad("json.members")
    return found


def for_scripts(page: Endpoint) -> Endpoint:
    """A page whose refusals a script reads: `title` and `text` for the person."""

    async def answer(services: Services, request: Request) -> Response:
        try:
            return await page(services, request)
        except PageError as error:
            services.events.tell("page.refused", reason=error.reason, path=request.url.path)
            body = {"title": error.title, "text": error.text}
            return JSONResponse(body, error.status, headers=error.headers)

    return answer


def go(response: Response) -> Response:
    """What a script gets instead of a redirect: where to go, with the cookies of the redirect."""
    answer = JSONResponse({"location": response.headers["location"]})
    keep_rest(response, answer)
    return answer


def keep_rest(response: Response, answer: Response) -> None:
    """Move the cookies of one answer, and the work after it, to another."""
    for cookie in response.headers.getlist("set-cookie"):
        answer.headers.append("set-cookie", cookie)
    answer.background = response.background


def _bad(reason: str) -> PageError:
    return PageError("This cannot be read", "Please reload the page and try again.", reason=reason)
