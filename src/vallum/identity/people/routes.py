"""Where the pages of people are."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vallum.identity.people import (
    account,
    account_access,
    account_data,
    account_email,
    account_password,
    reset,
    sign_in_pages,
    sign_up,
)
from vallum.identity.services import Services
from vallum.identity.web.endpoints import Endpoint

_PAGES: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("GET", "/sign-in", sign_in_pages.show_sign_in),
    ("POST", "/sign-in", sign_in_pages.send_sign_in),
    ("POST", "/sign-out", sign_in_pages.send_sign_out),
    ("GET", "/sign-up", sign_up.show_sign_up),
    ("POST", "/sign-up", sign_up.send_sign_up),
    ("GET", "/sign-up/confirm", sign_up.show_confirm),
    ("POST", "/sign-up/confirm", sign_up.send_confirm),
    ("GET", "/account/reset", reset.show_reset),
    ("POST", "/account/reset", reset.send_reset),
    ("GET", "/account/reset/choose", reset.show_choose),
    ("POST", "/account/reset/choose", reset.send_choose),
    ("GET", "/account", account.show_account),
    ("POST", "/account/name", account.send_name),
    ("GET", "/account/security", account.show_security),
    ("GET", "/account/activity", account.show_activity),
    ("GET", "/account/password", account_password.show_password),
    ("POST", "/account/password", account_password.send_password),
    ("GET", "/account/email", account_email.show_email),
    ("POST", "/account/email", account_email.send_email),
    ("GET", "/account/email/confirm", account_email.show_confirm),
    ("POST", "/account/email/confirm", account_email.send_confirm),
    ("GET", "/account/sessions", account_access.show_sessions),
    ("POST", "/account/sessions/end", account_access.send_end_session),
    ("GET", "/account/applications", account_access.show_applications),
    ("POST", "/account/applications/revoke", account_access.send_revoke),
    ("GET", "/account/data", account_data.show_data),
    ("GET", "/account/delete", account_data.show_delete),
    ("POST", "/account/delete", account_data.send_delete),
)


def people_routes(services: Services) -> list[BaseRoute]:
    """The pages of people, bound to the provider's parts."""
    routes: list[BaseRoute] = [
        Route(path, partial(page, services), methods=[method]) for method, path, page in _PAGES
    ]
    # Where password managers look for the page (W3C, A Well-Known URL for Changing Passwords).
    routes.append(Route("/.well-known/change-password", _change_password, methods=["GET"]))
    return routes


async def _change_password(_: Request) -> Response:
    return RedirectResponse(account_password.PATH, 303)
