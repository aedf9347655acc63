"""wallarm/jwt-secrets: every known secret is refused as an HMAC key."""

from __future__ import annotations

import pytest
from tests.support.minting import b64
from tests.support.shared import shared_vectors

from vallum.tokens.errors import RefusedKey
from vallum.tokens.jwk import admit
from vallum.tokens.weak import WeakSecrets


def test_every_known_secret_is_refused() -> None:
    with (shared_vectors() / "weak-secrets" / "jwt.secrets.list").open("rb") as file:
        secrets = [line.rstrip(b"\r\n") for line in file]
    assert len(secrets) == 103_979
    weak = WeakSecrets(secrets)
    admitted = []
    for secret in secrets:
        for text in (b64(secret), secret):
            jwk = {"kty": "oct", "alg": "HS256", "k": text.decode("latin-1")}
            try:
                admitted.append(admit(jwk, algorithms=("HS256",), weak_secrets=weak))
            except RefusedKey:
                continue
    assert admitted == []


def test_a_random_secret_is_admitted() -> None:
    weak = WeakSecrets([b"secret\n"])
    jwk = {"kty": "oct", "alg": "HS256", "k": "-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"}
    assert admit(jwk, algorithms=("HS256",), weak_secrets=weak) is not None
    with pytest.raises(RefusedKey, match="weak-secret"):
        admit(jwk, algorithms=("HS256",), weak_secrets=WeakSecrets([jwk["k"].encode()]))
