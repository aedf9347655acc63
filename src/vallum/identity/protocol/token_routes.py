"""The endpoints that programs call for tokens and about tokens."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

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
from vallum.identity.web.endpoints import Endpoint


class _Answering:
    """An endpoint as an ASGI application: Starlette would put another layer around a function."""

    def __init__(self, services: Services, endpoint: Endpoint) -> None:
        self._services = services
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._endpoint(self._services, Request(scope, receive))
        await response(scope, receive, send)


def token_routes(services: Services) -> list[BaseRoute]:
    """Their routes; the busiest first."""

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, _Answering(services, endpoint), methods=methods)

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
