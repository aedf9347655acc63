"""Where the pages of second factors, passkeys and the first administrator are."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.routing import BaseRoute, Route

from vallum.identity.people import (
    enrolling,
    factors_page,
    first_admin,
    passkey_adding,
    passkey_sign_in,
    second_step,
    totp_pages,
)
from vallum.identity.services import Services
from vallum.identity.web.endpoints import Endpoint
from vallum.identity.web.json_pages import for_scripts

_PAGES: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("GET", "/sign-in/second", second_step.show_second),
    ("POST", "/sign-in/second", second_step.send_second),
    ("GET", "/sign-in/recovery", second_step.show_recovery),
    ("POST", "/sign-in/recovery", second_step.send_recovery),
    ("POST", "/sign-in/passkey/options", for_scripts(passkey_sign_in.send_options)),
    ("POST", "/sign-in/passkey", for_scripts(passkey_sign_in.send_passkey)),
    ("GET", "/sign-in/enrol", enrolling.show_enrol),
    ("GET", "/account/factors", factors_page.show_factors),
    ("GET", "/account/factors/add", enrolling.show_add),
    ("POST", "/account/factors/totp", totp_pages.send_begin),
    ("POST", "/account/factors/totp/confirm", totp_pages.send_confirm),
    ("POST", "/account/factors/passkey/options", for_scripts(passkey_adding.send_options)),
    ("POST", "/account/factors/passkey", for_scripts(passkey_adding.send_passkey)),
    ("POST", "/account/factors/rename", factors_page.send_rename),
    ("POST", "/account/factors/remove", factors_page.send_remove),
    ("POST", "/account/factors/codes", factors_page.send_codes),
    ("GET", "/first-administrator", first_admin.show_first_admin),
    ("POST", "/first-administrator", first_admin.send_first_admin),
)


def factor_routes(services: Services) -> list[BaseRoute]:
    """These pages, bound to the provider's parts."""
    return [Route(path, partial(page, services), methods=[method]) for method, path, page in _PAGES]
