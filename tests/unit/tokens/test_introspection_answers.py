"""What is believed of an issuer's answer about an opaque token."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from tests.support.minting import ISSUER, NOW, Minter

from vallum.tokens.errors import InvalidToken
from vallum.tokens.introspection import BadAnswer, judge_answer, read_answer

EXPECTED = Minter("ES256").expectations


def answer(**changes: object) -> dict[str, Any]:
    """A good answer, changed; a change to `...` leaves the member out."""
    good: dict[str, Any] = {
        "active": True,
        "sub": "alice",
        "client_id": "webshop",
        "aud": "bookshop",
        "scope": "books:read",
        "iat": NOW - 10,
        "exp": NOW + 600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def test_a_good_answer() -> None:
    claims = judge_answer(answer(iss=ISSUER, jti="1", token_type="Bearer"), EXPECTED, NOW)
    assert (claims.subject, claims.kind, claims.issuer) == ("user:alice", "user", ISSUER)
    assert claims.scopes == {"books:read"}
    assert (claims.issued_at, claims.expires_at) == (NOW - 10, NOW + 600)
    assert claims.confirmation is None


def test_what_may_be_missing() -> None:
    claims = judge_answer(answer(sub=..., iat=..., exp=...), EXPECTED, NOW)
    assert (claims.subject, claims.kind) == ("client:webshop", "client")
    assert (claims.issued_at, claims.expires_at) == (0, math.inf)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"active": False}, "jwt.inactive"),
        ({"iss": "https://other.example"}, "jwt.issuer"),
        ({"iss": None}, "jwt.issuer"),
        ({"aud": ...}, "jwt.audience"),
        ({"aud": "other"}, "jwt.audience"),
        ({"aud": ["bookshop", "other"]}, "jwt.audience"),
        ({"exp": NOW - 60}, "jwt.expired"),
        ({"exp": None}, "jwt.expired"),
        ({"exp": True}, "jwt.expired"),
        ({"exp": NOW + 86_400}, "jwt.lifetime"),
        ({"nbf": NOW + 60}, "jwt.not-yet"),
        ({"iat": NOW + 60}, "jwt.not-yet"),
        ({"sub": ..., "client_id": ...}, "jwt.subject"),
        ({"sub": "a\nb"}, "jwt.subject"),
        ({"scope": ["books:read"]}, "jwt.scope"),
        ({"roles": "admin"}, "jwt.roles"),
        ({"token_type": "refresh_token"}, "jwt.type"),
        ({"token_type": None}, "jwt.type"),
        ({"cnf": {"kid": "1"}}, "jwt.confirmation"),
    ],
)
def test_answers_that_open_nothing(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidToken) as refusal:
        judge_answer(answer(**changes), EXPECTED, NOW)
    assert refusal.value.reason == reason


def test_an_issuer_whose_tokens_must_be_bound() -> None:
    expected = Minter("ES256", binding="dpop").expectations
    with pytest.raises(InvalidToken, match=r"jwt\.binding"):
        judge_answer(answer(), expected, NOW)
    bound = judge_answer(answer(cnf={"jkt": "A" * 43}), expected, NOW)
    assert bound.confirmation is not None
    assert bound.confirmation.jkt == "A" * 43


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"active": "true"}',
        b'{"active": 1}',
        b'{"active": null}',
        b'{"active": true, "active": false}',
        b'{"active": true',
        b"\xff",
        b'{"active": true, "x": "' + b"x" * 70_000 + b'"}',
    ],
)
def test_what_is_no_answer(document: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(document)


def test_reading_an_answer() -> None:
    assert read_answer(json.dumps(answer()).encode())["sub"] == "alice"
