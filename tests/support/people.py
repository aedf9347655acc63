"""People of the bookshop for tests: accounts at hand, without hashing a password each time."""

from __future__ import annotations

import hmac
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from starlette.testclient import TestClient
from tests.support.provider import Provider, submit

from vallum.core.secret import Secret
from vallum.identity.people.passwords import ITERATIONS, LANES, MEMORY_KIB
from vallum.identity.storage.users import User
from vallum.vault.sealing import Sealer

PASSWORD = "seven purple umbrellas sing"
ANOTHER = "quiet rivers borrow lanterns"
ANN = "ann@readers.example"
SESSION = "__Host-vallum-session"
"""The cookie of who is signed in."""


@cache
def hashed(password: str = PASSWORD) -> str:
    """What is kept of a password, made once for all tests."""
    pepper = Sealer(Secret(b"k" * 32)).derive(b"password pepper")
    digest = hmac.digest(pepper.reveal(), password.encode(), sha256)
    kdf = Argon2id(
        salt=b"salt of the test",
        length=32,
        iterations=ITERATIONS,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    )
    return kdf.derive_phc_encoded(digest)


def add_user(provider: Provider, email: str = ANN, name: str = "Ann", **values: Any) -> User:
    """An account with `PASSWORD` and a confirmed address."""
    given = {"password_hash": hashed(), "email_verified": True} | values
    user = provider.run(provider.services.users.add, email, name, **given)
    assert user is not None
    return user


def sign_in(
    browser: TestClient, email: str = ANN, password: str = PASSWORD, *, path: str = "/sign-in"
) -> Any:
    """What a browser gets for an address and a password, after the form alone."""
    return submit(browser, browser.get(path).text, email=email, password=password)


def sign_in_quickly(provider: Provider, browser: TestClient, user: User, *amr: str) -> str:
    """A session without any hash, as if the person had just signed in; its id."""
    token, session = provider.run(
        provider.services.sessions.begin,
        user.id,
        amr or ("pwd",),
        address="192.0.2.1",
        agent="Firefox on Linux",
    )
    browser.cookies.set(SESSION, token, domain="login.shop.example")
    return session.id
