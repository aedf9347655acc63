"""Section F: what tokens say, and whom it must not convince (B-142 … B-147)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.calling import TokenDoor, bearer
from tests.support.minting import (
    AUDIENCE,
    ISSUER,
    NOW,
    Minter,
    make_key,
    sign,
)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": ...}, "jwt.expired"),
        ({"exp": str(int(NOW) + 600)}, "jwt.expired"),
        ({"exp": None}, "jwt.expired"),
        ({"exp": True}, "jwt.expired"),
        ({"exp": [NOW]}, "jwt.expired"),
        ({"exp": 1e99}, "jwt.expired"),
        ({"exp": -1}, "jwt.expired"),
        ({"exp": 0}, "jwt.expired"),
        ({"exp": NOW - 10}, "jwt.expired"),
        ({"exp": float("nan")}, "jwt.claims"),
        ({"exp": float("inf")}, "jwt.claims"),
        ({"exp": 10**400}, "jwt.claims"),
        ({"nbf": NOW + 61}, "jwt.not-yet"),
        ({"nbf": NOW + 11}, "jwt.not-yet"),
        ({"nbf": "now"}, "jwt.not-yet"),
        ({"iat": NOW + 61}, "jwt.not-yet"),
        ({"iat": ...}, "jwt.lifetime"),
        ({"iat": "now"}, "jwt.lifetime"),
        ({"exp": NOW + 10 * 365 * 86400}, "jwt.lifetime"),
        ({"iat": NOW - 3600, "exp": NOW + 600}, "jwt.lifetime"),
        ({"iat": NOW + 5, "exp": NOW + 4}, "jwt.lifetime"),
    ],
)
def test_b142_jwt_time(
    es256: Minter, door: TokenDoor, claims: dict[str, object], reason: str
) -> None:
    assert door.reason(es256.token(**claims)) == reason


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 9},
        {"exp": NOW + 0.5},
        {"nbf": NOW + 9},
        {"iat": NOW + 9},
        {"nbf": 0},
    ],
)
def test_b142_skew_of_ten_seconds_is_forgiven(
    es256: Minter, door: TokenDoor, claims: dict[str, object]
) -> None:
    assert door.enter(bearer(es256.token(**claims))).subject == "user:alice"


def test_b142_no_more_than_a_minute_can_be_forgiven() -> None:
    with pytest.raises(ValueError, match="leeway"):
        Minter("ES256", leeway=61.0)


@pytest.mark.parametrize(
    "audience",
    [
        ...,
        None,
        "",
        [],
        "bookshop-admin",
        "books",
        "Bookshop",
        "bookshop ",
        "bookshop other",
        [AUDIENCE, *(f"other{number}" for number in range(20))],
        [AUDIENCE, AUDIENCE],
        [[AUDIENCE]],
        [AUDIENCE, 1],
        {AUDIENCE: True},
        7,
    ],
)
def test_b143_jwt_aud(es256: Minter, door: TokenDoor, audience: object) -> None:
    assert door.reason(es256.token(aud=audience)) == "jwt.audience"


def test_b143_several_audiences_where_the_issuer_is_allowed_to(tmp_path: Path) -> None:
    minter = Minter("ES256", allow_multiple_audiences=True)
    door = TokenDoor(tmp_path, minter)
    assert door.enter(bearer(minter.token(aud=["other", AUDIENCE]))).subject == "user:alice"
    assert door.enter(bearer(minter.token(aud=[AUDIENCE]))).subject == "user:alice"
    assert door.reason(minter.token(aud=["other", "bookshop-admin"])) == "jwt.audience"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://issuer.example.evil",
        "https://issuer.example/",
        "https://ISSUER.example",
        "HTTPS://issuer.example",
        "issuer.example",
        "https://issuer",
        "",
        ...,
        None,
        [ISSUER],
        {ISSUER: 1},
    ],
)
def test_b144_jwt_iss(es256: Minter, door: TokenDoor, issuer: object) -> None:
    assert door.reason(es256.token(iss=issuer)) == "jwt.issuer"


def test_b144_the_key_of_one_issuer_never_verifies_another(tmp_path: Path) -> None:
    ours, theirs = Minter("ES256"), Minter("EdDSA", issuer="https://partner.example")
    door = TokenDoor(tmp_path, ours, theirs)
    assert door.enter(bearer(theirs.token())).issuer == "https://partner.example"
    forged = sign(theirs.header(), theirs.claims(iss=ISSUER), theirs.key, "EdDSA")
    assert door.reason(forged) == "jwt.alg"
    door.sources[1].replace(ours.keys)
    forged = sign(
        ours.header(alg="ES256"), ours.claims(iss=ISSUER), make_key("ES256", "x"), "ES256"
    )
    assert door.reason(forged) == "jwt.signature"


@pytest.mark.parametrize(
    "type_",
    [
        ...,
        None,
        "",
        "JWT",
        "jwt",
        "dpop+jwt",
        "logout+jwt",
        "client-authentication+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "at+jwt ",
        "x/at+jwt",
        "application/application/at+jwt",
        1,
        ["at+jwt"],
    ],
)
def test_b145_jwt_typ(es256: Minter, door: TokenDoor, type_: object) -> None:
    assert door.reason(es256.token(es256.header(typ=type_))) == "jwt.type"


@pytest.mark.parametrize("type_", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"])
def test_b145_media_types_are_compared_as_such(es256: Minter, door: TokenDoor, type_: str) -> None:
    assert door.enter(bearer(es256.token(es256.header(typ=type_)))).subject == "user:alice"


def test_b146_jwt_sub_client(es256: Minter, door: TokenDoor) -> None:
    user = door.enter(bearer(es256.token(sub="alice", client_id="webshop")))
    client = door.enter(bearer(es256.token(sub="alice", client_id="alice")))
    granted = door.enter(bearer(es256.token(sub="alice", gty="client-credentials")))
    assert (user.kind, user.subject) == ("user", "user:alice")
    assert (client.kind, client.subject) == ("client", "client:alice")
    assert (granted.kind, granted.subject) == ("client", "client:alice")
    assert user.id != client.id
    # No name of a user reaches into the other namespace.
    tricky = door.enter(bearer(es256.token(sub="client:alice")))
    assert tricky.subject == "user:client:alice"
    assert tricky.id != client.id


@pytest.mark.parametrize("claim", ["client_id", "jti", "sub"])
@pytest.mark.parametrize("value", [..., None, "", 7, ["alice"], "a" * 256, "a\r\nX-Role: admin"])
def test_b146_who_is_who_must_be_said(
    es256: Minter, door: TokenDoor, claim: str, value: object
) -> None:
    reason = "jwt.subject" if claim == "sub" else "jwt.claims"
    assert door.reason(es256.token(**{claim: value})) == reason


@pytest.mark.parametrize(
    "scope",
    [
        ["read", "write"],
        "read  write admin",
        " read",
        "read ",
        "read\tadmin",
        "read\nadmin",
        "read\u00a0admin",
        'read"',
        "re\\ad",
        7,
        {"read": True},
        True,
        " ".join(f"s{number}" for number in range(257)),
    ],
)
def test_b147_jwt_scope(es256: Minter, door: TokenDoor, scope: object) -> None:
    assert door.reason(es256.token(scope=scope)) == "jwt.scope"


def test_b147_scopes_are_whole_words(es256: Minter, door: TokenDoor) -> None:
    principal = door.enter(bearer(es256.token(scope="nonadmin Read admin:x", scp="admin")))
    assert principal.scopes == {"nonadmin", "Read", "admin:x"}
    assert door.enter(bearer(es256.token(scope=..., scp="admin"))).scopes == frozenset()


def test_b147_another_claim_for_scopes(tmp_path: Path) -> None:
    minter = Minter("ES256", scope_claim="scp")
    door = TokenDoor(tmp_path, minter)
    assert door.enter(bearer(minter.token(scp=["a", "b"], scope="admin"))).scopes == {"a", "b"}
    assert door.enter(bearer(minter.token(scp="a b", scope="admin"))).scopes == {"a", "b"}
    assert door.reason(minter.token(scp=["a b"])) == "jwt.scope"
