"""Section H: tokens that are worthless to a thief. Each case goes through the whole control."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey
from tests.support.calling import NONCES, Clock, TokenDoor, bearer, make_sender
from tests.support.minting import NOW, Minter, as_json, b64, make_key
from tests.support.proving import Prover

from vallum.core.fields import FieldLine
from vallum.core.problems import Denied
from vallum.core.secret import Secret
from vallum.filters.sender import SenderRules
from vallum.limits.replays import MemoryReplays, Replays
from vallum.tokens.nonces import Nonces
from vallum.wire.http1 import parse_request_fields

ALGORITHMS = b'algs="ES256 EdDSA Ed25519 PS256 RS256"'


class BoundDoor(TokenDoor):
    """An operation, a token bound to a client's key, and that client."""

    def __init__(
        self,
        folder: Path,
        *,
        rules: SenderRules | None = None,
        replays: Any = None,
        most: int = 1000,
        clock: Clock | None = None,
    ) -> None:
        self.minter = Minter("ES256")
        self.client = Prover()
        super().__init__(
            folder,
            self.minter,
            clock=clock,
            sender=make_sender(rules, replays=replays, most=most),
        )
        self.token = self.bound_token()

    def bound_token(self, **claims: object) -> bytes:
        """A token for the client's key."""
        return self.minter.token(**{"cnf": {"jkt": self.client.jkt}, **claims})

    def lines(self, proof: bytes, token: bytes | None = None) -> tuple[FieldLine, FieldLine]:
        """The fields of a request with a proof."""
        return (b"authorization", b"DPoP " + (token or self.token)), (b"dpop", proof)

    def passes(self, proof: bytes | None = None) -> None:
        """The honest variant, or another that must pass."""
        chosen = self.client.proof(self.token) if proof is None else proof
        assert self.enter(*self.lines(chosen)).subject == "user:alice"

    def proof_reason(self, proof: bytes, error: str = "invalid_dpop_proof") -> str:
        """Why a proof is refused; checks that the answer is a 401 with the right challenge."""
        denied = self.refuse(*self.lines(proof))
        assert denied.status == 401
        assert denied.fields.startswith(
            b'www-authenticate: DPoP realm="vallum", error="%b", %b\r\n'
            % (error.encode(), ALGORITHMS)
        )
        return denied.reason


@pytest.fixture
def door(tmp_path: Path) -> BoundDoor:
    return BoundDoor(tmp_path)


def assert_invalid_token(denied: Denied, reason: str) -> None:
    """A 401 that says that the token is not good in this way, with a DPoP challenge."""
    assert (denied.status, denied.reason) == (401, reason)
    expected = b'www-authenticate: DPoP realm="vallum", error="invalid_token", %b\r\n'
    assert denied.fields == expected % ALGORITHMS


def test_b194_dpop_as_bearer(door: BoundDoor) -> None:
    for _ in range(2):  # Known or not, it is refused.
        assert_invalid_token(door.refuse(bearer(door.token)), "dpop.as-bearer")
        # RFC 9449 §7.2: also with a good proof beside it.
        proof = (b"dpop", door.client.proof(door.token))
        assert_invalid_token(door.refuse(bearer(door.token), proof), "dpop.as-bearer")
        door.passes()
        assert door.enter((b"authorization", b"dpop " + door.token), proof)
    # RFC 9449 §7.1: the other way round, a token bound to nothing is none for this scheme.
    plain = door.minter.token()
    for _ in range(2):
        denied = door.refuse(*door.lines(door.client.proof(plain), plain))
        assert_invalid_token(denied, "dpop.unbound-token")
        assert door.enter(bearer(plain))


@pytest.mark.parametrize(
    "cnf",
    [{}, None, [], "x", {"jwk": {}}, {"kid": "1"}, {"jkt": ""}, {"jkt": "short"}, {"jkt": 7}],
)
def test_b194_a_binding_that_cannot_be_checked(door: BoundDoor, cnf: object) -> None:
    assert door.reason(door.minter.token(cnf=cnf)) == "jwt.confirmation"


def test_b194_a_copied_token_is_worthless(door: BoundDoor) -> None:
    door.passes()
    thief = Prover("ES256", key=make_key("ES256", "thief"))
    assert door.proof_reason(thief.proof(door.token), "invalid_token") == "dpop.other-key"
    assert door.refuse((b"authorization", b"DPoP " + door.token)).reason == "dpop.missing"
    door.passes()


def test_b195_dpop_replay(door: BoundDoor) -> None:
    proof = door.client.proof(door.token)
    door.passes(proof)
    for moment in (0, 30, 30):
        door.clock.now += moment
        assert door.proof_reason(proof) == "dpop.replay"
    door.clock.now += 1
    assert door.proof_reason(proof) == "dpop.expired"
    # The same `jti` again, signed anew, is the same proof.
    now = door.clock.now
    door.passes(door.client.proof(door.token, jti="mine", iat=now))
    assert door.proof_reason(door.client.proof(door.token, jti="mine", iat=now)) == "dpop.replay"
    door.passes(door.client.proof(door.token, iat=door.clock.now))


def test_b195_replay_at_another_node_and_after_restart(tmp_path: Path) -> None:
    clock = Clock()
    stores = [Replays(tmp_path / "replays") for _ in range(2)]
    nodes = []
    for number, store in enumerate(stores):
        store.open()
        store.made_at = 0.0
        nodes.append(BoundDoor(tmp_path / str(number), replays=store, clock=clock))
    nodes[1].token = nodes[0].token
    proof = nodes[0].client.proof(nodes[0].token)
    nodes[0].passes(proof)
    assert nodes[1].proof_reason(proof) == "dpop.replay"
    for store in stores:
        store.close()
    store = Replays(tmp_path / "replays")
    store.open()
    store.made_at = 0.0
    restarted = BoundDoor(tmp_path / "3", replays=store, clock=clock)
    restarted.token = nodes[0].token
    assert restarted.proof_reason(proof) == "dpop.replay"
    restarted.passes()
    store.close()


def test_b195_after_a_loss_of_memory_older_proofs_need_a_nonce(tmp_path: Path) -> None:
    door = BoundDoor(tmp_path, replays=MemoryReplays(made_at=NOW - 5.5))
    old = door.client.proof(door.token, iat=NOW - 7)
    denied = door.refuse(*door.lines(old))
    assert denied.reason == "dpop.nonce"
    nonce = nonce_of(denied)
    door.passes(door.client.proof(door.token, iat=NOW - 7, nonce=nonce))
    # A nonce from before the loss proves nothing.
    stale = Nonces(Secret(b"n" * 32)).issue(NOW - 60)
    again = door.client.proof(door.token, iat=NOW - 7, nonce=stale)
    assert door.proof_reason(again, "use_dpop_nonce") == "dpop.nonce"
    door.passes()


@pytest.mark.parametrize(
    "htu",
    [
        "https://api.example/orders/1?admin=1#top",
        "https://API.EXAMPLE/orders/1",
        "HTTPS://api.example/orders/1",
        "https://api.example:443/orders/1",
        "https://api.example/%6frders/1",
    ],
)
def test_b196_dpop_htu_that_is_the_same(door: BoundDoor, htu: str) -> None:
    door.passes(door.client.proof(door.token, htu=htu))


@pytest.mark.parametrize(
    "htu",
    [
        ...,
        None,
        "",
        7,
        ["https://api.example/orders/1"],
        "/orders/1",
        "https://api.example/orders/2",
        "https://api.example/orders/1/",
        "https://api.example/Orders/1",
        "https://api.example/orders%2f1",
        "https://api.example/orders/./1",
        "https://api.example/x/../orders/1",
        "https://api.example//orders/1",
        "https://evil.example/orders/1",
        "https://api.example.evil/orders/1",
        "https://api.example@evil.example/orders/1",
        "https://evil@api.example/orders/1",
        "https://api.example./orders/1",
        "https://api.example:8443/orders/1",
        "http://api.example/orders/1",
        "http://api.example:443/orders/1",
        " https://api.example/orders/1",
        "https://api.example/orders/1\n",
    ],
)
def test_b196_dpop_htu_that_is_another(door: BoundDoor, htu: object) -> None:
    assert door.proof_reason(door.client.proof(door.token, htu=htu)) == "dpop.uri"
    door.passes()


def test_b196_the_public_name_counts_not_host(tmp_path: Path) -> None:
    rules = SenderRules(public_url="https://shop.example")
    door = BoundDoor(tmp_path, rules=rules)
    assert door.proof_reason(door.client.proof(door.token)) == "dpop.uri"
    door.passes(door.client.proof(door.token, htu="https://shop.example/orders/1"))


@pytest.mark.parametrize("htm", [..., None, "", "get", "GET ", "POST", "HEAD", ["GET"]])
def test_b196_dpop_htm(door: BoundDoor, htm: object) -> None:
    assert door.proof_reason(door.client.proof(door.token, htm=htm)) == "dpop.method"


def test_b197_dpop_ath(door: BoundDoor) -> None:
    other = door.bound_token(jti="another")
    assert door.proof_reason(door.client.proof()) == "dpop.token"
    assert door.proof_reason(door.client.proof(other)) == "dpop.token"
    for ath in (None, "", 7, "é", b64(hashlib.sha512(door.token).digest()).decode()):
        assert door.proof_reason(door.client.proof(door.token, ath=ath)) == "dpop.token"
    padded = b64(hashlib.sha256(door.token).digest()).decode() + "="
    assert door.proof_reason(door.client.proof(door.token, ath=padded)) == "dpop.token"
    door.passes()


@pytest.mark.parametrize("between", [b",", b", ", b" "])
def test_b197_joined_proofs(door: BoundDoor, between: bytes) -> None:
    good = door.client.proof(door.token)
    assert door.proof_reason(good + between + door.client.proof(door.token)) == "dpop.malformed"
    door.passes(good)


def test_b197_two_dpop_fields() -> None:
    block = b"host: api.example\r\ndpop: a.b.c\r\nDPoP: a.b.c"
    with pytest.raises(Denied) as refusal:
        parse_request_fields(block, 1)
    assert refusal.value.status == 400


def test_b198_dpop_key_private(door: BoundDoor) -> None:
    client = door.client
    private = {**client.jwk, "d": client.key.as_dict(private=True)["d"]}
    assert door.proof_reason(client.proof(door.token, header=client.header(jwk=private))) == (
        "dpop.key"
    )
    for name in ("p", "q", "dp", "dq", "qi", "oth", "k", "d"):
        header = client.header(jwk={**client.jwk, name: "AA"})
        assert door.proof_reason(client.proof(door.token, header=header)) == "dpop.key"
    door.passes()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alg": "none"}, "dpop.algorithm"),
        ({"alg": "HS256"}, "dpop.algorithm"),
        ({"alg": "ES256K"}, "dpop.algorithm"),
        ({"alg": "es256"}, "dpop.algorithm"),
        ({"alg": ["ES256"]}, "dpop.algorithm"),
        ({"alg": ...}, "dpop.algorithm"),
        ({"alg": "RS256"}, "dpop.key"),
        ({"alg": "EdDSA"}, "dpop.key"),
        ({"jwk": ..., "kid": "k1"}, "dpop.key"),
        ({"jwk": "k1"}, "dpop.key"),
        ({"jwk": {"kty": "oct", "k": "AAAA"}}, "dpop.key"),
        ({"jwk": {"kty": "oct"}}, "dpop.key"),
        ({"jwk": {}}, "dpop.key"),
        ({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, "dpop.key"),
        ({"typ": "JWT"}, "dpop.type"),
        ({"typ": "at+jwt"}, "dpop.type"),
        ({"typ": "DPOP+JWT"}, "dpop.type"),
        ({"typ": ...}, "dpop.type"),
        ({"typ": None}, "dpop.type"),
        ({"jku": "https://evil.example"}, "dpop.header"),
        ({"x5c": ["AA"]}, "dpop.header"),
        ({"crit": ["exp"]}, "dpop.header"),
        ({"b64": False}, "dpop.header"),
    ],
)
def test_b198_dpop_key(door: BoundDoor, changes: dict[str, object], reason: str) -> None:
    header = door.client.header(**changes)
    assert door.proof_reason(door.client.proof(door.token, header=header)) == reason
    door.passes()


def test_b198_a_short_rsa_key(door: BoundDoor) -> None:
    with pytest.warns(SecurityWarning):
        short = Prover("RS256", key=RSAKey.generate_key(1024))
    assert door.proof_reason(short.proof(door.token)) == "dpop.key"


def test_b198_an_unsigned_proof(door: BoundDoor) -> None:
    unsigned = (
        b64(as_json(door.client.header(alg="none")))
        + b"."
        + b64(as_json(door.client.claims(door.token)))
    )
    assert door.proof_reason(unsigned + b".") == "dpop.malformed"
    assert door.proof_reason(unsigned + b".AA") == "dpop.algorithm"


@pytest.mark.parametrize(
    ("iat", "reason"), [(NOW - 600, "dpop.expired"), (NOW + 300, "dpop.not-yet")]
)
def test_b199_dpop_iat(door: BoundDoor, iat: float, reason: str) -> None:
    assert door.proof_reason(door.client.proof(door.token, iat=iat)) == reason
    door.passes()


def nonce_of(denied: Denied) -> str:
    """The nonce that a refusal asks to use."""
    (line,) = [line for line in denied.fields.split(b"\r\n") if line.startswith(b"dpop-nonce: ")]
    return line.removeprefix(b"dpop-nonce: ").decode()


def test_b199_nonces(tmp_path: Path) -> None:
    door = BoundDoor(tmp_path, rules=SenderRules(nonce=True))
    # Made in advance, without knowing what will be asked for.
    assert door.proof_reason(door.client.proof(door.token), "use_dpop_nonce") == "dpop.nonce"
    nonce = nonce_of(door.refuse(*door.lines(door.client.proof(door.token))))
    door.passes(door.client.proof(door.token, nonce=nonce))
    door.passes(door.client.proof(door.token, nonce=nonce))
    other = Nonces(Secret(b"o" * 32)).issue(NOW)
    for bad in (other, nonce[:-1] + "x", "", None, 7):
        proof = door.client.proof(door.token, nonce=bad)
        assert door.proof_reason(proof, "use_dpop_nonce") == "dpop.nonce"
    door.clock.now += 301
    late = door.client.proof(door.token, nonce=nonce, iat=door.clock.now)
    assert door.proof_reason(late, "use_dpop_nonce") == "dpop.nonce"
    fresh = NONCES.issue(door.clock.now)
    door.passes(door.client.proof(door.token, nonce=fresh, iat=door.clock.now))


def test_b199_another_servers_nonce_is_refused_where_none_is_needed(door: BoundDoor) -> None:
    other = Nonces(Secret(b"o" * 32)).issue(NOW)
    proof = door.client.proof(door.token, nonce=other)
    assert door.proof_reason(proof, "use_dpop_nonce") == "dpop.nonce"


def test_b200_dpop_jti_flood(tmp_path: Path) -> None:
    door = BoundDoor(tmp_path, most=5)
    for jti in ("x" * 4096, "x" * 129, ""):
        assert door.proof_reason(door.client.proof(door.token, jti=jti)) == "dpop.jti"
    for _ in range(5):
        door.passes()
    denied = door.refuse(*door.lines(door.client.proof(door.token)))
    assert (denied.status, denied.reason) == (429, "dpop.too-many-proofs")
    assert b"retry-after: " in denied.fields
    # It fails closed for that key alone.
    other = Prover("EdDSA")
    token = door.bound_token(cnf={"jkt": other.jkt}, jti="other")
    assert door.enter(*door.lines(other.proof(token), token))
    door.clock.now += 60
    door.passes(door.client.proof(door.token, iat=door.clock.now))


def test_b200_a_full_memory_fails_closed(tmp_path: Path) -> None:
    door = BoundDoor(tmp_path, replays=MemoryReplays(capacity=4))
    answers = []
    for _ in range(40):
        try:
            door.exchange(*door.lines(door.client.proof(door.token)))
            answers.append("passed")
        except Denied as denied:
            answers.append(denied.reason)
    assert answers[:4] == ["passed"] * 4
    assert set(answers[20:]) == {"dpop.replay"}


def x5t(certificate: bytes) -> dict[str, str]:
    """What binds a token to a certificate."""
    return {"x5t#S256": b64(hashlib.sha256(certificate).digest()).decode()}


def test_b202_mtls_thumb(door: BoundDoor) -> None:
    token = door.minter.token(cnf=x5t(b"the client's certificate"))
    for _ in range(2):
        door.certificate = None
        denied = door.refuse(bearer(token))
        assert (denied.status, denied.reason) == (401, "mtls.no-certificate")
        assert b'error="invalid_token"' in denied.fields
        # SECURITY: a certificate in a field is a claim of anybody (B-068).
        claimed = (b"client-cert", b":" + b64(b"the client's certificate") + b":")
        assert door.refuse(bearer(token), claimed).reason == "mtls.no-certificate"
        door.certificate = b"the renewed certificate"
        assert door.refuse(bearer(token)).reason == "mtls.other-certificate"
        door.certificate = b"the client's certificate"
        assert door.enter(bearer(token)).subject == "user:alice"


def test_b202_both_bindings_must_hold(door: BoundDoor) -> None:
    token = door.bound_token(cnf={"jkt": door.client.jkt, **x5t(b"certificate")})
    assert door.refuse(*door.lines(door.client.proof(token), token)).reason == "mtls.no-certificate"
    door.certificate = b"certificate"
    assert door.refuse(bearer(token)).reason == "dpop.as-bearer"
    assert door.enter(*door.lines(door.client.proof(token), token))


@pytest.mark.parametrize("binding", ["dpop", "mtls", "any"])
def test_operations_that_ask_for_a_binding(tmp_path: Path, binding: Any) -> None:
    door = BoundDoor(tmp_path, rules=SenderRules(binding=binding))
    plain = door.minter.token()
    for _ in range(2):
        assert door.refuse(bearer(plain)).reason == "jwt.binding"
    by_certificate = door.minter.token(cnf=x5t(b"certificate"), jti="m")
    door.certificate = b"certificate"
    if binding == "dpop":
        assert door.refuse(bearer(by_certificate)).reason == "jwt.binding"
    else:
        assert door.enter(bearer(by_certificate))
    if binding == "mtls":
        lines = door.lines(door.client.proof(door.token))
        assert door.refuse(*lines).reason == "jwt.binding"
    else:
        door.passes()
    challenge = door.refuse().fields
    assert (b"DPoP" in challenge) == (binding != "mtls")
    assert (b"Bearer" in challenge) == (binding != "dpop")


def test_b188_prm_resource(tmp_path: Path) -> None:
    rules = SenderRules(metadata="/.well-known/oauth-protected-resource/v1")
    door = BoundDoor(tmp_path, rules=rules)
    expected = (
        b'resource_metadata="https://api.example/.well-known/oauth-protected-resource/v1"\r\n'
    )
    assert door.refuse().fields.endswith(expected)
    assert door.refuse(bearer(b"bad")).fields.endswith(expected)
    assert door.refuse(bearer(door.token)).fields.endswith(expected)
