"""Is this the password? The same answer, work and record for who has no account (B-221)."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request

from vallum.identity.errors import PageError
from vallum.identity.people.addresses import BadAddress, canonical_address
from vallum.identity.people.guard import Attempt
from vallum.identity.people.passwords import is_outdated, normal
from vallum.identity.services import Services
from vallum.identity.storage.users import User
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import DEVICE, read_cookie


class Proof(NamedTuple):
    """Somebody's right password; the attempt counts as a failure until it has succeeded."""

    user: User
    attempt: Attempt


async def prove_password(
    services: Services, request: Request, typed_address: str, password: str
) -> User | None:
    """The person whose address and password these are; None where they are nobody's.

    Raises:
        BadPassword: it can be nobody's.
        TooManyAttempts: not now.
        PageError: 503, too many sign in at once.
    """
    proof = await examine_password(services, request, typed_address, password)
    if proof is None:
        return None
    await services.guard.succeeded(proof.attempt)
    return proof.user


async def examine_password(
    services: Services, request: Request, typed_address: str, password: str
) -> Proof | None:
    """As `prove_password`; the caller says that the attempt has succeeded."""
    normal(password)
    account = _account(typed_address)
    async with services.database.write():
        attempt = await begin_attempt(services, request, account)
        user = await services.users.by_email(account)
    is_right = await verify_counted(
        services, attempt, password, None if user is None else user.password_hash
    )
    if user is None or not is_right or user.disabled is not None:
        await services.guard.failed(attempt)
        await services.events.record(
            "sign-in.failed",
            user_id=None if user is None else user.id,
            address=attempt.address,
        )
        return None
    await _upgrade(services, user, password)
    return Proof(user, attempt)


async def begin_attempt(services: Services, request: Request, account: str) -> Attempt:
    """Count an attempt on an account's password, as one of a known browser if it is one.

    Raises:
        TooManyAttempts: not now.
    """
    return await services.guard.check(
        "password",
        account=account,
        address=address_of(request),
        device=await known_browser(services, request, account),
    )


async def known_browser(services: Services, request: Request, account: str) -> bytes | None:
    """What tells the browser from the others of an account's person; None where it is none."""
    since = await services.devices.known_since(read_cookie(request, DEVICE), account)
    # Not the cookie: another person's sign-in in the same browser would start the count anew.
    return None if since is None else repr(since).encode()


async def verify_counted(
    services: Services, attempt: Attempt, password: str, hashed: str | None
) -> bool:
    """Verify a password; an attempt that could not be looked at was none.

    Raises:
        PageError: 503, too many sign in at once.
    """
    try:
        return await services.passwords.verify(password, hashed)
    except PageError:
        await services.guard.withdrawn(attempt)
        raise


async def _upgrade(services: Services, user: User, password: str) -> None:
    old = user.password_hash
    if old is not None and is_outdated(old):
        new = await services.passwords.hash(password)
        if await services.users.upgrade_hash(user.id, old, new):
            await services.events.record("password.upgraded", user_id=user.id)


def _account(typed: str) -> str:
    # What is no address is counted too, and looked for in vain.
    try:
        return canonical_address(typed)
    except BadAddress:
        return f"no address: {typed[:254]}"
