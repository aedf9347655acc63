"""An issuer of tokens for tests: good ones, and every kind of bad one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import Any

from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from vallum.tokens.algorithms import ALGORITHMS
from vallum.tokens.claims import IssuerExpectations, VerifiedClaims
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.jwt import verify

NOW = 1_800_000_000.0
ISSUER = "https://issuer.example"
AUDIENCE = "bookshop"
ISSUERS = (
    f"issuers:\n  corp: {{issuer: '{ISSUER}', audience: {AUDIENCE}, "
    "algorithms: [ES256], jwks: jwks.json}"
)
"""The issuer in a policy, whose keys are in `jwks.json`."""

_KEY_TYPES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "Ed448": "Ed448"}


@lru_cache
def make_key(algorithm: str, kid: str = "k1") -> Key:
    """A private key for one algorithm; the same one each time."""
    about: Any = {"kid": kid, "alg": algorithm, "use": "sig"}
    if algorithm.startswith(("RS", "PS")):
        return RSAKey.generate_key(2048, about)
    if algorithm.startswith("HS"):
        return OctKey.generate_key(512, about)
    if algorithm in ("EdDSA", "Ed25519"):
        return OKPKey.generate_key("Ed25519", about)
    curve = _KEY_TYPES[algorithm]
    if algorithm == "Ed448":
        return OKPKey.generate_key("Ed448", about)
    return ECKey.generate_key(curve, about)


def public_jwk(key: Key, **changes: object) -> dict[str, Any]:
    """A key as its issuer publishes it; a change to `...` leaves the member out."""
    return _changed(dict(key.as_dict(private=isinstance(key, OctKey))), changes)


def jwks(*jwk: Mapping[str, object]) -> bytes:
    """A JWK Set document."""
    return json.dumps({"keys": list(jwk)}).encode()


def b64(value: bytes) -> bytes:
    """Base64url as JOSE writes it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def as_json(value: bytes | Mapping[str, object]) -> bytes:
    """JSON text; bytes are taken for it as they are."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def sign(
    header: bytes | Mapping[str, object],
    payload: bytes | Mapping[str, object],
    key: Key,
    algorithm: str,
) -> bytes:
    """A token with a genuine signature over whatever header and payload."""
    signing_input = b64(as_json(header)) + b"." + b64(as_json(payload))
    model: Any = ALGORITHMS[algorithm].model
    signature: bytes = model.sign(signing_input, key)
    return signing_input + b"." + b64(signature)


class Minter:
    """One issuer with one key."""

    def __init__(self, algorithm: str = "ES256", *, issuer: str = ISSUER, **expected: Any) -> None:
        self.algorithm = algorithm
        self.key = make_key(algorithm)
        self.expectations = IssuerExpectations(
            **{
                "issuer": issuer,
                "audience": (AUDIENCE,),
                "algorithms": (algorithm,),
                "types": ("at+jwt",),
                "max_lifetime": 3600.0,
                **expected,
            }
        )
        self.document = jwks(public_jwk(self.key))
        self.keys = self.parse(self.document)

    def parse(self, document: bytes) -> KeySet:
        """A key set of this issuer."""
        return parse_jwks(document, algorithms=self.expectations.algorithms)

    def header(self, **changes: object) -> dict[str, Any]:
        """The header of a good token, changed; a change to `...` leaves the member out."""
        return _changed({"alg": self.algorithm, "kid": "k1", "typ": "at+jwt"}, changes)

    def claims(self, **changes: object) -> dict[str, Any]:
        """The claims of a good token, changed; a change to `...` leaves the member out."""
        good: dict[str, Any] = {
            "iss": self.expectations.issuer,
            "aud": AUDIENCE,
            "sub": "alice",
            "client_id": "webshop",
            "jti": "token-1",
            "iat": int(NOW) - 10,
            "exp": int(NOW) + 600,
            "scope": "books:read orders:write",
            "roles": ["reader"],
        }
        return _changed(good, changes)

    def token(
        self, header: Mapping[str, object] | bytes | None = None, /, **claims: object
    ) -> bytes:
        """A token with a genuine signature."""
        chosen = self.header() if header is None else header
        return sign(chosen, self.claims(**claims), self.key, self.algorithm)

    def token_now(self, **claims: object) -> bytes:
        """A token that is good by the clock of the machine."""
        now = int(time.time())
        return self.token(**{"iat": now, "exp": now + 300, **claims})

    def verify(self, token: bytes, *, now: float = NOW) -> VerifiedClaims:
        """What the room says about a token."""
        return verify(token, issuer=self.expectations, keys=self.keys, now=now)


class FixedKeys:
    """A key source whose keys change only when a test says so."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys
        self.version = 1

    def replace(self, keys: KeySet) -> None:
        """Publish other keys."""
        self._keys = keys
        self.version += 1

    def keys(self, kid: str | None) -> KeySet | Awaitable[KeySet]:
        """The present keys."""
        return self._keys


def _changed(value: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    merged = {**value, **changes}
    return {name: member for name, member in merged.items() if member is not ...}
