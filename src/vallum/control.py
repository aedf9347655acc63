"""The identity provider's parts as a policy describes them: for commands and for its process.

What serves its pages is in `control_process`: no command has to load it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from vallum.config.identity_api import IDENTITY_API, OWN_ISSUER, nonce_key_file
from vallum.config.load import LoadedPolicy
from vallum.config.model import Policy, Records, Upstream
from vallum.config.provider import IdentitySettings, SealingKey
from vallum.core.secret import Secret
from vallum.identity.default_secrets import DefaultSecret, require_own_secrets
from vallum.identity.people.mail import make_mail
from vallum.identity.services import Services, make_services, nonce_key
from vallum.identity.storage.database import DatabaseUnusable
from vallum.identity.storage.events import Event
from vallum.store.errors import StateUnusable
from vallum.store.revocations import Revocations
from vallum.store.secret_file import SECRET_BYTES, keep_secret, load_secret
from vallum.store.whole_file import drafted
from vallum.telemetry.segments import open_segment
from vallum.vault.sealing import SealBroken, Sealer

SOCKET_NAME: Final = "identity.sock"
_COMMAND_SECONDS: Final = 30.0
_SEGMENT_BYTES: Final = 64 * 1024 * 1024

ResultT = TypeVar("ResultT")


class LocalDataPlane:
    """Tells the workers of this machine, through the files that they poll."""

    def __init__(self, policy: Policy, issuer: str) -> None:
        """
        Args:
            policy: names the state file.
            issuer: the provider's `iss`.

        Raises:
            StateUnusable: the state file cannot be used.
        """
        self._revocations = Revocations(policy.state)
        self._jwks = keys_file(policy)
        self._issuer = issuer

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Refuse one token."""
        self._revocations.revoke_token(self._issuer, token_id, until=until, now=time.time())

    def revoke_subject(self, subject: str, *, at: float) -> None:
        """Refuse all tokens of a subject that were issued until then."""
        self._revocations.revoke_subject(self._issuer, subject, at=at)

    def publish_keys(self, jwks: bytes) -> None:
        """Replace the file of keys in one step: nobody reads half of it.

        The same keys are left alone: a file that changes makes the workers reload.
        """
        if self._jwks.exists() and self._jwks.read_bytes() == jwks:
            return
        with drafted(self._jwks, jwks, mode=0o644) as draft:
            draft.replace(self._jwks)


def keys_file(policy: Policy) -> Path:
    """Where the workers find the provider's public keys."""
    jwks = policy.issuers[OWN_ISSUER].jwks
    if not isinstance(jwks, Path):
        raise TypeError("the keys of the own issuer are in a file")
    return jwks


class EventRecords:
    """Appends the provider's events to the records, one JSON object a line (MO-2)."""

    def __init__(self, settings: Records, clock: Callable[[], float]) -> None:
        self._directory = settings.path
        self._clock = clock
        self._file: int | None = None
        self._written = 0

    def __call__(self, event: Event) -> None:
        """Write one event; the provider refuses to go on where it cannot be recorded."""
        if self._directory is None:
            return
        if self._file is None or self._written > _SEGMENT_BYTES:
            if self._file is not None:
                os.close(self._file)
            self._file = open_segment(self._directory, "identity", self._clock())
            self._written = 0
        line = orjson.dumps({"event": event.kind, **event._asdict()}) + b"\n"
        self._written += os.write(self._file, line)


def open_identity(policy: Policy, settings: IdentitySettings) -> Services:
    """The provider's parts as the policy describes them.

    Raises:
        StateUnusable: the state or the key that seals secrets cannot be used, or a secret is one
            that everybody knows (B-244).
        DatabaseUnusable: the database's address is none.
    """
    key = _sealing_key(settings.key)
    try:
        require_own_secrets(settings, key)
    except DefaultSecret as error:
        raise StateUnusable(str(error)) from None
    sealer = Sealer(key)
    keep_secret(nonce_key_file(policy), nonce_key(sealer))
    return make_services(
        settings,
        sealer,
        data_plane=LocalDataPlane(policy, settings.issuer),
        mail=make_mail(settings.mail),
        sink=EventRecords(policy.records, time.time),
        clock=time.time,
    )


def run_with_identity(
    policy: Policy,
    settings: IdentitySettings,
    use: Callable[[Services], Coroutine[Any, Any, ResultT]],
) -> ResultT:
    """Open the provider's parts, use them, close them; for commands and before a start.

    Raises:
        StateUnusable: the state, the key or the database cannot be used.
    """

    async def run() -> ResultT:
        services = open_identity(policy, settings)
        await services.database.open()
        try:
            # It opens the signing keys: under another sealing key, secrets would be kept that the
            # right one never opens again.
            await services.keys.maintain()
            return await use(services)
        finally:
            await services.database.close()

    try:
        return asyncio.run(run())
    except DatabaseUnusable as error:
        raise StateUnusable(str(error)) from error
    except SealBroken as error:
        raise StateUnusable(
            "the sealing key of `identity` is not the one of this database: restore the key's file "
            "from its backup, or the command of `key`"
        ) from error


def with_socket(loaded: LoadedPolicy, socket: Path) -> LoadedPolicy:
    """The policy with the provider where it really is."""
    policy = loaded.policy
    api = policy.apis[IDENTITY_API]
    api = replace(api, upstream=Upstream(url=f"unix:{socket}", client_cert=True))
    return replace(loaded, policy=replace(policy, apis={**policy.apis, IDENTITY_API: api}))


def _sealing_key(key: SealingKey) -> Secret:
    if key.file is not None:
        return load_secret(key.file)
    try:
        done = subprocess.run(  # noqa: S603  The operator's own command, from the policy.
            key.command, capture_output=True, timeout=_COMMAND_SECONDS, check=True
        )
        value = bytes.fromhex(done.stdout.decode("ascii").strip())
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        # Never the output: it may hold the key.
        raise StateUnusable(f"the command of `key` failed: {type(error).__name__}") from None
    if len(value) != SECRET_BYTES:
        raise StateUnusable("the command of `key` did not print 64 hexadecimal digits")
    return Secret(value)
