"""Clients of the provider, and what a program does at its endpoints."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
from starlette.testclient import TestClient
from tests.support.provider import API, ISSUER, Provider

from vallum.identity.storage.allowances import Allowance
from vallum.identity.storage.clients import Client
from vallum.identity.storage.codes import Code
from vallum.identity.storage.sessions import Session
from vallum.tokens.base64url import decode
from vallum.tokens.jws import read
from vallum.tokens.signing import Signer, new_private_jwk, to_base64url
from vallum.tokens.thumbprint import base64url_digest, thumbprint

REDIRECT = "https://shop.example/cb"
TOKEN = "/oauth/token"
VERIFIER = "v" * 43
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALL_SCOPES = ("openid", "profile", "email", "offline_access", "orders:read", "orders:write")
SECRET = "s" * 43


def add_client(provider: Provider, client_id: str, **changes: Any) -> Client:
    """Register a client: a confidential one with a secret, unless `changes` say otherwise."""
    values: dict[str, Any] = {
        "name": client_id.title(),
        "kind": "web",
        "auth_method": "client_secret_basic",
        "grants": ("authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT),
        "scopes": ALL_SCOPES,
        "resources": (API,),
        "redirect_uris": (REDIRECT,),
    } | changes
    if values["auth_method"].startswith("client_secret"):
        values.setdefault("secret_hash", provider.services.clients.secret_hash(SECRET))
    client = Client(id=client_id, **values)
    provider.run(provider.services.clients.add, client)
    return client


def add_public(provider: Provider, client_id: str = "spa", **changes: Any) -> Client:
    """Register a client in browsers, without a secret."""
    given = {"kind": "browser", "auth_method": "none"} | changes
    given.setdefault("grants", ("authorization_code", "refresh_token", DEVICE_GRANT))
    return add_client(provider, client_id, **given)


def basic(client_id: str, secret: str = SECRET) -> dict[str, str]:
    """The field of `client_secret_basic`."""
    text = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@dataclass
class SignedInPerson:
    """Somebody with a session."""

    user_id: str
    session: Session
    cookie: str


def sign_in(provider: Provider, email: str = "ada@shop.example") -> SignedInPerson:
    """An account and a session of it, made without the pages."""
    services = provider.services
    user = provider.run(services.users.add, email, "Ada", email_verified=True, roles=("reader",))
    assert user is not None
    cookie, session = provider.run(
        services.sessions.begin, user.id, ("pwd",), address="203.0.113.7", agent="Firefox"
    )
    return SignedInPerson(user.id, session, cookie)


def allow(
    provider: Provider,
    person: SignedInPerson,
    client: Client,
    scopes: tuple[str, ...] = ("openid", "orders:read"),
) -> Allowance:
    """The person's consent."""
    grant = provider.run(
        provider.services.grants.give,
        person.user_id,
        client,
        scopes=scopes,
        resource=API,
        redirect_uri=REDIRECT,
    )
    return Allowance(
        grant_id=grant.id,
        client_id=client.id,
        user_id=person.user_id,
        session_id=person.session.id,
        scopes=scopes,
        resource=API,
        amr=("pwd",),
        authenticated=provider.clock(),
    )


def issue_code(provider: Provider, allowance: Allowance, **changes: Any) -> str:
    """A code as the authorization endpoint makes one."""
    values: dict[str, Any] = {
        "allowance": allowance,
        "redirect_uri": REDIRECT,
        "challenge": base64url_digest(VERIFIER.encode()),
        "nonce": "n-1",
    } | changes
    return provider.run(provider.services.codes.issue, Code(**values))


def code_form(code: str, **changes: str) -> dict[str, str]:
    """The request that redeems a code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    } | changes


def refresh_form(token: str, **changes: str) -> dict[str, str]:
    """The request with a refresh token."""
    return {"grant_type": "refresh_token", "refresh_token": token} | changes


def add_shop(provider: Provider) -> tuple[Client, SignedInPerson]:
    """The client `shop`, and somebody who is signed in."""
    return add_client(provider, "shop"), sign_in(provider)


def ask_token(provider: Provider, form: dict[str, str], client: str | None = "shop") -> Any:
    """What the token endpoint answers a client; None: one that does not say who it is."""
    headers = {} if client is None else basic(client)
    return provider.client.post(TOKEN, data=form, headers=headers)


def tokens_for(provider: Provider, client: Client, person: SignedInPerson, *scopes: str) -> Any:
    """The answer with the tokens that a person allows a client."""
    given = scopes or ("openid", "orders:read", "offline_access")
    code = issue_code(provider, allow(provider, person, client, given))
    answer = ask_token(provider, code_form(code), client.id)
    assert answer.status_code == 200
    return answer.json()


def refusal(answer: Any) -> str:
    """The `error` of a refusal, which tells nothing more and is kept nowhere."""
    assert answer.status_code in (400, 401, 403), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "access_token" not in answer.text
    return str(answer.json()["error"])


def claims(token: str) -> dict[str, Any]:
    """What a token says; unverified."""
    value: dict[str, Any] = orjson.loads(decode(token.split(".")[1].encode()))
    return value


def is_revoked(provider: Provider, access_token: str) -> bool:
    """Whether the gateway was told to take this token no more."""
    return claims(access_token)["jti"] in provider.data_plane.tokens


def header(token: str) -> str | None:
    """The `typ` of a token."""
    return read(token.encode()).type


@dataclass
class ProofKey:
    """A key of a client and the proofs made with it (RFC 9449)."""

    signer: Signer = field(default_factory=lambda: Signer(new_private_jwk("ES256", "k")))
    nonce: str | None = None

    @property
    def jkt(self) -> str:
        """Its thumbprint."""
        return thumbprint(self.signer.public_jwk)

    @staticmethod
    def hash_of(token: str) -> str:
        """The `ath` of a proof for a token."""
        return base64url_digest(token.encode())

    def proof(self, provider: Provider, path: str = TOKEN, **changes: Any) -> dict[str, str]:
        """The field with a new proof for a POST to `path`; None in `changes` leaves one out."""
        jwk = {name: self.signer.public_jwk[name] for name in ("kty", "crv", "x", "y")}
        parts = {
            "htm": "POST",
            "htu": ISSUER + path,
            "iat": int(provider.clock()),
            "jti": secrets.token_hex(8),
            "nonce": self.nonce,
        } | changes
        said = {name: value for name, value in parts.items() if value is not None}
        head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}
        text = ".".join(to_base64url(orjson.dumps(part)) for part in (head, said))
        signature = self.signer._sign(text.encode())
        return {"dpop": f"{text}.{to_base64url(signature)}"}

    def post(
        self,
        provider: Provider,
        form: dict[str, str],
        *,
        path: str = TOKEN,
        headers: dict[str, str] | None = None,
        client: TestClient | None = None,
        **changes: Any,
    ) -> Any:
        """Send a form with a proof, and again with the nonce where the provider asks for it."""
        browser = client or provider.client
        for _ in range(2):
            fields = {**(headers or {}), **self.proof(provider, path, **changes)}
            answer = browser.post(path, data=form, headers=fields)
            self.nonce = answer.headers.get("dpop-nonce", self.nonce)
            if answer.json().get("error") != "use_dpop_nonce":
                break
        return answer


class Assertions:
    """A client with a key of its own, and the assertions that it makes (`private_key_jwt`)."""

    def __init__(self, client_id: str, provider: Provider) -> None:
        self._client_id = client_id
        self._provider = provider
        self._signer = Signer(new_private_jwk("ES256", "client-key"))
        self.jwks = {"keys": [self._signer.public_jwk]}

    def form(self, type_: str = "JWT", **changes: Any) -> dict[str, str]:
        """The parameters with a new assertion; None in `changes` leaves a claim out."""
        return _assertion(self._signer.sign(self._claims(**changes), type_))

    def forged(self, algorithm: str, secret: bytes | None = None) -> dict[str, str]:
        """Parameters with an assertion that has another `alg`: a MAC with what is public."""
        head = {"alg": algorithm, "kid": "client-key", "typ": "JWT"}
        text = ".".join(to_base64url(orjson.dumps(part)) for part in (head, self._claims()))
        key = secret or orjson.dumps(self._signer.public_jwk)
        return _assertion(f"{text}.{to_base64url(hmac.digest(key, text.encode(), 'sha256'))}")

    def _claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self._provider.clock())
        parts = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(8),
        } | changes
        return {name: value for name, value in parts.items() if value is not None}


def _assertion(text: str) -> dict[str, str]:
    return {"client_assertion": text, "client_assertion_type": ASSERTION_TYPE}
