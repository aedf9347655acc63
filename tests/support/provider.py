"""The identity provider as an application in the test's own process, with a real database."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from starlette.testclient import TestClient
from tests.support.postgres import postgres_url

from vallum.config.provider import IdentitySettings, Resource
from vallum.core.secret import Secret
from vallum.identity.app import make_application
from vallum.identity.services import Services, make_services
from vallum.identity.storage.events import Event
from vallum.vault.sealing import Sealer

ISSUER = "https://login.shop.example"
API = "https://api.shop.example"
ResultT = TypeVar("ResultT")


class FakeClock:
    """Unix seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Outbox:
    """Mail that was sent, as (to, subject, text)."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Keep the message."""
        self.sent.append((to, subject, text))

    def link(self) -> str:
        """The path of the only link in the latest message."""
        (url,) = re.findall(r"https://\S+", self.sent[-1][2])
        return str(url).removeprefix(ISSUER)


@dataclass
class ToldDataPlane:
    """What the gateway's workers would have been told."""

    tokens: dict[str, float] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    """Since when, by subject."""
    jwks: bytes = b""

    def revoke_token(self, token_id: str, *, until: float) -> None:
        """Keep it."""
        self.tokens[token_id] = until

    def revoke_subject(self, subject: str, *, at: float) -> None:
        """Keep it."""
        self.subjects.append(subject)
        self.ended[subject] = at

    def publish_keys(self, jwks: bytes) -> None:
        """Keep them."""
        self.jwks = jwks


@dataclass
class Provider:
    """A running provider and everything around it that a test looks at."""

    services: Services
    client: TestClient
    """The first browser (or program); `browser()` makes more."""
    clock: FakeClock
    outbox: Outbox
    data_plane: ToldDataPlane
    events: list[Event]

    def run(self, function: Callable[..., Awaitable[ResultT]], *args: Any, **named: Any) -> ResultT:
        """Await something of the services in the provider's own event loop."""

        async def call() -> ResultT:
            return await function(*args, **named)

        assert self.client.portal is not None
        return self.client.portal.call(call)

    def browser(self) -> TestClient:
        """Another browser, without cookies, on the same provider."""
        other = TestClient(self.client.app, base_url=ISSUER, follow_redirects=False)
        other.portal = self.client.portal
        return other

    def kinds(self) -> list[str]:
        """The kinds of all events so far."""
        return [event.kind for event in self.events]


def settings_for(database: str, **changes: Any) -> IdentitySettings:
    """Settings of a bookshop's provider."""
    resource = Resource(
        api="bookshop",
        identifier=API,
        name="Bookshop",
        scopes={"orders:read": "See your orders", "orders:write": "Place orders in your name"},
    )
    settings = IdentitySettings(
        issuer=ISSUER, database=database, name="Bookshop", resources={API: resource}
    )
    return replace(settings, **changes)


@contextmanager
def running_provider(database: str, **changes: Any) -> Iterator[Provider]:
    """A provider on a database; `changes` are to its settings."""
    settings = settings_for(database, **changes)
    clock, outbox, told, events = FakeClock(), Outbox(), ToldDataPlane(), list[Event]()
    services = make_services(
        settings,
        Sealer(Secret(b"k" * 32)),
        data_plane=told,
        mail=outbox,
        sink=events.append,
        clock=clock,
    )
    application = make_application(services)
    with TestClient(application, base_url=ISSUER, follow_redirects=False) as client:
        yield Provider(services, client, clock, outbox, told, events)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind; PostgreSQL only where it is installed."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'identity.db'}"
    return postgres_url(f"t{uuid4().hex}")


@pytest.fixture
def provider(database: str) -> Iterator[Provider]:
    """A provider with its usual settings, on each kind of database."""
    with running_provider(database) as running:
        yield running


def form_of(html: str, *, index: int = 0) -> tuple[str, dict[str, str]]:
    """The action and the given fields of a form of a page."""
    form = re.findall(r"<form.*?</form>", html, re.DOTALL)[index]
    action = re.search(r'action="([^"]*)"', form)
    assert action is not None
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is not None and 'type="checkbox"' not in tag:
            fields[unescape(name[1])] = unescape(value[1]) if value else ""
    return unescape(action[1]), fields


def submit(browser: TestClient, html: str, *, index: int = 0, **values: str) -> Any:
    """Fill in a form of a page and send it, as a browser without script does."""
    action, fields = form_of(html, index=index)
    headers: Mapping[str, str] = {"origin": ISSUER}
    return browser.post(action, data={**fields, **values}, headers=headers)
