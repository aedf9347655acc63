"""The provider as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from vallum.identity.errors import OAuthError, PageError
from vallum.identity.services import Services
from vallum.identity.web.middleware import AnswerFields, refuse_person, refuse_program
from vallum.identity.web.pages import PAGES

ASSETS: Final = "/assets"


def make_application(services: Services) -> Starlette:
    """The application that answers everything below the issuer."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await services.database.open()
        try:
            yield
        finally:
            await services.database.close()

    routes: list[BaseRoute] = [Mount(ASSETS, StaticFiles(directory=PAGES / "static"))]
    return Starlette(
        routes=routes,
        middleware=[Middleware(AnswerFields)],
        exception_handlers={
            OAuthError: refuse_program(services),
            PageError: refuse_person(services),
        },
        lifespan=lifespan,
    )
