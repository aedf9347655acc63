"""The endpoints that programs call for tokens and about tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vallum.identity.protocol.token import token
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
    ]
