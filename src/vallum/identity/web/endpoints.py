"""What answers requests, as long as it is not bound to the provider's parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]
