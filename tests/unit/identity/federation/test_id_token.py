"""ID tokens: signatures, hashes and times; what they say of parties is in the hostile cases."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from tests.support.minting import jwks, make_key, public_jwk, sign

from vallum.identity.federation.id_token import Expected, IdTokenRefused, verify_id_token
from vallum.tokens.jwks import parse_jwks
from vallum.tokens.jwt import read

NOW = 1_800_000_000.0
ACCESS = "the-access-token"


def judged(
    algorithm: str = "ES256",
    *,
    access_token: str | None = ACCESS,
    max_age: float | None = None,
    **claims: Any,
) -> Any:
    """The verified claims of a token of ours with changes."""
    key = make_key(algorithm)
    said = {
        "iss": "https://as",
        "aud": "shop",
        "sub": "1",
        "nonce": "n",
        "iat": NOW,
        "exp": NOW + 9,
    }
    token = sign({"alg": algorithm, "kid": "k1"}, said | claims, key, algorithm)
    expected = Expected(
        issuer="https://as",
        aliases=("as",),
        client_id="shop",
        nonce="n",
        algorithms=(algorithm,),
        max_age=max_age,
    )
    keys = parse_jwks(jwks(public_jwk(key)), algorithms=(algorithm,))
    return verify_id_token(read(token), keys, expected, access_token, NOW)


@pytest.mark.parametrize(
    ("algorithm", "bits"),
    [("RS256", 256), ("PS384", 384), ("ES256", 256), ("ES512", 512), ("EdDSA", 512)],
)
def test_the_access_tokens_hash_is_that_of_the_algorithm(algorithm: str, bits: int) -> None:
    digest = hashlib.new(f"sha{bits}", ACCESS.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: bits // 16]).rstrip(b"=").decode()
    assert judged(algorithm, at_hash=half)["sub"] == "1"
    for wrong in (half[:-1], half + "=", digest.hex(), "é", ["x"]):
        with pytest.raises(IdTokenRefused, match="at_hash"):
            judged(algorithm, at_hash=wrong)
    for other in (None, "", "another-token"):
        with pytest.raises(IdTokenRefused, match="at_hash"):
            judged(algorithm, at_hash=half, access_token=other)


def test_the_example_of_openid_connect_core_hashes_to_what_it_says() -> None:
    # Core, appendix A.3: the access token and the `at_hash` of its ID token.
    judged(
        "RS256",
        access_token="jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
        at_hash="77QmUPtjPfzWtF2AnpK9RQ",
    )


def test_a_sign_in_over_there_must_be_as_recent_as_was_asked() -> None:
    assert judged(max_age=300, auth_time=NOW - 300)["auth_time"] == NOW - 300
    assert judged(auth_time=NOW - 10_000)["sub"] == "1"
    for claims in ({"auth_time": NOW - 400}, {}, {"auth_time": "now"}, {"auth_time": True}):
        with pytest.raises(IdTokenRefused, match="auth_time"):
            judged(max_age=300, **claims)


def test_clocks_may_differ_a_little() -> None:
    assert judged(iat=NOW + 29, exp=NOW - 29)["sub"] == "1"
    for name, value in (("iat", NOW + 31), ("exp", NOW - 31), ("iat", NOW - 631)):
        claims: dict[str, Any] = {name: value}
        with pytest.raises(IdTokenRefused, match=name):
            judged(**claims)


def test_both_spellings_of_the_issuer_and_both_forms_of_the_audience_are_taken() -> None:
    assert judged(iss="as", aud=["shop"], azp="shop")["iss"] == "as"
