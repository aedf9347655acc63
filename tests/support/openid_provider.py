"""A small OpenID provider on loopback that knows one person, and can misbehave in every way."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit
from uuid import uuid4

import pytest
from starlette.testclient import TestClient
from tests.support.minting import b64, jwks, make_key, public_jwk, sign
from tests.support.people import add_user, sign_in
from tests.support.provider import ISSUER, Provider, running_provider, submit

from vallum.config.provider import UpstreamProvider
from vallum.identity.storage.users import User

CLIENT_ID: Final = "bookshop.apps.example"
CLIENT_SECRET: Final = "s3cret & more/+%"
ALIAS: Final = "accounts.google.com"


class OpenIDProvider:
    """Answers as OpenID Connect says; its attributes say what it does instead.

    A change to `...` leaves the member out.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.clock: Callable[[], float] = lambda: 0.0
        self.person: dict[str, Any] = {
            "sub": f"{name}-1",
            "email": "ann@shop.example",
            "email_verified": True,
            "name": "Ann Example",
        }
        self.metadata: dict[str, Any] = {}
        """Changes to the metadata."""
        self.claims: dict[str, Any] = {}
        """Changes to the claims of ID tokens."""
        self.header: dict[str, Any] = {}
        """Changes to their header."""
        self.tokens: dict[str, Any] = {}
        """Changes to the answer of the token endpoint."""
        self.userinfo: dict[str, Any] = {}
        """What the userinfo endpoint says beside `sub`."""
        self.algorithm = "RS256"
        self.published: bytes | None = None
        """Other keys than its own."""
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        """Other answers, by path."""
        self.seen: list[str] = []
        """Paths that were asked for."""
        self.asked: dict[str, str] = {}
        """The latest authorization request."""
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[OpenIDProvider]:
        """Serve."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def settings(self, secret: Path | None, **changes: Any) -> UpstreamProvider:
        """This provider as a policy names it."""
        values: dict[str, Any] = {
            "name": self.name,
            "label": self.name.title(),
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret_file": secret,
            "issuer_aliases": (ALIAS,),
            "insecure_http": True,
        }
        return UpstreamProvider(**(values | changes))

    def approve(self, url: str, **changes: Any) -> str:
        """What the browser is sent back to when the person agrees; `changes` to its query."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = uuid4().hex
        self._codes[code] = self.asked
        return self._back({"code": code} | changes)

    def deny(self, url: str, error: str = "access_denied", **changes: Any) -> str:
        """What the browser is sent back to when the person does not agree."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return self._back({"error": error, "error_description": "<b>No</b>"} | changes)

    def token_calls(self) -> int:
        """How often somebody tried to redeem a code."""
        return self.seen.count("/token")

    def _back(self, fields: Mapping[str, Any]) -> str:
        query = {"state": self.asked["state"], **fields}
        path = self.asked["redirect_uri"].removeprefix(ISSUER)
        return f"{path}?{urlencode({k: v for k, v in query.items() if v is not ...})}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, body: bytes) -> None:
                provider.seen.append(self.path)
                status, fields, text = provider.answers.get(self.path) or provider.respond(
                    self.path, self.headers.get("Authorization", ""), body
                )
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | fields).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    def respond(
        self, path: str, authorization: str, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer to one request."""
        if path == "/.well-known/openid-configuration":
            return 200, {}, _json(self._metadata())
        if path == "/jwks":
            key = public_jwk(make_key(self.algorithm))
            return 200, {}, self.published if self.published is not None else jwks(key)
        if path == "/token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return self._redeem(form, authorization)
        if path == "/userinfo" and authorization == "Bearer the-access-token":
            return 200, {}, _json({"sub": self.person["sub"], **self.userinfo})
        return 404, {}, b"{}"

    def _metadata(self) -> dict[str, Any]:
        return _changed(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [self.algorithm],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "claims_supported": ["aud", "email", "email_verified", "iss", "name", "sub"],
                "code_challenge_methods_supported": ["plain", "S256"],
            },
            self.metadata,
        )

    def _redeem(
        self, form: dict[str, str], authorization: str
    ) -> tuple[int, dict[str, str], bytes]:
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = b64(sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if (
            asked is None
            or form.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
            or not _is_client(form, authorization)
        ):
            return 400, {}, _json({"error": "invalid_grant"})
        answer = {
            "access_token": "the-access-token",
            "token_type": "Bearer",
            "expires_in": 3599,
            "id_token": self.id_token(asked.get("nonce", "")).decode(),
        }
        return 200, {}, _json(_changed(answer, self.tokens))

    def id_token(self, nonce: str) -> bytes:
        """An ID token for the person."""
        now = int(self.clock())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "nonce": nonce,
        }
        claims |= {"iat": now, "exp": now + 3600, **self.person}
        header = {"alg": self.algorithm, "kid": "k1", "typ": "JWT"}
        return sign(
            _changed(header, self.header),
            _changed(claims, self.claims),
            make_key(self.algorithm),
            self.algorithm,
        )


@dataclass
class Federation:
    """Our provider with two others that people can sign in with."""

    provider: Provider
    google: OpenIDProvider
    other: OpenIDProvider
    browser: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.provider.client

    def begin(
        self, name: str = "google", *, browser: TestClient | None = None, flow: str = ""
    ) -> str:
        """Press the button, read the page, go on: where the browser is sent."""
        browser = browser or self.browser
        page = browser.get(f"/sign-in/with/{name}{f'?flow={flow}' if flow else ''}")
        assert page.status_code == 200, page.text
        away = submit(browser, page.text)
        assert away.status_code == 303, away.text
        return str(away.headers["location"])

    def sign_in(self, *, browser: TestClient | None = None, flow: str = "") -> Any:
        """All the way to Google and back; the answer at the callback."""
        browser = browser or self.browser
        return browser.get(self.google.approve(self.begin(browser=browser, flow=flow)))

    def follow(self, answer: Any, *, browser: TestClient | None = None) -> Any:
        """The page that an answer leads to."""
        assert answer.status_code == 303, answer.text
        return (browser or self.browser).get(answer.headers["location"])

    def sign_up(self, *, browser: TestClient | None = None) -> User:
        """A new account by Google."""
        browser = browser or self.browser
        page = self.follow(self.sign_in(browser=browser), browser=browser)
        done = submit(browser, page.text, answer="yes")
        assert done.headers["location"] == "/account", done.text
        user = self.user()
        assert user is not None
        return user

    def user(self, email: str = "ann@shop.example") -> User | None:
        """The account with an address."""
        return self.provider.run(self.provider.services.users.by_email, email)

    def make_account(self, email: str = "ann@shop.example", *, verified: bool = True) -> User:
        """A local account with a password."""
        return add_user(self.provider, email, email_verified=verified)

    def sign_in_locally(self, path: str = "/sign-in", *, email: str = "ann@shop.example") -> Any:
        """With address and password, on a sign-in page."""
        return sign_in(self.browser, email, path=path)

    def identities(self, user: User) -> list[str]:
        """The subjects that can sign in to an account."""
        found = self.provider.run(self.provider.services.identities.of_user, user.id)
        return [identity.subject for identity in found]

    def reasons(self) -> list[Any]:
        """Why sign-ins were refused, as the events say."""
        return [
            event.details["reason"]
            for event in self.provider.events
            if event.kind == "federation.refused"
        ]


@contextmanager
def running_federation(
    database: str,
    secret: Path,
    *,
    google: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Iterator[Federation]:
    """Our provider and the two others; `google` changes what the policy says of the first."""
    secret.write_text(f"{CLIENT_SECRET}\n")
    with OpenIDProvider("google").running() as first, OpenIDProvider("other").running() as second:
        providers = {
            "google": first.settings(**({"secret": secret} | dict(google or {}))),
            "other": second.settings(None, issuer_aliases=()),
        }
        with running_provider(database, providers=providers, **changes) as provider:
            first.clock = second.clock = provider.clock
            yield Federation(provider, first, second)


@pytest.fixture
def federation(database: str, tmp_path: Path) -> Iterator[Federation]:
    """Our provider with two others, on each kind of database."""
    with running_federation(database, tmp_path / "client.secret") as running:
        yield running


def _is_client(form: Mapping[str, str], authorization: str) -> bool:
    if authorization:
        text = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        name, _, secret = text.partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)
    return form.get("client_id") == CLIENT_ID


def _changed(value: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in {**value, **changes}.items() if v is not ...}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
