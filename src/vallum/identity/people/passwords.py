"""Passwords as they are kept: Argon2id over a peppered digest, in a bounded pool of threads."""

from __future__ import annotations

import asyncio
import hmac
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from secrets import token_bytes
from threading import BoundedSemaphore
from typing import Final, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from vallum.core.secret import Secret
from vallum.identity.errors import PageError

MEMORY_KIB: Final = 19 * 1024
ITERATIONS: Final = 2
LANES: Final = 1
"""OWASP ASVS 5.0, appendix C: the least for Argon2id."""
MOST_BYTES: Final = 1024
_PARAMETERS: Final = f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}$"

# No password leads here; who has none, or no account, costs as much as who has one (B-221).
_NOBODY: Final = _PARAMETERS + "VmFsbHVtIG5vYm9keSE$" + "A" * 43

_MOST_WAITING: Final = 64
"""A hash takes its time and 19 MiB: who comes when so many wait is sent away (B-224)."""

ResultT = TypeVar("ResultT")


class BadPassword(ValueError):  # noqa: N818  (a verdict on what somebody typed)
    """This text can be nobody's password: empty, or longer than 1,024 bytes."""


class Passwords:
    """Hashes and verifies passwords. Has threads from its first use on: close it."""

    def __init__(self, pepper: Secret) -> None:
        """
        Args:
            pepper: a key outside of the database, without which its hashes cannot be guessed at.
        """
        self._pepper = pepper
        threads = min(4, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._places = BoundedSemaphore(_MOST_WAITING)

    async def hash(self, password: str) -> str:
        """What is kept of a new password: a PHC string.

        Raises:
            BadPassword: it cannot be one.
            PageError: 503, too many wait already.
        """
        digest = self._digest(password)
        return await self._run(lambda: _argon2().derive_phc_encoded(digest))

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether this is the password; takes as long where there is none.

        Raises:
            BadPassword: it cannot be one.
            PageError: 503, too many wait already.
        """
        digest = self._digest(password)
        is_right = await self._run(lambda: _verify(digest, kept or _NOBODY))
        return is_right and kept is not None

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _digest(self, password: str) -> bytes:
        # The digest has 32 bytes whatever the password's length: nothing is truncated, nothing
        # slow depends on it.
        text = normal(password).encode()
        return hmac.digest(self._pepper.reveal(), text, sha256)

    async def _run(self, work: Callable[[], ResultT]) -> ResultT:
        if not self._places.acquire(blocking=False):
            raise PageError(
                "Too many people are signing in",
                "Please try again in a few seconds.",
                status=503,
                reason="passwords.busy",
                headers={"retry-after": "5"},
            )
        future = self._pool.submit(work)
        # Not in a `finally`: who goes away leaves the work behind, and that takes the place.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def normal(password: str) -> str:
    """The password in NFC: keyboards write the same letter in two ways (SP 800-63B §3.1.1.2).

    Raises:
        BadPassword: it is empty or too long.
    """
    # A form can hold 64 KB; what is far too long is not even normalised.
    if not password or len(password) > MOST_BYTES:
        raise BadPassword("A password has 1 to 1,024 bytes.")
    text = unicodedata.normalize("NFC", password)
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise BadPassword("A password has 1 to 1,024 bytes.")
    return text


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return not kept.startswith(_PARAMETERS)


def _argon2() -> Argon2id:
    return Argon2id(
        salt=token_bytes(16),
        length=32,
        iterations=ITERATIONS,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    )


def _verify(digest: bytes, kept: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(digest, kept)
    except InvalidKey:
        return False
    return True
