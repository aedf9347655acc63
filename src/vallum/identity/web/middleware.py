"""What every answer of the provider carries, and how its refusals look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vallum.identity.errors import OAuthError, PageError
from vallum.identity.services import Services
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import BROWSER, write_cookie
from vallum.identity.web.pages import render_error

_FIELDS = {
    # RFC 6749 §5.1: answers with tokens MUST NOT be stored; ours all are about one person.
    "cache-control": "no-store",
    # RFC 9700 §4.2: codes and states must not leave with a Referer (B-190). Not `no-referrer`:
    # browsers would send forms of ours with `Origin: null` (Fetch §3.2), like those of strangers.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
_RAW = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in _FIELDS.items())


class AnswerFields:
    """Adds the fields of every answer, and the browser cookie where a page asked for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields: list[tuple[bytes, bytes]] = message["headers"]
                present = {name for name, _ in fields}
                fields += [field for field in _RAW if field[0] not in present]
                browser = scope["state"].get("new_browser")
                if browser is not None:
                    carrier = Response()
                    write_cookie(carrier, BROWSER, browser)
                    cookie = carrier.headers["set-cookie"].encode("latin-1")
                    fields.append((b"set-cookie", cookie))
            await send(message)

        scope.setdefault("state", {})
        await self._app(scope, receive, send_with_fields)


Handler = Callable[[Request, Exception], Awaitable[Response]]


def refuse_program(services: Services) -> Handler:
    """Answers an `OAuthError` with the JSON of RFC 6749 §5.2."""

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, OAuthError)  # noqa: S101  (Starlette looks it up by class)
        services.events.tell(
            "oauth.refused",
            address=address_of(request),
            error=error.error,
            reason=error.reason,
            path=request.url.path,
        )
        body = {"error": error.error}
        if error.description:
            body["error_description"] = error.description
        return JSONResponse(body, error.status, headers=error.headers)

    return handle


def refuse_person(services: Services) -> Handler:
    """Answers a `PageError` with a page; never with a redirect."""

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, PageError)  # noqa: S101  (Starlette looks it up by class)
        await services.events.record("page.refused", reason=error.reason, path=request.url.path)
        answer = render_error(services.settings.name, error.title, error.text, error.status)
        answer.headers.update(error.headers)
        return answer

    return handle


def refuse_all(services: Services) -> Handler:
    """Answers whatever needs a database that cannot be used."""

    async def handle(_: Request, __: Exception) -> Response:
        text = "Please try again later."
        return render_error(services.settings.name, "This does not work now", text, 503)

    return handle
