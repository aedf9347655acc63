"""The authenticate control itself."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from tests.support.calling import OPERATION, Door, make_request

from vallum.core.principal import Principal
from vallum.core.request import Request
from vallum.engine.phases import Phase
from vallum.filters.authenticate import Authenticate, AuthenticateSettings

ALICE = Principal(kind="user", issuer="i", subject="user:alice", credential="t1")


class Fixed:
    """Gives the answer it was made with."""

    def __init__(
        self,
        answer: Principal | Awaitable[Principal | None] | None,
        name: str = "fixed",
        field: bytes = b"x-fixed",
    ) -> None:
        self.answer = answer
        self.name = name
        self.field = field
        self.challenge = b"www-authenticate: " + name.encode() + b"\r\n"

    def authenticate(self, request: Request) -> Principal | Awaitable[Principal | None] | None:
        """The answer."""
        return self.answer


async def later(principal: Principal | None) -> Principal | None:
    """An answer that takes a while."""
    return principal


def test_the_three_answers() -> None:
    assert Door(Fixed(ALICE)).enter() is ALICE
    denied = Door(Fixed(None)).refuse()
    assert (denied.status, denied.reason) == (401, "auth.none")
    assert denied.fields == b"www-authenticate: fixed\r\n"


def test_answers_that_must_be_waited_for() -> None:
    assert Door(Fixed(later(ALICE))).enter() is ALICE
    assert Door(Fixed(later(None))).refuse().reason == "auth.none"
    assert Door(Fixed(later(None)), public=True).exchange().principal is None
    both = Door(Fixed(later(ALICE)), Fixed(None, "other", b"x-other"))
    assert both.enter((b"x-fixed", b"1")) is ALICE


def test_public() -> None:
    assert Door(Fixed(None), public=True).exchange().principal is None
    assert Door(Fixed(ALICE), public=True).enter() is ALICE
    assert Authenticate().attach(OPERATION, AuthenticateSettings(public=True)) is None


def test_an_operation_that_nobody_could_call() -> None:
    with pytest.raises(ValueError, match=r"`getOrder` has no authenticator.*public: true"):
        Authenticate().attach(OPERATION, AuthenticateSettings())
    twice = AuthenticateSettings(authenticators=(Fixed(None), Fixed(None)))
    with pytest.raises(ValueError, match="the same field"):
        Authenticate().attach(OPERATION, twice)


def test_only_the_presented_credential_is_judged() -> None:
    door = Door(Fixed(ALICE), Fixed(None, "other", b"x-other"))
    assert door.enter((b"x-fixed", b"1")) is ALICE
    assert door.refuse((b"x-other", b"1")).reason == "auth.none"
    assert door.refuse().reason == "auth.none"
    assert door.refuse((b"x-fixed", b"1"), (b"x-other", b"1")).status == 400


def test_what_it_says_about_itself() -> None:
    assert Authenticate.phase is Phase.KNOW
    door = Door(Fixed(None), Fixed(None, "other", b"x-other"), public=True)
    assert door.attachment.summary == "public, or fixed or other"
    explain = Door(Fixed(ALICE)).attachment.explain
    assert explain is not None
    exchange = Door(Fixed(ALICE)).exchange()
    assert explain(exchange) == "user `user:alice` vouched for by `i`, credential t1"
    exchange.principal = None
    assert explain(exchange) == "no credential, and the operation is public"
    assert make_request().fields.get(b"host") == b"api.example"


def test_schemes_that_are_not_bearer_are_not_ours(tmp_path: object) -> None:
    from pathlib import Path

    from tests.support.calling import TokenDoor
    from tests.support.minting import Minter

    assert isinstance(tmp_path, Path)
    minter = Minter("ES256")
    door = TokenDoor(tmp_path, minter, public=True)
    token = minter.token()
    for value in (b"Basic dTpw", b"Bearerx " + token, b"", b"ApiKey " + token):
        assert door.exchange((b"authorization", value)).principal is None
    for value in (b"bearer " + token, b"BEARER  " + token):
        assert door.enter((b"authorization", value)).subject == "user:alice"
    for value in (b"Bearer", b"Bearer ", b"Bearer x y"):
        assert door.refuse((b"authorization", value)).reason == "jwt.malformed"
