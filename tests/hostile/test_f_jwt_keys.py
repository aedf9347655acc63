"""Section F: the keys of issuers, and how they are had (B-134, B-135, B-148, B-151)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from pathlib import Path

import pytest
from cryptography import x509
from joserfc.jwk import RSAKey
from tests.support.calling import Clock, TokenDoor, bearer, make_request, make_sender, no_guard
from tests.support.keyserver import KeyServer
from tests.support.minting import (
    Minter,
    as_json,
    b64,
    jwks,
    make_key,
    public_jwk,
)
from tests.support.pki import HOUR, NOW, make, san

from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.filters.jwt import JWTAuthenticator, TrustedIssuer
from vallum.store import jwks_fetch
from vallum.store.jwks_fetch import from_metadata, from_url
from vallum.store.jwks_file import LoadError
from vallum.store.jwks_source import MAX_STALE, REFRESH_PAUSE, JWKSSource
from vallum.store.revocations import Revocations
from vallum.tokens.errors import InvalidKeySet
from vallum.tokens.jwks import KeySet, parse_jwks

ED25519_P = 2**255 - 19


def trust(
    minter: Minter, source: JWKSSource[KeySet], folder: Path, clock: Clock
) -> JWTAuthenticator:
    """An authenticator of one issuer whose keys come over the network."""
    return JWTAuthenticator(
        [TrustedIssuer(name="test", expectations=minter.expectations, keys=source)],
        revocations=Revocations(folder / "state.db"),
        guard=no_guard,
        clock=clock,
        sender=make_sender(),
    )


async def ask(authenticator: JWTAuthenticator, token: bytes) -> Principal | str:
    """The principal, or the reason of the refusal."""
    try:
        answer = authenticator.authenticate(make_request(bearer(token)))
        principal = await answer if isinstance(answer, Awaitable) else answer
    except Denied as denied:
        return denied.reason
    assert principal is not None
    return principal


def test_b134_jwt_kid_miss_storm(es256: Minter, tmp_path: Path) -> None:
    payload = b64(as_json(es256.claims()))
    tokens = [
        b".".join((b64(as_json(es256.header(kid=f"random-{number}"))), payload, b"AAAA"))
        for number in range(10_000)
    ]

    async def storm() -> None:
        async with KeyServer(es256.document) as server:
            clock = Clock()
            source = JWKSSource("test", server.loader(), es256.parse, monotonic=clock)
            authenticator = trust(es256, source, tmp_path, clock)
            reasons = await asyncio.gather(*(ask(authenticator, token) for token in tokens))
            assert set(reasons) == {"jwt.key-unknown"}
            assert server.requests == 1
            # Good tokens are served throughout, and the next fetch waits for the pause to end.
            assert isinstance(await ask(authenticator, es256.token()), Principal)
            clock.now += REFRESH_PAUSE - 1
            assert await ask(authenticator, tokens[0]) == "jwt.key-unknown"
            assert server.requests == 1
            clock.now += 1
            await asyncio.gather(*(ask(authenticator, token) for token in tokens[:100]))
            assert server.requests == 2

    asyncio.run(storm())


def test_b135_jwt_kid_dup() -> None:
    first, second = public_jwk(make_key("ES256")), public_jwk(make_key("ES256", "k2"))
    with pytest.raises(InvalidKeySet, match="same kid"):
        parse_jwks(jwks(first, {**second, "kid": "k1"}), algorithms=("ES256",))
    with pytest.raises(InvalidKeySet, match="same kid"):
        parse_jwks(jwks(first, public_jwk(make_key("RS256"))), algorithms=("ES256", "RS256"))


def test_b135_without_kid_three_keys_of_the_algorithm_are_tried(
    es256: Minter, door: TokenDoor
) -> None:
    token = es256.token(es256.header(kid=...))
    others = [public_jwk(make_key("ES256", f"other{number}")) for number in range(3)]
    own = public_jwk(es256.key)
    door.sources[0].replace(es256.parse(jwks(*others[:2], own)))
    assert door.enter(bearer(token)).subject == "user:alice"
    door.sources[0].replace(es256.parse(jwks(*others, own)))
    door.clock.now += 1
    assert door.reason(token) == "jwt.key-unknown"


def rsa_jwk(modulus: int, exponent: int = 65537) -> dict[str, object]:
    """A public RSA key of these numbers."""
    size = (modulus.bit_length() + 7) // 8
    return {
        "kty": "RSA",
        "alg": "RS256",
        "kid": "k1",
        "n": b64(modulus.to_bytes(size, "big")).decode(),
        "e": b64(exponent.to_bytes(5, "big").lstrip(b"\x00") or b"\x00").decode(),
    }


def _modulus() -> int:
    key = make_key("RS256")
    assert isinstance(key, RSAKey)
    return key.public_key.public_numbers().n


def okp_jwk(y: int) -> dict[str, object]:
    """An Ed25519 key of this encoding."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "kid": "k1",
        "x": b64(y.to_bytes(32, "little")).decode(),
    }


@pytest.mark.parametrize(
    ("jwk", "algorithm", "problem"),
    [
        ({"k": b64(b"secret").decode()}, "HS256", "short-secret"),
        ({"k": b64(b"8 bytes.").decode()}, "HS256", "short-secret"),
        ({"k": b64(bytes(31)).decode()}, "HS256", "short-secret"),
        ({"k": b64(bytes(range(47))).decode()}, "HS384", "short-secret"),
        ({"k": b64(bytes(range(63))).decode()}, "HS512", "short-secret"),
        ({"k": b64(bytes(32)).decode()}, "HS256", "weak-secret"),
        ({"k": b64(b"password" * 8).decode()}, "HS256", "weak-secret"),
        ({"k": b64(bytes(range(32))).decode()}, "HS256", "weak-secret"),
        ({"k": "", "alg": "HS256"}, "HS256", "short-secret"),
        (rsa_jwk(_modulus() >> 1024), "RS256", "weak-rsa"),
        (rsa_jwk(_modulus() >> 1), "RS256", "weak-rsa"),
        (rsa_jwk((1 << 8192) + 1), "RS256", "weak-rsa"),
        (rsa_jwk(_modulus(), 1), "RS256", "rsa-exponent"),
        (rsa_jwk(_modulus(), 0), "RS256", "rsa-exponent"),
        (rsa_jwk(_modulus(), 65536), "RS256", "rsa-exponent"),
        (rsa_jwk(_modulus() & ~1), "RS256", "rsa-exponent"),
        (okp_jwk(0), "EdDSA", "small-order"),
        (okp_jwk(1), "EdDSA", "small-order"),
        (okp_jwk(1 | 1 << 255), "EdDSA", "small-order"),
        (okp_jwk(ED25519_P - 1), "EdDSA", "small-order"),
        (okp_jwk(ED25519_P + 1), "EdDSA", "small-order"),
        (
            okp_jwk(0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826),
            "EdDSA",
            "small-order",
        ),
    ],
)
def test_b148_jwt_weakkey(jwk: dict[str, object], algorithm: str, problem: str) -> None:
    whole = {"kty": "oct", "kid": "k1", "alg": algorithm, **jwk}
    with pytest.raises(InvalidKeySet, match=f"'k1': {problem}"):
        parse_jwks(jwks(whole), algorithms=(algorithm,))


PRIVATE = make_key("ES256").as_dict(private=True)


@pytest.mark.parametrize(
    "document",
    [
        b"<!doctype html><title>Sign in</title>",
        b"",
        b"null",
        b"[]",
        b'{"keys":{}}',
        b'{"keys":[]}',
        b'{"keys":[1]}',
        b'{"keys":[],"keys":[{}]}',
        b'{"keys":[' + b" " * (10 * 1024 * 1024) + b"]}",
        jwks({**PRIVATE, "use": "sig"}),
        jwks({"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"}),
        jwks(public_jwk(make_key("ES256")), {"kty": "oct", "k": "c2VjcmV0"}),
        jwks({**public_jwk(make_key("RS256")), "alg": "RS1"}),
        jwks(*[public_jwk(make_key("ES256"))] * 101),
    ],
)
def test_b151_jwt_jwks_poison(es256: Minter, tmp_path: Path, document: bytes) -> None:
    async def poison() -> None:
        async with KeyServer(es256.document) as server:
            clock = Clock()
            source = JWKSSource("test", server.loader(), es256.parse, monotonic=clock)
            authenticator = trust(es256, source, tmp_path, clock)
            assert isinstance(await ask(authenticator, es256.token()), Principal)
            server.body = document
            clock.now += REFRESH_PAUSE
            unknown = es256.token(es256.header(kid="k2"))
            assert await ask(authenticator, unknown) == "jwt.key-unknown"
            assert server.requests == 2
            assert isinstance(await ask(authenticator, es256.token(jti="t2")), Principal)

    asyncio.run(poison())


@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/keys", "http://169.254.169.254/"])
def test_b151_redirects_are_not_followed(es256: Minter, location: str) -> None:
    async def redirect() -> None:
        async with KeyServer(es256.document) as server:
            server.status = 302
            server.fields = {"Location": location.format(port=server.port)}
            with pytest.raises(LoadError, match="answered 302"):
                await server.loader()()
            assert server.requests == 1

    asyncio.run(redirect())


def test_b151_a_server_that_does_not_answer(es256: Minter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks_fetch, "SECONDS", 0.2)

    async def hang() -> None:
        async with KeyServer(es256.document) as server:
            server.hangs = True
            with pytest.raises(LoadError, match="did not answer"):
                await server.loader()()

    asyncio.run(hang())


def test_b151_an_expired_certificate(es256: Minter, tmp_path: Path) -> None:
    async def expired() -> None:
        localhost = make("localhost", None, san(x509.DNSName("localhost")), ends=NOW - HOUR / 2)
        pair = localhost.write(tmp_path, "server")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        async with KeyServer(es256.document, tls=context) as server:
            with pytest.raises(LoadError, match="Certificate"):
                await from_url(f"https://localhost:{server.port}/keys")()
            assert server.requests == 0

    asyncio.run(expired())


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/keys",
        "http://10.0.0.1/keys",
        "file:///etc/passwd",
        "ftp://issuer.example/keys",
        "https://user:pass@issuer.example/keys",
        "https:///keys",
        "//issuer.example/keys",
        "keys",
    ],
)
def test_b151_only_https_urls(url: str) -> None:
    for insecure in (False, True):
        with pytest.raises(ValueError, match=r"https"):
            from_url(url, insecure_http=insecure)
        with pytest.raises(ValueError, match=r"https"):
            from_metadata(url, insecure_http=insecure)
    with pytest.raises(ValueError, match="https"):
        from_url("http://127.0.0.1/keys")


def test_b151_outage_for_a_day_then_closed(es256: Minter, tmp_path: Path) -> None:
    async def outage() -> None:
        async with KeyServer(es256.document) as server:
            clock, wall = Clock(), Clock()
            source = JWKSSource("test", server.loader(), es256.parse, monotonic=clock)
            authenticator = trust(es256, source, tmp_path, wall)
            assert isinstance(await ask(authenticator, es256.token()), Principal)
            server.status = 503
            clock.now += MAX_STALE
            # Each a token of its own, for one that was accepted is remembered for minutes.
            assert isinstance(await ask(authenticator, es256.token(jti="t2")), Principal)
            clock.now += 1
            assert await ask(authenticator, es256.token(jti="t3")) == "jwt.keys-unavailable"
            server.status = 200
            clock.now += REFRESH_PAUSE
            assert isinstance(await ask(authenticator, es256.token(jti="t3")), Principal)

    asyncio.run(outage())
