"""What a token is bound to."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.minting import Minter

from vallum.tokens.confirmation import Confirmation, read_confirmation
from vallum.tokens.errors import InvalidToken
from vallum.tokens.thumbprint import base64url_digest, thumbprint

PRINT = base64url_digest(b"certificate")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, None),
        ({"cnf": {"jkt": PRINT}}, Confirmation(jkt=PRINT)),
        ({"cnf": {"x5t#S256": PRINT}}, Confirmation(x5t=PRINT)),
        ({"cnf": {"jkt": PRINT, "x5t#S256": PRINT}}, Confirmation(PRINT, PRINT)),
        ({"cnf": {"jkt": PRINT, "kid": "more"}}, Confirmation(jkt=PRINT)),
    ],
)
def test_what_it_says(claims: dict[str, Any], expected: Confirmation | None) -> None:
    assert read_confirmation(claims) == expected


@pytest.mark.parametrize(
    "cnf",
    [
        None,
        {},
        [],
        PRINT,
        {"kid": "1"},
        {"jwk": {}},
        {"x5t": PRINT},
        {"jkt": None},
        {"jkt": PRINT + "="},
        {"jkt": PRINT[:-1]},
        {"jkt": PRINT[:-1] + "1"},
        {"x5t#S256": PRINT.replace("-", "+") + "AA"},
        {"jkt": PRINT, "x5t#S256": ""},
    ],
)
def test_what_cannot_be_checked_is_refused(cnf: object) -> None:
    with pytest.raises(InvalidToken, match=r"jwt\.confirmation"):
        read_confirmation({"cnf": cnf})


def test_which_binding_is_satisfied() -> None:
    by_key, by_certificate = Confirmation(jkt=PRINT), Confirmation(x5t=PRINT)
    assert by_key.satisfies("dpop")
    assert not by_key.satisfies("mtls")
    assert by_certificate.satisfies("mtls")
    assert not by_certificate.satisfies("dpop")
    assert by_key.satisfies("any")
    assert by_certificate.satisfies("any")


def test_the_certificate_is_that_of_the_connection() -> None:
    bound = Confirmation(x5t=PRINT)
    assert bound.is_certificate(b"certificate")
    assert not bound.is_certificate(b"another")
    assert not bound.is_certificate(b"")
    assert not bound.is_certificate(None)
    assert not Confirmation(jkt=PRINT).is_certificate(b"certificate")


def test_verified_claims_tell_it() -> None:
    minter = Minter("ES256")
    assert minter.verify(minter.token()).confirmation is None
    bound = minter.verify(minter.token(cnf={"jkt": PRINT})).confirmation
    assert bound == Confirmation(jkt=PRINT)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": 7},
        {"kty": "OKP", "crv": "Ed25519", "x": 'A","y":"'},
        {"kty": ["EC"]},
    ],
)
def test_keys_without_a_thumbprint(jwk: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="key"):
        thumbprint(jwk)
