"""Section F: tokens, each through the whole control, as the gateway runs it (B-127 … B-153)."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey
from tests.support.calling import TokenDoor, bearer
from tests.support.minting import (
    AUDIENCE,
    ISSUER,
    NOW,
    Minter,
    as_json,
    b64,
    jwks,
    make_key,
    public_jwk,
    sign,
)

from vallum.store.revocations import Revocations
from vallum.tokens.claims import IssuerExpectations
from vallum.tokens.errors import InvalidKeySet
from vallum.tokens.jwks import parse_jwks

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def resign(token: bytes, signature: bytes) -> bytes:
    """The same token with another signature."""
    return token.rsplit(b".", 1)[0] + b"." + b64(signature)


def signature_of(token: bytes) -> bytes:
    """The signature of an ES256 token."""
    text = token.rsplit(b".", 1)[1]
    return base64.urlsafe_b64decode(text + b"==")


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", " none", ..., None, ["none"], ""])
def test_b127_jwt_none(es256: Minter, door: TokenDoor, algorithm: object) -> None:
    header = es256.header(alg=algorithm)
    unsigned = b64(as_json(header)) + b"." + b64(as_json(es256.claims())) + b"."
    assert door.reason(unsigned) == "jwt.malformed"
    assert door.reason(unsigned + b"AA") == "jwt.alg"
    assert door.reason(es256.token(header)) == "jwt.alg"


@pytest.mark.parametrize("form", ["pem", "pem-stripped", "der", "jwk", "ssh"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_b128_jwt_hs_rs(tmp_path: Path, algorithm: str, form: str) -> None:
    minter = Minter(algorithm)
    public: Any = minter.key.public_key
    encoding, layout = serialization.Encoding, serialization.PublicFormat
    pem = public.public_bytes(encoding.PEM, layout.SubjectPublicKeyInfo)
    secret = {
        "pem": pem,
        "pem-stripped": pem.strip(),
        "der": public.public_bytes(encoding.DER, layout.SubjectPublicKeyInfo),
        "jwk": as_json(public_jwk(minter.key)),
        "ssh": public.public_bytes(encoding.OpenSSH, layout.OpenSSH),
    }[form]
    header = b64(as_json(minter.header(alg="HS256")))
    signing_input = header + b"." + b64(as_json(minter.claims()))
    forged = signing_input + b"." + b64(hmac.digest(secret, signing_input, "sha256"))
    assert TokenDoor(tmp_path, minter).reason(forged) == "jwt.alg"


@pytest.mark.parametrize("algorithms", [("RS256", "HS256"), ("HS512", "EdDSA"), ()])
def test_b128_no_issuer_may_mix_hmac_and_signatures(algorithms: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"HMAC|no algorithm"):
        Minter("RS256", algorithms=algorithms)


@pytest.mark.parametrize(
    ("allowed", "key_algorithm", "jwk_changes", "used"),
    [
        (("RS256", "PS256"), "RS256", {"alg": "PS256"}, "RS256"),
        (("RS256", "RS512"), "RS256", {"alg": "RS512"}, "RS256"),
    ],
)
def test_b129_jwt_alg_keymismatch_by_token(
    tmp_path: Path,
    allowed: tuple[str, ...],
    key_algorithm: str,
    jwk_changes: dict[str, object],
    used: str,
) -> None:
    minter = Minter(key_algorithm, algorithms=allowed)
    door = TokenDoor(tmp_path, minter)
    door.sources[0].replace(
        parse_jwks(jwks(public_jwk(minter.key, **jwk_changes)), algorithms=allowed)
    )
    assert door.reason(minter.token(minter.header(alg=used))) == "jwt.alg"


@pytest.mark.parametrize(
    "jwk",
    [
        public_jwk(make_key("ES384"), alg="ES256"),
        public_jwk(make_key("Ed448"), alg="EdDSA"),
        public_jwk(make_key("ES256"), alg="ES256K"),
        public_jwk(make_key("ES256"), alg="RS256"),
        public_jwk(make_key("ES256"), use="enc"),
        public_jwk(make_key("ES256"), key_ops=["sign"]),
        public_jwk(make_key("ES256"), crv="P-384"),
        public_jwk(make_key("ES256"), kty="RSA"),
    ],
)
def test_b129_jwt_alg_keymismatch_by_key(jwk: dict[str, object]) -> None:
    with pytest.raises(InvalidKeySet):
        parse_jwks(jwks(jwk), algorithms=("RS256", "ES256", "EdDSA"))


def test_b129_es256k_cannot_be_allowed() -> None:
    with pytest.raises(ValueError, match="unknown algorithm"):
        Minter("ES256", algorithms=("ES256K",))


def test_b130_jwt_jwk_hdr(es256: Minter, door: TokenDoor) -> None:
    attacker = ECKey.generate_key("P-256")
    for header in (
        es256.header(jwk=attacker.as_dict(private=False)),
        es256.header(kid=..., jwk=attacker.as_dict(private=False)),
        es256.header(jwk=public_jwk(es256.key)),
        es256.header(jwk=None),
    ):
        assert door.reason(sign(header, es256.claims(), attacker, "ES256")) == "jwt.embedded-key"
        assert door.reason(es256.token(header)) == "jwt.embedded-key"


@pytest.mark.parametrize("name", ["jku", "x5u"])
@pytest.mark.parametrize(
    "url",
    [
        "https://evil/jwks",
        "https://issuer.example@evil/",
        "https://issuer.example.evil/",
        "https://issuer.example/redirect?u=evil",
        "file:///etc/passwd",
        "",
    ],
)
def test_b131_jwt_jku(es256: Minter, door: TokenDoor, name: str, url: str) -> None:
    assert door.reason(es256.token(es256.header(**{name: url}))) == "jwt.embedded-key"


def test_b132_jwt_x5c(es256: Minter, door: TokenDoor) -> None:
    header = es256.header(x5c=["MIIBszCCAVmgAwIBAgIUY2Vy"])
    assert door.reason(es256.token(header)) == "jwt.embedded-key"
    # A thumbprint only hints at a certificate; it chooses no key here and proves nothing.
    attacker = ECKey.generate_key("P-256")
    header = es256.header(**{"x5t#S256": b64(bytes(32)).decode()})
    assert door.reason(sign(header, es256.claims(), attacker, "ES256")) == "jwt.signature"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "key' UNION SELECT 'x",
        "|id",
        "*)(uid=*))(|(uid=*",
        "k1\x00",
        "k1\n",
        "",
        "k" * 129,
        "K‌1",
        1,
        True,
        ["k1"],
        {"k1": 1},
    ],
)
def test_b133_jwt_kid_traversal(es256: Minter, door: TokenDoor, kid: object) -> None:
    assert door.reason(es256.token(es256.header(kid=kid))) == "jwt.kid"


def test_b133_a_kid_of_64_kib_is_not_even_decoded(es256: Minter, door: TokenDoor) -> None:
    assert door.reason(es256.token(es256.header(kid="k" * 65536))) == "jwt.too-long"


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["b64"], "b64": False},
        {"crit": ["x"], "x": 1},
        {"crit": ["exp"]},
        {"b64": False},
        {"b64": True},
        {"crit": []},
        {"crit": None},
    ],
)
def test_b136_jwt_crit(es256: Minter, door: TokenDoor, header: dict[str, object]) -> None:
    assert door.reason(es256.token(es256.header(**header))) == "jwt.crit"


def test_b136_crit_in_the_payload(es256: Minter, door: TokenDoor) -> None:
    assert door.reason(es256.token(crit=["exp"])) == "jwt.crit"


def test_b137_jwt_json_ser(es256: Minter, door: TokenDoor) -> None:
    header, payload, signature = es256.token().split(b".")
    parts = {"payload": payload.decode(), "signature": signature.decode()}
    protected = {"protected": header.decode()}
    for form in (
        json.dumps({**parts, **protected}).replace(", ", ";"),
        json.dumps({**protected, "payload": "x", "header": {}}).replace(", ", ";"),
        json.dumps({"signatures": [protected]}),
        json.dumps(parts).replace(", ", ""),
        '{"',
        f'"{es256.token().decode()}"',
    ):
        assert door.reason(form.encode()) == "jwt.malformed"
    # Detached content (RFC 7515 appendix F).
    assert door.reason(header + b".." + signature) == "jwt.claims"


@pytest.mark.parametrize("separator", [b", Bearer ", b","])
def test_b137_json_with_commas_is_taken_for_two_credentials(
    es256: Minter, door: TokenDoor, separator: bytes
) -> None:
    token = es256.token()
    denied = door.refuse(bearer(token + separator + token))
    assert (denied.status, denied.reason) == (400, "auth.two-credentials")


def test_b138_jwt_b64(es256: Minter, door: TokenDoor) -> None:
    token = es256.token()
    header, payload, signature = token.split(b".")
    assert door.enter(bearer(token)).subject == "user:alice"
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [
        token + b"=",
        token + b"==",
        header + b"=." + payload + b"." + signature,
        token.replace(b"-", b"+").replace(b"_", b"/") + b"+",
        b"\n" + token,
        header + b".\n" + payload + b"." + signature,
        header + b". " + payload + b"." + signature,
        token + b"\t",
        token + b".",
        b"." + token,
        token + b"." + signature,
        header + b"." + payload,
        # 64 bytes leave two unused bits in each of the last characters; these set one of them.
        token[:-1] + bytes([alphabet[alphabet.index(token[-1]) | 1]]),
        token[:-1] + bytes([alphabet[alphabet.index(token[-1]) | 2]]),
        token + b"A",
    ]
    for spelling in spellings:
        if spelling == token:
            continue
        assert door.reason(spelling) in ("jwt.malformed", "jwt.signature"), spelling


def test_b139_jwt_sig_malleable(es256: Minter, door: TokenDoor) -> None:
    token = es256.token()
    signature = signature_of(token)
    r, s = signature[:32], signature[32:]
    private: Any = es256.key.private_key
    der = private.sign(token.rsplit(b".", 1)[0], ec.ECDSA(hashes.SHA256()))
    assert decode_dss_signature(der)
    zero, order = bytes(32), P256_ORDER.to_bytes(32, "big")
    for bad in (
        der,
        zero + zero,
        r + zero,
        zero + s,
        order + order,
        r + order,
        signature + b"\x00",
        b"\x00" + signature,
        signature[:-1],
        r,
        b"\x00" + r + b"\x00" + s,
        b"\x00",
    ):
        assert door.reason(resign(token, bad)) == "jwt.signature"
    assert door.reason(token.rsplit(b".", 1)[0] + b".") == "jwt.malformed"


def test_b139_a_malleated_copy_is_the_same_token(es256: Minter, door: TokenDoor) -> None:
    token = es256.token()
    signature = signature_of(token)
    flipped = P256_ORDER - int.from_bytes(signature[32:], "big")
    copy = resign(token, signature[:32] + flipped.to_bytes(32, "big"))
    assert copy != token
    assert door.enter(bearer(copy)).credential == door.enter(bearer(token)).credential == "token-1"
    door.revocations.revoke_token(ISSUER, "token-1", until=NOW + 600, now=NOW)
    door.clock.now += 1
    assert door.reason(copy) == door.reason(token) == "jwt.revoked"


@pytest.mark.parametrize(
    ("header", "claims", "reason"),
    [
        (None, b'{"sub":"a","sub":"admin",%b', "jwt.claims"),
        (None, b'{"sub":"a","\\u0073ub":"admin",%b', "jwt.claims"),
        (None, b'{"sub":"a","x":{"y":1,"y":2},%b', "jwt.claims"),
        (b'{"alg":"ES256","alg":"none","kid":"k1","typ":"at+jwt"}', None, "jwt.header"),
        (b'{"alg":"ES256","\\u0061lg":"none","kid":"k1","typ":"at+jwt"}', None, "jwt.header"),
    ],
)
def test_b140_jwt_dup_claim(
    es256: Minter, door: TokenDoor, header: bytes | None, claims: bytes | None, reason: str
) -> None:
    rest = as_json(es256.claims(sub=...))[1:]
    payload = as_json(es256.claims()) if claims is None else claims % rest
    token = sign(header or es256.header(), payload, es256.key, "ES256")
    assert door.reason(token) == reason


@pytest.mark.parametrize(
    ("algorithm", "more"),
    [
        ("dir", {}),
        ("PBES2-HS256+A128KW", {"p2c": 10**9, "p2s": "c2FsdHNhbHQ"}),
        ("ECDH-ES", {"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}),
        ("RSA1_5", {}),
    ],
)
def test_b141_jwt_nested_jwe(
    es256: Minter, door: TokenDoor, algorithm: str, more: dict[str, object]
) -> None:
    header = {"alg": algorithm, "enc": "A128CBC-HS256", "kid": "k1", "typ": "at+jwt", **more}
    parts = [as_json(header), b"key", b"iv", as_json(es256.claims()), b"tag"]
    assert door.reason(b".".join(map(b64, parts))) == "jwt.malformed"
    parts = [as_json(header), as_json(es256.claims()), b"tag"]
    assert door.reason(b".".join(map(b64, parts))) == "jwt.alg"


def test_b141_a_genuine_jwe_is_refused(es256: Minter, door: TokenDoor) -> None:
    key = OctKey.generate_key(256)
    for header in ({"alg": "dir", "enc": "A128CBC-HS256"},):
        for inner in (as_json(es256.claims()), es256.token()):
            token = jwe.encrypt_compact({**header, "zip": "DEF"}, inner, key)
            assert door.reason(token.encode()) == "jwt.malformed"


def test_b149_jwt_size(es256: Minter, door: TokenDoor) -> None:
    assert door.reason(b"A" * 1_000_000) == "jwt.too-long"
    assert door.reason(es256.token(es256.header(x="A" * 65536))) == "jwt.too-long"
    assert door.reason(es256.token(**{f"c{n}": n for n in range(10_000)})) == "jwt.too-long"
    assert door.reason(es256.token(**{f"c{n}": 1 for n in range(300)})) == "jwt.claims"
    for depth in (9, 100, 2000):
        nested = b'{"x":' + b"[" * depth + b"]" * depth + b"}"
        assert door.reason(sign(es256.header(), nested, es256.key, "ES256")) == "jwt.claims"
    deep: dict[str, object] = {}
    for _ in range(5):
        deep = {"x": deep}
    assert door.reason(es256.token(es256.header(x=deep))) == "jwt.header"
    # Up to the limit all is well.
    room = 8 * 1024 - len(es256.token())
    assert door.enter(bearer(es256.token(note="A" * (room * 3 // 4 - 30)))).kind == "user"


def test_b150_jwt_revoked(es256: Minter, tmp_path: Path) -> None:
    worker = TokenDoor(tmp_path, es256)
    other_process = Revocations(tmp_path / "state.db")
    first, second = es256.token(jti="t1"), es256.token(jti="t2")
    fresh = es256.token(jti="t3", iat=NOW + 2)
    for token in (first, second):
        worker.enter(bearer(token))
    # One token ends: at logout, say.
    other_process.revoke_token(ISSUER, "t1", until=NOW + 600, now=NOW)
    worker.clock.now += 1
    assert worker.reason(first) == "jwt.revoked"
    assert worker.enter(bearer(second)).credential == "t2"
    # A user is disabled or loses a role: all that was issued until then ends.
    other_process.revoke_subject(ISSUER, "user:alice", at=NOW + 1)
    worker.clock.now += 1
    assert worker.reason(second) == "jwt.revoked"
    assert worker.enter(bearer(fresh)).credential == "t3"


def test_b150_a_clock_that_is_set_back_delays_no_revocation(es256: Minter, door: TokenDoor) -> None:
    token = es256.token()
    door.enter(bearer(token))
    door.revocations.revoke_token(ISSUER, "token-1", until=NOW + 600, now=NOW)
    door.clock.now -= 5
    assert door.reason(token) == "jwt.revoked"


def test_b150_keys_that_the_issuer_withdraws_take_their_tokens_along(
    es256: Minter, door: TokenDoor
) -> None:
    token = es256.token()
    door.enter(bearer(token))
    door.sources[0].replace(es256.parse(jwks(public_jwk(make_key("ES256", "k2")))))
    door.clock.now += 1
    assert door.reason(token) == "jwt.key-unknown"


def test_b152_jwt_cache_key(es256: Minter, tmp_path: Path) -> None:
    door = TokenDoor(tmp_path, es256)
    token, other = es256.token(), es256.token(sub="bob", jti="t2")
    first = door.enter(bearer(token))
    assert door.enter(bearer(token)) is first
    # The prefix of one with the end of another, and the payload of one under another signature.
    assert door.reason(resign(token, signature_of(other))) == "jwt.signature"
    header, payload, _ = token.split(b".")
    assert door.reason(b".".join((header, payload, other.split(b".")[2]))) == "jwt.signature"
    assert door.enter(bearer(other)).subject == "user:bob"


def test_b152_another_operation_judges_for_itself(tmp_path: Path) -> None:
    ours, theirs = Minter("ES256"), Minter("EdDSA", issuer="https://partner.example")
    both, strict = TokenDoor(tmp_path, ours, theirs), TokenDoor(tmp_path, ours)
    token = theirs.token()
    assert both.enter(bearer(token)).issuer == "https://partner.example"
    assert strict.reason(token) == "jwt.issuer"


def test_b152_failures_are_not_remembered(es256: Minter, door: TokenDoor) -> None:
    new_key = make_key("ES256", "k2")
    token = sign(es256.header(kid="k2"), es256.claims(), new_key, "ES256")
    assert door.reason(token) == "jwt.key-unknown"
    door.sources[0].replace(es256.parse(jwks(public_jwk(es256.key), public_jwk(new_key))))
    assert door.enter(bearer(token)).subject == "user:alice"


def test_b152_entries_die_with_the_token(es256: Minter, door: TokenDoor) -> None:
    token = es256.token()
    door.enter(bearer(token))
    door.clock.now = NOW + 609
    door.enter(bearer(token))
    door.clock.now = NOW + 610
    assert door.reason(token) == "jwt.expired"


def test_b153_jwt_timing(tmp_path: Path, compared: list[bytes]) -> None:
    """Whatever is wrong with a MAC, all of it is compared, in constant time, and nothing else."""
    minter = Minter("HS256")
    door = TokenDoor(tmp_path, minter)
    token = minter.token()
    mac = signature_of(token)
    for position in (0, 15, 31):
        wrong = mac[:position] + bytes([mac[position] ^ 1]) + mac[position + 1 :]
        compared.clear()
        assert door.reason(resign(token, wrong)) == "jwt.signature"
        assert [len(each) for each in compared] == [32]


def test_a_token_of_every_algorithm_is_accepted(tmp_path: Path) -> None:
    names = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
    for algorithm in (*names, "EdDSA", "Ed25519", "Ed448", "HS256", "HS384", "HS512"):
        minter = Minter(algorithm)
        principal = TokenDoor(tmp_path, minter).enter(bearer(minter.token()))
        assert principal.subject == "user:alice"
        assert principal.scopes == {"books:read", "orders:write"}
        assert principal.roles == {"reader"}


def test_expectations_that_would_check_nothing_are_refused() -> None:
    good: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": (AUDIENCE,),
        "algorithms": ("ES256",),
        "types": ("at+jwt",),
        "max_lifetime": 60.0,
    }
    IssuerExpectations(**good)
    for change in (
        {"issuer": ""},
        {"audience": ()},
        {"audience": ("",)},
        {"algorithms": ()},
        {"algorithms": ("none",)},
        {"types": ()},
        {"max_lifetime": 0.0},
        {"max_lifetime": float("inf")},
        {"leeway": -1.0},
    ):
        with pytest.raises(ValueError):
            IssuerExpectations(**{**good, **change})


def test_the_door_of_no_issuer_cannot_be_built(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one issuer"):
        TokenDoor(tmp_path)
    with pytest.raises(ValueError, match="`iss` of its own"):
        TokenDoor(tmp_path, Minter("ES256"), Minter("EdDSA"))
