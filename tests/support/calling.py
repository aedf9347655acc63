"""Calls of the authenticate control without a gateway around it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.support.minting import NOW, FixedKeys, Minter

from vallum.core.fields import FieldLine, Fields
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Client, Request, Target
from vallum.core.secret import Secret
from vallum.engine.exchange import Exchange
from vallum.engine.pipeline import Route
from vallum.filters.authenticate import Authenticate, AuthenticateSettings, Authenticator
from vallum.filters.introspection import IntrospectedIssuer
from vallum.filters.jwt import JWTAuthenticator, TrustedIssuer
from vallum.filters.once import MOST_A_MINUTE, ReplayStore
from vallum.filters.sender import SenderCheck, SenderRules
from vallum.limits.memory import MemoryLimitStore
from vallum.limits.replays import MemoryReplays
from vallum.openapi.model import Operation
from vallum.store.revocations import Revocations
from vallum.tokens.nonces import Nonces


def no_guard(request: Request) -> None:
    """Lets every credential be verified; the limit on guesses has tests of its own."""


NONCES = Nonces(Secret(b"n" * 32))
"""Those of the gateway under test."""


def make_sender(
    rules: SenderRules | None = None,
    *,
    replays: ReplayStore | None = None,
    most: int = MOST_A_MINUTE,
) -> SenderCheck:
    """What holds senders of tokens to what their tokens are bound to."""
    return SenderCheck(
        rules or SenderRules(),
        replays=replays or MemoryReplays(),
        limits=MemoryLimitStore(),
        nonces=NONCES,
        most=most,
    )


class Clock:
    """A clock that moves when a test says so."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _accept_all(target: Target, path: Mapping[str, str], fields: Fields) -> None:
    """Stands for a contract that asks for nothing."""


OPERATION = Operation(id="getOrder", method="GET", path="/orders/1", check_parameters=_accept_all)


def make_request(
    *lines: FieldLine,
    query: tuple[tuple[str, str], ...] = (),
    certificate: bytes | None = None,
) -> Request:
    """A request head with these fields."""
    target = Target("/orders/1", ("orders", "1"), b"/orders/1", query, b"")
    client = Client("192.0.2.1", "192.0.2.1", 40000, certificate)
    fields = Fields(((b"host", b"api.example"), *lines))
    return Request("GET", target, fields, "https", "api.example", client)


def bearer(token: bytes) -> FieldLine:
    """The field that carries an access token."""
    return (b"authorization", b"Bearer " + token)


class Door:
    """The compiled control of one operation."""

    def __init__(self, *authenticators: Authenticator, public: bool = False) -> None:
        settings = AuthenticateSettings(authenticators=authenticators, public=public)
        attachment = Authenticate().attach(OPERATION, settings)
        assert attachment is not None
        assert attachment.check is not None
        self.attachment = attachment
        self._check = attachment.check
        self.certificate: bytes | None = None
        """What the client's connection proved to hold."""

    def exchange(self, *lines: FieldLine, query: tuple[tuple[str, str], ...] = ()) -> Exchange:
        """An exchange after the control; raises what the control raises."""
        request = make_request(*lines, query=query, certificate=self.certificate)
        exchange = Exchange(request, Route(api="test", operation=OPERATION), {})
        waiting = self._check(exchange)
        if waiting is not None:
            asyncio.run(_finish(waiting))
        return exchange

    def enter(self, *lines: FieldLine) -> Principal:
        """The principal of a request that must pass with one."""
        principal = self.exchange(*lines).principal
        assert principal is not None
        return principal

    def refuse(self, *lines: FieldLine, query: tuple[tuple[str, str], ...] = ()) -> Denied:
        """The refusal of a request that must not pass."""
        try:
            exchange = self.exchange(*lines, query=query)
        except Denied as denied:
            return denied
        raise AssertionError(f"was let in as {exchange.principal}")


async def _finish(waiting: object) -> None:
    await waiting  # type: ignore[misc]


class TokenDoor(Door):
    """The control of an operation that accepts tokens of some issuers."""

    def __init__(
        self,
        folder: Path,
        *minters: Minter,
        clock: Clock | None = None,
        public: bool = False,
        sender: SenderCheck | None = None,
        asked: IntrospectedIssuer | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.sources = [FixedKeys(minter.keys) for minter in minters]
        self.revocations = Revocations(folder / "state.db")
        super().__init__(
            JWTAuthenticator(
                _trusted(minters, self.sources),
                revocations=self.revocations,
                guard=no_guard,
                clock=self.clock,
                sender=sender or make_sender(),
                asked=asked,
            ),
            public=public,
        )

    def reason(self, token: bytes) -> str:
        """Why a token is refused; checks that the answer is a 401 with the right challenge."""
        denied = self.refuse(bearer(token))
        # RFC 6750 §3.1: the resource server SHOULD respond with 401 and invalid_token.
        assert denied.status == 401
        assert denied.fields == (
            b'www-authenticate: Bearer realm="vallum", error="invalid_token"\r\n'
        )
        return denied.reason


def _trusted(minters: Sequence[Minter], sources: Sequence[FixedKeys]) -> list[TrustedIssuer]:
    return [
        TrustedIssuer(name=f"issuer{number}", expectations=minter.expectations, keys=source)
        for number, (minter, source) in enumerate(zip(minters, sources, strict=True))
    ]


@pytest.fixture
def es256() -> Minter:
    """An issuer."""
    return Minter("ES256")


@pytest.fixture
def door(es256: Minter, tmp_path: Path) -> TokenDoor:
    """The control of an operation that accepts its tokens."""
    return TokenDoor(tmp_path, es256)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All that is compared in constant time."""
    found: list[bytes] = []
    genuine = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        found.append(one)
        return genuine(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    return found
