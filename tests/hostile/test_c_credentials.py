"""Hostile cases C: who a request says it comes from, and where credentials go (B-057 … B-068)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from tests.support.arena import Arena, request
from tests.support.gateway import Gateway, PolicyText, create_key
from tests.support.minting import ISSUERS, Minter
from tests.support.raw import Reply
from tests.support.upstream import RecordingUpstream

IDENTITY_FIELDS = [
    "X-User-Id",
    "X-User",
    "X-User-Email",
    "X-User-Roles",
    "X-Roles",
    "X-Role",
    "X-Groups",
    "X-Scopes",
    "X-Authenticated-Userid",
    "X-Authenticated-Scope",
    "X-Authenticated-Groups",
    "X-Consumer-Id",
    "X-Consumer-Username",
    "X-Consumer-Custom-Id",
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Access-Token",
    "X-Remote-User",
    "Remote-User",
    "X-Vallum-Identity",
    "X-Vallum-Principal",
    "Vallum-Identity",
    "X-Userinfo",
    "X-JWT-Assertion",
    "X-Goog-Authenticated-User-Email",
    "X-Amzn-Oidc-Identity",
    "X-MS-Client-Principal",
    "X-MS-Token-AAD-Access-Token",
    "X-Goog-IAP-JWT-Assertion",
    "Cf-Access-Jwt-Assertion",
    "X-WebAuth-User",
    "X-Authentik-Username",
    "X-Pomerium-Claim-Email",
    "Tailscale-User-Login",
    "OIDC-Claim-Sub",
    "Remote-Email",
    "Remote-Groups",
]


@pytest.mark.parametrize("name", IDENTITY_FIELDS)
def test_b057_identity_hdr(arena: Arena, name: str) -> None:
    """Removed in every spelling, twice as once."""
    for lines in (
        [f"{name}: b057-admin"],
        [f"{name.lower()}: b057-admin"],
        [f"{name.upper()}: b057-admin", f"{name}:b057-admin\t "],
    ):
        received = arena.forward(*lines)
        assert not received.contains(b"b057-admin")


@pytest.mark.parametrize(
    "line",
    ["X-User-Id : admin", "X-User-Id\t: admin", "X_User_Id: admin", "X-User-Id\x00: admin"],
)
def test_b057_identity_hdr_odd_spellings(arena: Arena, line: str) -> None:
    arena.malformed(request("GET", "/things/b057", line))


@pytest.mark.parametrize(
    "name",
    ["X_Forwarded-Email", "X-Forwarded_User", "X_Forwarded_User", "Remote_User", "x_user-id"],
)
def test_b058_identity_hdr_underscore(arena: Arena, name: str) -> None:
    arena.malformed(request("GET", "/things/b058", f"{name}: admin"))


def good_token(**claims: object) -> bytes:
    """The field with a token of the issuer."""
    return b"Authorization: Bearer " + Minter("ES256").token_now(**claims)


def call(issued: Arena, target: str, **claims: object) -> Reply:
    """A GET with a token."""
    return issued.send(request("GET", target, good_token(**claims)))


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A gateway with an issuer; `/forwarded-token` passes the client's token on."""
    folder = tmp_path_factory.mktemp("issued")
    (folder / "jwks.json").write_bytes(Minter("ES256").document)
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=upstream.url,
            more=ISSUERS,
            operations={
                "token": "authenticate: ['jwt:corp']",
                "forwardedToken": "authenticate: ['jwt:corp'], forward_token: true",
                "admin": "authenticate: [api_key]",
                "adminUsers": "authenticate: [api_key]",
                "private": "authenticate: [api_key, 'jwt:corp']",
                "privatePost": "authenticate: [api_key]",
                "apiAdmin": "authenticate: [api_key]",
            },
        )
        policy.write(folder)
        api_key = create_key(folder, "tester")
        with Gateway(folder) as gateway:
            yield Arena(gateway, upstream, api_key)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "alice\r\nX-Role: admin"},
        {"sub": "alice\x00"},
        {"sub": "alice\n"},
        {"scope": "books:read\r\nX-Role: admin"},
        {"client_id": "shop\r\nX-Role: admin"},
        {"roles": ["reader", "a\r\nX-Role: admin"]},
    ],
)
def test_b059_identity_hdr_crlf(issued: Arena, claims: dict[str, object]) -> None:
    """A control byte in a claim is refused, or it never becomes part of a field."""
    mark = issued.upstream.mark()
    reply = call(issued, "/token", **claims)
    if "sub" in claims:
        assert reply.status == 401
    for received in issued.upstream.requests_since(mark):
        assert "x-role" not in received.names()
        assert not received.contains(b"\r\n")
        assert not received.contains(b"x-role: admin")
    issued.gateway.assert_healthy()


def test_b059_a_plain_claim_is_fine(issued: Arena) -> None:
    assert call(issued, "/token").status == 200


@pytest.mark.parametrize("target", ["/things", "/admin"])
@pytest.mark.parametrize(
    "lines",
    [
        ["Authorization: Bearer a", "Authorization: Bearer b"],
        ["Authorization: Bearer a", "authorization: Bearer a"],
        ["Authorization: Bearer a, Bearer b"],
        ["Authorization: Basic YTpi", "Authorization: Bearer b"],
        ["X-API-Key: a", "X-API-Key: b"],
    ],
)
def test_b064_authz_dup(arena: Arena, lines: list[str], target: str) -> None:
    reply = arena.send(request("GET", target, *lines))
    expected = {400} if len(lines) > 1 else {400, 401}
    arena.refuse(request("GET", target, *lines), expected, closed=False)
    assert b"Bearer" not in reply.body


def test_b064_authz_dup_two_kinds(issued: Arena) -> None:
    """Where either kind would do, two credentials are one too many."""
    lines = [f"X-API-Key: {issued.key}".encode(), good_token()]
    issued.refuse(request("GET", "/private", *lines), 400, closed=False)
    issued.refuse(
        request("GET", "/private", lines[0], "Authorization: Bearer a.b.c"),
        {400, 401},
        closed=False,
    )
    for line in lines:
        assert issued.send(request("GET", "/private", line)).status == 200


def test_b064_a_credential_that_nobody_reads_goes_nowhere(arena: Arena) -> None:
    mark = arena.upstream.mark()
    lines = [f"X-API-Key: {arena.key}", "Authorization: Bearer b064-canary"]
    assert arena.send(request("GET", "/admin", *lines)).status in {200, 400, 401}
    for received in arena.upstream.requests_since(mark):
        assert not received.contains(b"b064-canary")


def test_b064_token_in_the_query_is_not_read(arena: Arena) -> None:
    arena.refuse(request("GET", f"/admin?access_token={arena.key}"), {400, 401}, closed=False)
    arena.refuse(request("GET", "/things?access_token=a.b.c"), 400, closed=False)


def test_b065_authz_forward(issued: Arena) -> None:
    """The client's token stays here, unless the operation says otherwise."""
    mark = issued.upstream.mark()
    assert call(issued, "/token").status == 200
    assert call(issued, "/forwarded-token").status == 200
    kept, passed = issued.upstream.requests_since(mark)
    assert "authorization" not in kept.names()
    assert passed.get("authorization").startswith(b"Bearer ")


def test_b065_api_keys_are_never_forwarded(arena: Arena) -> None:
    received = arena.forward(f"X-API-Key: {arena.key}", target="/admin")
    assert "x-api-key" not in received.names()
    assert not received.contains(arena.key.encode())
    assert arena.key not in arena.gateway.errors
    assert arena.key.encode() not in orjson.dumps(arena.gateway.records())


def test_b065_a_key_where_only_a_token_counts_is_not_forwarded(issued: Arena) -> None:
    mark = issued.upstream.mark()
    lines = [good_token(), b"X-API-Key: b065-key-canary"]
    for target in ("/token", "/forwarded-token"):
        issued.send(request("GET", target, *lines))
    for received in issued.upstream.requests_since(mark):
        assert "x-api-key" not in received.names()
    assert not issued.upstream.contains(b"b065-key-canary")


def test_b065_authorization_on_a_public_operation(arena: Arena) -> None:
    arena.send(request("GET", "/things/b065", "Authorization: Bearer b065-canary"))
    assert not arena.upstream.contains(b"b065-canary")


@pytest.mark.parametrize(
    "line",
    [
        "Proxy-Authorization: Basic canary66",
        "Proxy-Connection: canary66",
        "TE: trailers, canary66",
        "Keep-Alive: canary66",
        "Proxy-Authenticate: canary66",
        "Trailer: canary66",
        "Upgrade: canary66",
        "HTTP2-Settings: canary66",
    ],
)
def test_b066_proxy_auth(arena: Arena, line: str) -> None:
    received = arena.forward(line)
    assert line.partition(":")[0].lower() not in received.names()
    assert not received.contains(b"canary66")


@pytest.mark.parametrize(
    "name",
    [
        "Client-Cert",
        "Client-Cert-Chain",
        "X-SSL-Client-Cert",
        "X-SSL-Client-Verify",
        "X-SSL-Client-S-DN",
        "X-Forwarded-Client-Cert",
        "X-Client-Cert",
        "X-Client-Verify",
        "SSL-Client-Cert",
        "X-Forwarded-Tls-Client-Cert",
        "X-Amzn-Mtls-Clientcert",
    ],
)
def test_b068_client_cert_hdr(arena: Arena, name: str) -> None:
    received = arena.forward(f"{name}: :Y2FuYXJ5NjgK:", f"{name.lower()}: again")
    assert name.lower() not in received.names()
    assert not received.contains(b"Y2FuYXJ5NjgK")
