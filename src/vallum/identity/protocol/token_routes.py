"""The endpoints that programs call for tokens and about tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vallum.identity.protocol.device import DEVICE, device_authorization
from vallum.identity.protocol.device_pages import send_device, show_device
from vallum.identity.protocol.introspect import introspect
from vallum.identity.protocol.registration import (
    REGISTER,
    change_registration,
    end_registration,
    read_registration,
    register,
)
from vallum.identity.protocol.revoke import revoke
from vallum.identity.protocol.token import token
from vallum.identity.protocol.userinfo import userinfo
from vallum.identity.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]


def token_routes(services: Services) -> list[BaseRoute]:
    """Their routes; the busiest first."""

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        async def answer(request: Request) -> Response:
            return await endpoint(services, request)

        return Route(path, answer, methods=methods)

    return [
        route("/oauth/token", token, "POST"),
        route("/oauth/introspect", introspect, "POST"),
        route("/oauth/revoke", revoke, "POST"),
        route("/oauth/userinfo", userinfo, "GET", "POST"),
        route("/oauth/device_authorization", device_authorization, "POST"),
        route(DEVICE, show_device, "GET"),
        route(DEVICE, send_device, "POST"),
        route(REGISTER, register, "POST"),
        route(f"{REGISTER}/{{client}}", read_registration, "GET"),
        route(f"{REGISTER}/{{client}}", change_registration, "PUT"),
        route(f"{REGISTER}/{{client}}", end_registration, "DELETE"),
    ]
