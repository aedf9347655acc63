"""Bound and opaque tokens end to end: two workers, a restart, an issuer that is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.arena import Arena, request
from tests.support.everywhere import BOUND_SECONDS, seconds_until_no_entry
from tests.support.gateway import Gateway, PolicyText
from tests.support.introspecting import CLIENT_ID, CLIENT_SECRET, Introspection
from tests.support.minting import ISSUER, ISSUERS, Minter, jwks, make_key, public_jwk, sign
from tests.support.proving import Prover
from tests.support.raw import RawConnection, Reply
from tests.support.upstream import RecordingUpstream

from vallum.store.revocations import Revocations

ORIGIN = "http://api.example"
OPAQUE_ISSUER = "https://opaque.example"
METADATA = "/.well-known/oauth-protected-resource"
SIGNING_KEYS = (make_key("ES256"), make_key("ES256", "k2"))


@pytest.fixture(scope="module")
def issuer() -> Iterator[Introspection]:
    """The issuer of opaque tokens."""
    with Introspection() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, issuer: Introspection) -> Iterator[Arena]:
    """Two workers; each operation asks for something else of tokens."""
    folder = tmp_path_factory.mktemp("bound")
    (folder / "jwks.json").write_bytes(jwks(*(public_jwk(each) for each in SIGNING_KEYS)))
    (folder / "secret").write_text(CLIENT_SECRET + "\n")
    opaque = (
        f"  opaque: {{issuer: '{OPAQUE_ISSUER}', audience: bookshop, insecure_http_jwks: true, "
        f"introspection: {{url: '{issuer.url}', client_id: '{CLIENT_ID}', "
        "client_secret_file: secret, cache: 1s}}"
    )
    with RecordingUpstream() as upstream:
        PolicyText(
            upstream=upstream.url,
            api_more="    cors: {origins: [https://shop.example]}",
            more=f"{ISSUERS}\n{opaque}",
            operations={
                "token": "authenticate: [corp, opaque]",
                "private": "authenticate: corp, binding: dpop, dpop_nonce: true",
                "admin": "authenticate: corp, mfa: true, max_auth_age: 5m, acr: ['urn:gold']",
            },
        ).write(folder)
        with Gateway(folder, workers=2) as gateway:
            yield Arena(gateway, upstream)


class Caller:
    """A client with a key, and a token for it."""

    def __init__(self, jti: str, **claims: object) -> None:
        self.prover = Prover()
        self.token = Minter("ES256").token_now(jti=jti, cnf={"jkt": self.prover.jkt}, **claims)

    def lines(self, path: str = "/token", **claims: object) -> tuple[bytes, bytes]:
        """The fields of one request."""
        proof = self.prover.proof(
            self.token,
            htu=ORIGIN + path,
            iat=int(time.time()),
            **claims,  # type: ignore[arg-type]
        )
        return b"Authorization: DPoP " + self.token, b"DPoP: " + proof


def get(arena: Arena, target: str, *lines: str | bytes) -> Reply:
    """The answer to a GET on a connection of its own."""
    return arena.send(request("GET", target, *lines))


def everywhere(arena: Arena, lines: tuple[bytes, ...]) -> list[int]:
    """The answers to the same request on connections enough to meet every worker."""
    found = []
    for number in range(16):
        with RawConnection(arena.gateway.port, source=f"127.8.0.{number + 1}") as connection:
            connection.send(request("GET", "/token", *lines))
            found.append(connection.read_final("GET").status)
    return found


def test_b195_a_proof_is_used_once_by_all_workers(both: Arena) -> None:
    caller = Caller("once")
    assert everywhere(both, caller.lines()) == [200] + [401] * 15
    for _ in range(8):
        assert get(both, "/token", *caller.lines()).status == 200


def test_b195_a_restart_forgets_no_proof(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(Minter("ES256").document)
    with RecordingUpstream() as upstream:
        PolicyText(
            upstream=upstream.url,
            more=ISSUERS,
            operations={"token": "authenticate: corp"},
        ).write(tmp_path)
        lines: tuple[bytes, ...] = ()
        statuses = []
        for workers in (1, 2):
            with Gateway(tmp_path, workers=workers) as gateway:
                arena = Arena(gateway, upstream)
                lines = lines or Caller("before").lines()
                statuses += [get(arena, "/token", *lines).status for _ in range(4)]
                assert get(arena, "/token", *Caller("fresh").lines()).status == 200
    assert statuses == [200] + [401] * 7


def test_b194_and_the_upstream_sees_neither_token_nor_proof(both: Arena) -> None:
    caller = Caller("copied")
    reply = get(both, "/token", b"Authorization: Bearer " + caller.token)
    assert reply.status == 401
    assert reply.get("www-authenticate").startswith('DPoP realm="vallum", error="invalid_token"')
    mark = both.upstream.mark()
    assert get(both, "/token", *caller.lines()).status == 200
    (received,) = both.upstream.requests_since(mark)
    assert not {"authorization", "dpop"} & set(received.names())
    token, proof = caller.lines()
    both.refuse(request("GET", "/token", token, proof, proof), 400)


def test_b199_a_client_follows_the_nonces(both: Arena) -> None:
    caller = Caller("nonces")
    reply = get(both, "/private", *caller.lines("/private"), "Origin: https://shop.example")
    assert reply.status == 401
    assert 'error="use_dpop_nonce"' in reply.get("www-authenticate")
    exposed = reply.get("access-control-expose-headers").split(", ")
    assert {"dpop-nonce", "www-authenticate"} <= set(exposed)
    for _ in range(8):
        nonce = reply.get("dpop-nonce")
        assert nonce
        reply = get(both, "/private", *caller.lines("/private", nonce=nonce))
        assert reply.status == 200
    # Being sent back for a nonce is no failed guess, however often it happens (B-268).
    for _ in range(40):
        assert get(both, "/private", *caller.lines("/private")).status == 401
    assert get(both, "/token", *caller.lines()).status == 200


def test_b188_the_api_describes_itself(both: Arena) -> None:
    reply = get(both, METADATA)
    assert reply.status == 200
    assert reply.get("access-control-allow-origin") == ""
    document = reply.json()
    assert document["resource"] == ORIGIN
    assert document["authorization_servers"] == [ISSUER, OPAQUE_ISSUER]
    assert "ES256" in document["dpop_signing_alg_values_supported"]
    page = get(both, METADATA, "Origin: https://anywhere.example")
    assert page.get("access-control-allow-origin") == "*"
    assert get(both, METADATA + "?x=1").status == 400
    assert f'resource_metadata="{ORIGIN}{METADATA}"' in get(both, "/token").get("www-authenticate")
    evil = both.send(request("GET", METADATA, host="evil.example"))
    assert evil.status == 421


def test_step_up_asks_for_more(both: Arena) -> None:
    now = int(time.time())
    good = {"acr": "urn:gold", "amr": ["pwd", "otp", "mfa"], "auth_time": now - 60}
    minter = Minter("ES256")

    def status(**claims: object) -> Reply:
        token = minter.token_now(**{**good, **claims})
        return get(both, "/admin", b"Authorization: Bearer " + token)

    assert status().status == 200
    for lacking in ({"acr": "urn:tin"}, {"acr": ...}, {"amr": ["pwd"]}, {"auth_time": now - 400}):
        reply = status(**lacking)
        assert reply.status == 401
        assert reply.json()["type"].endswith(":insufficient-authentication")
        challenge = reply.get("www-authenticate")
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'acr_values="urn:gold", max_age="300"' in challenge
    assert status(sub="webshop").status == 403  # A program has nobody who could sign in.


def test_b150_a_revoked_subject_ends_on_every_worker(both: Arena) -> None:
    now = int(time.time())
    minter = Minter("ES256")
    tokens = {
        name: minter.token(sub=name, jti=name, iat=now - 5, exp=now + 300)
        for name in ("mallory", "bob")
    }
    for token in tokens.values():
        assert set(everywhere(both, (b"Authorization: Bearer " + token,))) == {200}
    revocations = Revocations(both.gateway.folder / "state.db")
    revocations.revoke_subject(ISSUER, "user:mallory", at=time.time())
    revocations.close()
    seconds = seconds_until_no_entry(both, "/token", b"Authorization: Bearer " + tokens["mallory"])
    print(f"refused everywhere after {seconds:.2f} s")
    assert seconds < BOUND_SECONDS
    assert set(everywhere(both, (b"Authorization: Bearer " + tokens["bob"],))) == {200}


def test_b150_a_withdrawn_signing_key_ends_on_every_worker(both: Arena) -> None:
    now = int(time.time())
    minter = Minter("ES256")
    claims = minter.claims(jti="k2", iat=now, exp=now + 300)
    token = sign(minter.header(kid="k2"), claims, SIGNING_KEYS[1], "ES256")
    assert set(everywhere(both, (b"Authorization: Bearer " + token,))) == {200}
    draft = both.gateway.folder / "jwks.new"
    draft.write_bytes(minter.document)
    draft.replace(both.gateway.folder / "jwks.json")
    seconds = seconds_until_no_entry(both, "/token", b"Authorization: Bearer " + token)
    print(f"refused everywhere after {seconds:.2f} s")
    assert seconds < BOUND_SECONDS


def test_b150_a_revoked_opaque_token_ends_on_every_worker(
    both: Arena, issuer: Introspection
) -> None:
    issuer.issue("opaque-1")
    line = (b"Authorization: Bearer opaque-1",)
    before = len(issuer.asked)
    assert set(everywhere(both, line)) == {200}
    # Remembered by each worker, for a second here.
    assert len(issuer.asked) - before < 16
    del issuer.tokens["opaque-1"]
    seconds = seconds_until_no_entry(both, "/token", b"Authorization: Bearer opaque-1")
    print(f"refused everywhere after {seconds:.2f} s")
    assert seconds < BOUND_SECONDS


def test_opaque_tokens_are_judged_like_others(both: Arena, issuer: Introspection) -> None:
    def status(token: str, *lines: bytes) -> int:
        return get(both, "/token", f"Authorization: Bearer {token}", *lines).status

    issuer.issue("good")
    assert status("good") == 200
    issuer.issue("bound", cnf={"jkt": Prover().jkt})
    assert status("bound") == 401
    proof = Prover().proof(b"bound", htu=f"{ORIGIN}/token", iat=int(time.time()))
    assert get(both, "/token", b"Authorization: DPoP bound", b"DPoP: " + proof).status == 200
    issuer.issue("elsewhere", aud="other")
    issuer.issue("expired", exp=int(time.time()) - 60)
    issuer.issue("refresh", token_type="refresh_token")
    for token in ("elsewhere", "expired", "refresh", "unknown"):
        assert status(token) == 401
    # A token that names another issuer is shown to nobody.
    foreign = Minter("ES256", issuer="https://third.example")
    asked = len(issuer.asked)
    assert status(foreign.token().decode()) == 401
    assert len(issuer.asked) == asked
    for raw in ((500, b"{}"), (200, b"not json"), (200, b'{"active": "true"}'), (302, b"")):
        issuer.raw = raw
        try:
            reply = get(both, "/token", "Authorization: Bearer good-2")
        finally:
            issuer.raw = None
        assert reply.status == 503, raw
        assert reply.all("retry-after")
    both.gateway.assert_healthy()
