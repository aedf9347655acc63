"""The routes of sign-in with other providers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vallum.identity.federation.connecting import CONNECTIONS
from vallum.identity.federation.connections import (
    send_connect,
    send_disconnect,
    show_connections,
)
from vallum.identity.federation.joining import send_join, show_join
from vallum.identity.federation.relying import JOIN, Relying
from vallum.identity.federation.sign_in import receive_answer, send_provider, show_provider
from vallum.identity.services import Services

_Page = Callable[[Relying, Request], Awaitable[Response]]

_PAGES: tuple[tuple[str, str, _Page], ...] = (
    ("GET", "/sign-in/with/{provider}", show_provider),
    ("POST", "/sign-in/with/{provider}", send_provider),
    ("GET", "/sign-in/callback/{provider}", receive_answer),
    ("GET", JOIN, show_join),
    ("POST", JOIN, send_join),
    ("GET", CONNECTIONS, show_connections),
    ("POST", f"{CONNECTIONS}/connect", send_connect),
    ("POST", f"{CONNECTIONS}/disconnect", send_disconnect),
)


def federation_routes(services: Services) -> list[Route]:
    """Everything that is served for sign-in with other providers.

    Raises:
        ValueError: a provider of the policy cannot be used.
        OSError: the file of a client secret cannot be read.
    """
    relying = Relying(services)
    return [Route(path, partial(page, relying), methods=[method]) for method, path, page in _PAGES]
