"""Our cookies, all of one kind: `__Host-`, Secure, HttpOnly, SameSite=Lax, Path=/ (B-229)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import PageError
from vallum.identity.secrets import new_token

SESSION: Final = "__Host-vallum-session"
BROWSER: Final = "__Host-vallum-browser"
"""Tells browsers apart before anybody has signed in: flows and form tokens are bound to it."""
DEVICE: Final = "__Host-vallum-device"
"""Says that somebody has signed in here before (B-223)."""

_DEVICE_SECONDS: Final = 180 * 86_400
_LONGEST: Final = 128


def read_cookie(request: Request, name: str) -> str | None:
    """The value of one of our cookies.

    Raises:
        PageError: the browser sends two of that name: a neighbour may have planted one (B-227).
    """
    # SECURITY: spaces and tabs alone. Browsers hold `\xa0__Host-…` for a name without a prefix,
    # which any neighbour may set, and the other blanks of Unicode would turn it into ours (B-227).
    values = [
        value
        for line in request.headers.getlist("cookie")
        for pair in line.split(";")
        for key, equals, value in [pair.strip(" \t").partition("=")]
        if key == name and equals
    ]
    if len(values) > 1:
        raise PageError(
            "Your browser sent two answers to one question",
            "It sent the same cookie twice. Delete the cookies of this site and try again.",
            reason="cookie.twice",
        )
    if not values or not 0 < len(values[0]) <= _LONGEST:
        return None
    return values[0]


def write_cookie(response: Response, name: str, value: str) -> None:
    """Set one of our cookies. It ends with the browser, but the device's, which stays."""
    response.set_cookie(
        name,
        value,
        max_age=_DEVICE_SECONDS if name == DEVICE else None,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, name: str) -> None:
    """Take one of our cookies back."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def browser_of(request: Request) -> str:
    """What tells this browser from others; new for one that we have not seen.

    `AnswerFields` sets it with the answer.
    """
    known: str | None = getattr(request.state, "browser", None)
    if known is None:
        known = read_cookie(request, BROWSER)
        if known is None:
            known = request.state.new_browser = new_token()
        request.state.browser = known
    return known
