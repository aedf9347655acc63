"""The control process: serves the identity provider beside the gateway's workers.

Workers reach it over a Unix socket like any upstream, so that no password hash competes with the
data plane, and the data plane goes on when it is down.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from vallum.config.model import Policy
from vallum.config.provider import IdentitySettings
from vallum.control import open_identity
from vallum.identity.app import make_application
from vallum.identity.people.first_admin import first_admin_link
from vallum.identity.services import Services


async def publish_first_keys(services: Services) -> None:
    """Make sure that there is a signing key, and that the workers can read its public half."""
    await services.keys.maintain()
    services.data_plane.publish_keys(services.keys.jwks)


async def prepare_start(services: Services) -> str | None:
    """What must be there before anybody is served; the link for the first administrator, if any."""
    await publish_first_keys(services)
    return await first_admin_link(services)


def serve_identity(
    policy: Policy, settings: IdentitySettings, socket: Path, ready: Callable[[], None]
) -> None:
    """Serve the provider on a Unix socket until SIGTERM. Blocks."""
    application = make_application(open_identity(policy, settings))
    config = uvicorn.Config(
        application,
        uds=str(socket),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=120,
        timeout_graceful_shutdown=10,
    )
    # The socket is for this user alone: whoever reaches it could name any client address.
    os.umask(0o077)
    _Server(config, ready).run()


class _Server(uvicorn.Server):
    """Says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, and end as a process that was asked to: with status 0."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.handle_exit)
        yield

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self._ready()
