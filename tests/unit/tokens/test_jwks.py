"""Key sets as a whole."""

from __future__ import annotations

import pytest
from tests.support.minting import jwks, make_key, public_jwk

from vallum.tokens.errors import InvalidKeySet, InvalidToken
from vallum.tokens.jwks import KeySet, parse_jwks

ALGORITHMS = ("RS256", "ES256")


def test_what_is_not_for_us_is_left_out_and_what_is_bad_is_named() -> None:
    document = jwks(
        public_jwk(make_key("RS256", "good")),
        public_jwk(make_key("RS256", "secret"), use="enc", alg="RSA-OAEP"),
        {**public_jwk(make_key("ES256", "odd\nname")), "kid": "odd\nname"},
        {"kty": "RSA", "alg": "RS256", "kid": "tiny", "n": "AQAB", "e": "AQAB"},
        {"kty": "unheard-of"},
    )
    keys = parse_jwks(document, algorithms=ALGORITHMS)
    assert [key.kid for key in keys.keys] == ["good"]
    assert keys.problems == ("'odd\\nname': kid", "'tiny': weak-rsa")
    assert "good" in keys
    assert "tiny" not in keys
    assert len(keys) == 1


def test_an_encryption_key_may_share_the_kid() -> None:
    signing = public_jwk(make_key("RS256", "same"))
    keys = parse_jwks(jwks(signing, {**signing, "use": "enc"}), algorithms=ALGORITHMS)
    assert len(keys) == 1


def test_a_refused_key_counts_as_a_duplicate() -> None:
    signing = public_jwk(make_key("RS256", "same"))
    with pytest.raises(InvalidKeySet, match="same kid"):
        parse_jwks(jwks(signing, {**signing, "d": "AQAB"}), algorithms=ALGORITHMS)


def test_candidates() -> None:
    keys = parse_jwks(
        jwks(public_jwk(make_key("RS256", "a")), public_jwk(make_key("ES256", "b"), kid=...)),
        algorithms=ALGORITHMS,
    )
    assert [key.kid for key in keys.candidates("a", "RS256")] == ["a"]
    assert [key.kid for key in keys.candidates(None, "ES256")] == [None]
    for kid, algorithm, reason in (
        ("a", "ES256", "jwt.alg"),
        ("c", "RS256", "jwt.key-unknown"),
        (None, "PS256", "jwt.key-unknown"),
    ):
        with pytest.raises(InvalidToken) as caught:
            keys.candidates(kid, algorithm)
        assert caught.value.reason == reason


def test_an_empty_set_opens_nothing() -> None:
    with pytest.raises(InvalidToken):
        KeySet().candidates(None, "RS256")
