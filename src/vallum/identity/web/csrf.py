"""Form tokens: a form of ours comes back from the browser and the session that it was made for."""

from __future__ import annotations

import hmac
from hashlib import sha256

from starlette.requests import Request

from vallum.identity.errors import PageError
from vallum.identity.services import Services
from vallum.identity.web.cookies import SESSION, browser_of, read_cookie

_PURPOSE = b"form token"


def form_token(services: Services, request: Request) -> str:
    """The token that every form of ours carries as `csrf`."""
    key = services.sealer.derive(_PURPOSE).reveal()
    bound_to = f"{browser_of(request)}\0{read_cookie(request, SESSION) or ''}"
    return hmac.new(key, bound_to.encode("utf-8", "replace"), sha256).hexdigest()


def check_form_token(services: Services, request: Request, presented: str) -> None:
    """Refuse a form that another site sent, or that was made for another session.

    Raises:
        PageError: in either case.
    """
    origin = request.headers.get("origin")
    # A browser names the origin of every POST (Fetch §3.1); other sites cannot forge it.
    is_ours = origin in (None, services.settings.issuer)
    expected = form_token(services, request)
    if not is_ours or not hmac.compare_digest(expected.encode(), presented.encode("utf-8")):
        raise PageError(
            "This form is out of date",
            "It was opened in another browser, or you have signed in or out since. "
            "Go back, reload the page and send it again.",
            status=403,
            reason="form.token",
        )
