"""Exchanges for tests of single controls: real objects, no sockets."""

from __future__ import annotations

from vallum.core.fields import Fields
from vallum.core.principal import Principal
from vallum.core.request import Client, Request, Target
from vallum.engine.exchange import Exchange
from vallum.engine.pipeline import Route
from vallum.openapi.model import Operation


def make_operation(operation_id: str = "listBooks", method: str = "GET") -> Operation:
    """An operation without parameters."""
    return Operation(
        id=operation_id, method=method, path="/books", check_parameters=lambda *_: None
    )


def make_request(
    *fields: tuple[bytes, bytes], method: str = "GET", address: str = "192.0.2.1"
) -> Request:
    """A request for `/books` with these field lines."""
    return Request(
        method=method,
        target=Target("/books", ("books",), b"/books", (), b""),
        fields=Fields(fields),
        scheme="https",
        host="api.example",
        client=Client(address, address, 40_000),
    )


def make_exchange(
    *fields: tuple[bytes, bytes],
    method: str = "GET",
    address: str = "192.0.2.1",
    principal: Principal | None = None,
) -> Exchange:
    """An exchange of `make_request`, as the controls of an operation get it."""
    exchange = Exchange(
        make_request(*fields, method=method, address=address),
        Route(api="bookshop", operation=make_operation()),
        {},
    )
    exchange.principal = principal
    return exchange


def make_user(
    subject: str = "ann",
    *,
    scopes: tuple[str, ...] = (),
    roles: tuple[str, ...] = (),
    issuer: str = "https://login.example",
    credential: str = "",
) -> Principal:
    """A verified caller."""
    return Principal(
        kind="user",
        issuer=issuer,
        subject=subject,
        scopes=frozenset(scopes),
        roles=frozenset(roles),
        credential=credential,
    )


class ManualClock:
    """A wall clock that moves when told to."""

    def __init__(self, now: float = 1_760_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
