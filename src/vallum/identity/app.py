"""The provider as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from vallum.identity.errors import OAuthError, PageError
from vallum.identity.federation.routes import federation_routes
from vallum.identity.people.factor_routes import factor_routes
from vallum.identity.people.routes import people_routes
from vallum.identity.protocol.authorize_routes import authorize_routes
from vallum.identity.protocol.backchannel import deliver_logouts
from vallum.identity.protocol.token_routes import token_routes
from vallum.identity.services import Services
from vallum.identity.storage.database import DatabaseUnusable
from vallum.identity.storage.tidying import forget_ended
from vallum.identity.web.middleware import AnswerFields, refuse_all, refuse_person, refuse_program
from vallum.identity.web.pages import PAGES

ASSETS: Final = "/assets"
_MAINTAIN_SECONDS: Final = 1.0
_TIDY_SECONDS: Final = 3600.0

_log = logging.getLogger(__name__)


def make_application(services: Services) -> Starlette:
    """The application that answers everything below the issuer."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await services.database.open()
        if await services.keys.maintain():
            services.data_plane.publish_keys(services.keys.jwks)
        tasks = [asyncio.create_task(each(services)) for each in (_maintain, _tell_applications)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            services.passwords.close()
            await services.database.close()

    routes: list[BaseRoute] = [
        *token_routes(services),
        *people_routes(services),
        *factor_routes(services),
        *federation_routes(services),
        *authorize_routes(services),
        Mount(ASSETS, StaticFiles(directory=PAGES / "static")),
    ]
    application = Starlette(
        routes=routes,
        middleware=[Middleware(AnswerFields)],
        exception_handlers={
            OAuthError: refuse_program(services),
            PageError: refuse_person(services),
            DatabaseUnusable: refuse_all(services),
        },
        lifespan=lifespan,
    )
    # A slash too many is another path. Starlette would redirect with 307, which would post a
    # password on (B-191).
    application.router.redirect_slashes = False
    return application


async def _maintain(services: Services) -> None:
    """Keep the keys by their calendar, and follow what commands and other nodes did."""
    tidied = 0.0
    while True:
        await asyncio.sleep(_MAINTAIN_SECONDS)
        try:
            if services.clock() - tidied > _TIDY_SECONDS:
                tidied = services.clock()
                for store in (services.events, services.guard, services.revocations):
                    await store.forget_old()
                await forget_ended(services.database, tidied)
            await services.revocations.deliver()
            if await services.keys.maintain():
                services.data_plane.publish_keys(services.keys.jwks)
        except DatabaseUnusable:
            continue  # It has said so, once.
        except Exception:  # noqa: BLE001  The next turn tries again; the known keys go on.
            _log.exception("keys and revocations could not be followed")


async def _tell_applications(services: Services) -> None:
    """Tell applications about sessions that have ended; slow ones keep nothing else waiting."""
    while True:
        await asyncio.sleep(_MAINTAIN_SECONDS)
        try:
            await deliver_logouts(services)
        except DatabaseUnusable:
            continue
        except Exception:  # noqa: BLE001  The next turn tries again; nothing is forgotten.
            _log.exception("applications could not be told about ended sessions")
