"""The statement for upstreams, and its verification by the client library."""

from __future__ import annotations

import pytest
from joserfc.jwk import OctKey
from tests.support.minting import b64, sign
from vallum_client import identity
from vallum_client.identity import Identity, InvalidIdentity, verify_identity

from vallum.core.principal import Principal
from vallum.core.secret import Secret
from vallum.tokens.internal import FIELD, HEADER, MAX_CACHED, InternalStatements

KEY = bytes(range(100, 132))
NOW = 1_800_000_000.0
ALICE = Principal(
    kind="user",
    issuer="https://issuer.example",
    subject="user:alice",
    scopes=frozenset({"b", "a"}),
    roles=frozenset({"reader"}),
    credential="token-1",
)


@pytest.fixture
def statements() -> InternalStatements:
    return InternalStatements(Secret(KEY), "bookshop")


def verify(header: bytes | str | None, **changes: object) -> Identity:
    """What the upstream does."""
    expected: dict[str, object] = {
        "key": KEY,
        "audience": "bookshop",
        "method": "GET",
        "path": "/orders/1",
        "now": NOW,
        **changes,
    }
    return verify_identity(header, **expected)  # type: ignore[arg-type]


def test_the_upstream_learns_who_is_calling(statements: InternalStatements) -> None:
    header = statements.header(ALICE, "GET", "/orders/1", NOW)
    expected = Identity(
        kind="user",
        issuer="https://issuer.example",
        subject="user:alice",
        scopes=frozenset({"a", "b"}),
        roles=frozenset({"reader"}),
        credential="token-1",
        expires_at=int(NOW) + 60,
    )
    assert verify(header) == expected
    assert verify(header.decode(), key=KEY.hex()) == expected
    assert identity.FIELD.encode() == FIELD
    assert header.isascii()


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "other"},
        {"method": "POST"},
        {"method": "get"},
        {"path": "/orders/2"},
        {"path": "/orders/1/"},
        {"path": ""},
        {"key": bytes(32)},
        {"now": NOW + 70},
        {"now": NOW - 11},
    ],
)
def test_a_statement_is_for_one_request(
    statements: InternalStatements, changes: dict[str, object]
) -> None:
    header = statements.header(ALICE, "GET", "/orders/1", NOW)
    with pytest.raises(InvalidIdentity):
        verify(header, **changes)


def test_clocks_may_differ_by_seconds(statements: InternalStatements) -> None:
    header = statements.header(ALICE, "GET", "/orders/1", NOW)
    for now in (NOW - 10, NOW, NOW + 69):
        assert verify(header, now=now).subject == "user:alice"


def test_everything_else_is_refused(statements: InternalStatements) -> None:
    header = statements.header(ALICE, "GET", "/orders/1", NOW)
    first, payload, signature = header.split(b".")
    last = signature[-1:]
    key = OctKey.import_key(KEY)
    good: dict[str, object] = {
        "iss": "vallum",
        "aud": "bookshop",
        "htm": "GET",
        "path": "/orders/1",
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "kind": "user",
        "sub": "alice",
        "sub_iss": "i",
        "credential": "",
        "scope": "",
        "roles": [],
    }
    fixed = b'{"alg":"HS256","typ":"vallum+jwt"}'
    assert verify(sign(fixed, good, key, "HS256")).subject == "alice"
    forged = [
        None,
        b"",
        b"..",
        header + b"=",
        header + b".x",
        header[:-1],
        header[:-1] + (b"A" if last != b"A" else b"B"),
        b64(b'{"alg":"none","typ":"vallum+jwt"}') + b"." + payload + b".",
        first + b"." + payload + b"." + b"A" * 43,
        "ｖ" + header.decode(),
        b"A" * 1_000_000,
        sign({"alg": "HS256"}, good, key, "HS256"),
        sign(fixed, b"[]", key, "HS256"),
        sign(fixed, b"[" * 5000, key, "HS256"),
        sign(fixed, b"\xff", key, "HS256"),
        *(
            sign(fixed, {**good, **change}, key, "HS256")
            for change in (
                {"iss": "other"},
                {"exp": None},
                {"exp": True},
                {"exp": 1e99},
                {"iat": "now"},
                {"kind": "admin"},
                {"sub": None},
                {"scope": ["a"]},
                {"roles": "admin"},
                {"credential": 1},
            )
        ),
    ]
    for header_ in forged:
        with pytest.raises(InvalidIdentity):
            verify(header_)


def test_short_keys_are_refused_on_both_sides() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        InternalStatements(Secret(bytes(31)), "bookshop")
    with pytest.raises(ValueError, match="audience"):
        InternalStatements(Secret(KEY), "")
    for key in (b"", bytes(31), "00" * 31, "not hexadecimal"):
        with pytest.raises(ValueError):
            verify(b"x", key=key)


def test_a_statement_is_reused_for_half_a_minute(statements: InternalStatements) -> None:
    first = statements.header(ALICE, "GET", "/orders/1", NOW)
    assert statements.header(ALICE, "GET", "/orders/1", NOW + 29.9) is first
    later = statements.header(ALICE, "GET", "/orders/1", NOW + 30)
    assert verify(later, now=NOW + 89).expires_at == NOW + 90
    # A clock that was set back makes a new one too.
    assert statements.header(ALICE, "GET", "/orders/1", NOW - 100) is not later


def test_another_principal_never_gets_it(statements: InternalStatements) -> None:
    """Two credentials of one person can differ in what they may do."""
    admin = Principal(kind="user", issuer=ALICE.issuer, subject=ALICE.subject)
    assert admin.id == ALICE.id
    statements.header(ALICE, "GET", "/orders/1", NOW)
    assert verify(statements.header(admin, "GET", "/orders/1", NOW)).scopes == frozenset()
    seen = set()
    for number in range(100):
        passing = Principal(kind="user", issuer="i", subject=f"user:{number}")
        seen.add(verify(statements.header(passing, "GET", "/orders/1", NOW)).subject)
    assert len(seen) == 100


def test_a_statement_does_not_outlive_the_credential(statements: InternalStatements) -> None:
    short = Principal(kind="user", issuer="i", subject="s", expires_at=NOW + 5.5)
    assert verify(statements.header(short, "GET", "/orders/1", NOW)).expires_at == NOW + 5
    later = statements.header(short, "GET", "/orders/1", NOW + 1)
    assert verify(later, now=NOW + 1).expires_at == NOW + 5


def test_the_cache_is_bounded(statements: InternalStatements) -> None:
    for number in range(2 * MAX_CACHED + 1):
        statements.header(ALICE, "GET", f"/orders/{number}", NOW)
    assert len(statements._cache) == 1
    assert HEADER.isascii()
