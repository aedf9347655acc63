"""Vallum's provider on a TCP port, as the control process serves it on a socket."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

import uvicorn

from token_servers.common import (
    API,
    CLIENT,
    EMAIL,
    ISSUER,
    LIFE,
    PASSWORD,
    SCOPES,
    SECRET,
    argon2_cost,
)
from vallum.config.model import Records
from vallum.config.provider import IdentitySettings, Resource
from vallum.control import EventRecords
from vallum.core.secret import Secret
from vallum.identity.app import make_application
from vallum.identity.people import passwords
from vallum.identity.services import Services, make_services
from vallum.identity.storage.clients import Client
from vallum.vault.sealing import Sealer


class NoDataPlane:
    """Nobody has to know of revocations here."""

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Nothing to do."""

    def revoke_subject(self, subject: str, *, at: float) -> None:
        """Nothing to do."""

    def publish_keys(self, jwks: bytes) -> None:
        """Nothing to do."""


class NoMail:
    """Nobody gets mail here."""

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Nothing to do."""


def make(folder: Path) -> Services:
    """The provider's parts; every event goes to the records, as always."""
    resource = Resource(
        api="shop", identifier=API, name="Shop", scopes={scope: scope for scope in SCOPES}
    )
    settings = IdentitySettings(
        issuer=ISSUER,
        database=f"sqlite:///{folder / 'identity.db'}",
        resources={API: resource},
        token_life=float(LIFE),
    )
    return make_services(
        settings,
        Sealer(Secret(b"k" * 32)),
        data_plane=NoDataPlane(),
        mail=NoMail(),
        sink=EventRecords(Records(path=folder / "records"), time.time),
        clock=time.time,
    )


async def add_callers(services: Services) -> None:
    """Register the client and the person who ask."""
    await services.database.open()
    hashed = await services.passwords.hash(PASSWORD)
    await services.users.add(EMAIL, "Ada", password_hash=hashed, email_verified=True)
    client = Client(
        id=CLIENT,
        name="Robot",
        kind="service",
        auth_method="client_secret_basic",
        grants=("client_credentials",),
        scopes=SCOPES,
        resources=(API,),
        secret_hash=services.clients.secret_hash(SECRET),
    )
    await services.clients.add(client)
    services.passwords.close()
    await services.database.close()


def set_cost(memory: int, passes: int) -> None:
    """Hash with these parameters; the product has no such setting."""
    changed = {
        "MEMORY_KIB": memory,
        "ITERATIONS": passes,
        "_PARAMETERS": f"$argon2id$v=19$m={memory},t={passes},p={passwords.LANES}$",
    }
    vars(passwords).update(changed)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    set_cost(*argon2_cost())
    asyncio.run(add_callers(make(arguments.folder)))
    uvicorn.run(
        make_application(make(arguments.folder)),
        host="127.0.0.1",
        port=arguments.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
