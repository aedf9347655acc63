"""Where browsers come with requests of applications, and what everybody may read."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Route

from vallum.identity.protocol.authorization_flow import RESUME
from vallum.identity.protocol.authorize import AUTHORIZE, authorize, resume
from vallum.identity.protocol.consent import CONSENT, answer_consent
from vallum.identity.protocol.logout import CONFIRM, LOGOUT, confirm, logout
from vallum.identity.protocol.metadata import describe, keys
from vallum.identity.protocol.par import push
from vallum.identity.services import Services
from vallum.identity.web.endpoints import Endpoint


def authorize_routes(services: Services) -> list[BaseRoute]:
    """Their routes."""

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, partial(endpoint, services), methods=methods)

    return [
        route("/.well-known/openid-configuration", describe, "GET"),
        route("/.well-known/oauth-authorization-server", describe, "GET"),
        route("/oauth/jwks", keys, "GET"),
        route(AUTHORIZE, authorize, "GET", "POST"),
        route(RESUME, resume, "GET"),
        route(CONSENT, answer_consent, "POST"),
        route("/oauth/par", push, "POST"),
        route(LOGOUT, logout, "GET", "POST"),
        route(CONFIRM, confirm, "POST"),
    ]
