"""Proofs of possession (DPoP, RFC 9449): the twelve checks of §4.3, and nothing is believed before.

    key of the header ─▶ signature ─▶ method, URI ─▶ time ─▶ token ─▶ nonce

Both sides use it: the gateway for requests, the provider for its token endpoint. The first check
(one field, one proof) belongs to whoever reads the fields; whether a proof was seen before, to
whoever keeps `Proof.replay_id` until `Proof.expires_at`.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

from vallum.core.problems import Denied
from vallum.tokens import base64url
from vallum.tokens.errors import InvalidToken, RefusedKey
from vallum.tokens.jwk import VerificationKey, admit
from vallum.tokens.nonces import Nonces, UnknownNonce
from vallum.tokens.thumbprint import base64url_digest, thumbprint
from vallum.wire.authority import canonical_host
from vallum.wire.http1 import check_host
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json
from vallum.wire.target import canonical_target, split_target

ALGORITHMS: Final = ("ES256", "EdDSA", "Ed25519", "PS256", "RS256")
"""What proofs may be signed with; no `none`, no MAC, no curve of few implementations."""

WINDOW: Final = 60.0
"""Seconds between `iat` and now, either way (B-199)."""

MAX_PROOF: Final = 8 * 1024
"""Bytes of a proof."""

MAX_JTI: Final = 128
"""Characters of `jti` (B-200)."""

_MAX_HEADER: Final = 2 * 1024
_MAX_RSA_CHARACTERS: Final = 683
"""Of `n` at 4096 bits. A caller chooses this key: larger ones only cost us time."""
_MAX_KNOWN_KEYS: Final = 2048
_COMPACT: Final = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_HEADER_LIMITS: Final = JSONLimits(depth=3, width=16, string=1024)
_CLAIMS_LIMITS: Final = JSONLimits(depth=4, width=32, string=MAX_PROOF)
_TYPE: Final = "dpop+jwt"
# RFC 7517 §4, RFC 7518 §6: members that only the owner of a key may know.
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_REFUSED_PARAMETERS: Final = frozenset({"crit", "b64", "jku", "x5u", "x5c"})

ProofReason = Literal[
    "dpop.algorithm",
    "dpop.claims",
    "dpop.expired",
    "dpop.header",
    "dpop.jti",
    "dpop.key",
    "dpop.malformed",
    "dpop.method",
    "dpop.nonce",
    "dpop.not-yet",
    "dpop.signature",
    "dpop.token",
    "dpop.type",
    "dpop.uri",
]
"""Why a proof was refused: for the record. `dpop.nonce` alone asks for another proof."""


class InvalidProof(Exception):  # noqa: N818  (a verdict on a proof)
    """A proof that proves nothing. Holds nothing of it."""

    def __init__(self, reason: ProofReason) -> None:
        super().__init__(reason)
        self.reason: ProofReason = reason


class Proof(NamedTuple):
    """A proof that passed every check but that of its being the first with its `jti`."""

    jkt: str
    """Thumbprint of the key that its sender holds."""
    replay_id: bytes
    """16 bytes that stand for key, URI and `jti`; seen twice until `expires_at`: a replay."""
    issued_at: float
    expires_at: float
    """Unix seconds; after that the proof is refused by its age."""
    nonce_made_at: float | None
    """When its nonce was made, where nonces were given and it holds one."""


def verify_proof(
    proof: bytes,
    *,
    method: str,
    uri: str,
    now: float,
    access_token: bytes | None = None,
    nonces: Nonces | None = None,
    nonce_needed: bool = False,
) -> Proof:
    """Verify a proof.

    Args:
        proof: the value of the one `DPoP` field.
        method: of the request.
        uri: of the request as the public knows it, normalised, without query and fragment.
        now: wall-clock Unix seconds.
        access_token: the token that it must be for; None where none is presented.
        nonces: this server's, where it gives any out.
        nonce_needed: whether the proof must hold one of them.

    Raises:
        InvalidProof: with the reason; there is no other outcome than this or the proof.
    """
    match = _COMPACT.fullmatch(proof) if len(proof) <= MAX_PROOF else None
    if match is None:
        raise InvalidProof("dpop.malformed")
    key, jkt = _proof_key(match[1])
    claims = _claims(match[2])
    _judge_signature(key, proof[: match.end(2)], match[3])
    # RFC 9110 §9.1: the method is case-sensitive.
    if claims.get("htm") != method:
        raise InvalidProof("dpop.method")
    htu = claims.get("htu")
    if htu != uri and (not isinstance(htu, str) or normal_uri(htu) != uri):
        raise InvalidProof("dpop.uri")
    issued_at = _issued_at(claims.get("iat"), now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise InvalidProof("dpop.jti")
    if access_token is not None:
        _judge_token(claims.get("ath"), access_token)
    made_at = _nonce_made_at(claims.get("nonce"), nonces, now, is_needed=nonce_needed)
    expires_at = issued_at + WINDOW
    return Proof(jkt, _replay_id(jkt, uri, jti), issued_at, expires_at, made_at)


def normal_uri(uri: str) -> str:
    """An http(s) URI after RFC 3986 §6.2.2 and §6.2.3, without query and fragment.

    The path is read as the gateway reads targets, so that a proof is for exactly the requests that
    reach the same operation. Stricter than the RFC: what no request may have (dot segments, encoded
    slashes, a user) no proof may have either.

    Raises:
        InvalidProof: `dpop.uri`.
    """
    try:
        raw = split_target(uri.partition("#")[0].encode("ascii"))
        if raw.scheme is None or raw.authority is None:
            raise InvalidProof("dpop.uri")
        host = canonical_host(check_host(raw.authority), raw.scheme)
        # A trailing dot is another authority for RFC 3986, and our public name has none.
        if raw.authority.partition(b":")[0].endswith(b"."):
            raise InvalidProof("dpop.uri")
        path = canonical_target(raw._replace(query=b"")).encoded_path
    except (Denied, UnicodeEncodeError):
        raise InvalidProof("dpop.uri") from None
    return f"{raw.scheme}://{host}{path.decode('ascii')}"


@lru_cache(maxsize=_MAX_KNOWN_KEYS)
def _proof_key(header: bytes) -> tuple[VerificationKey, str]:
    """The key of a header, and its thumbprint.

    A client's proofs all begin with the same header, so a few thousand are remembered. That a key
    is well formed says nothing about who holds it.
    """
    if len(header) > _MAX_HEADER:
        raise InvalidProof("dpop.header")
    parameters = _object(header, _HEADER_LIMITS, "dpop.header")
    if parameters.get("typ") != _TYPE:
        raise InvalidProof("dpop.type")
    if not _REFUSED_PARAMETERS.isdisjoint(parameters):
        raise InvalidProof("dpop.header")
    algorithm, jwk = parameters.get("alg"), parameters.get("jwk")
    # SECURITY: check 5 of RFC 9449 §4.3; an exact member of our list, never a MAC (B-198).
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise InvalidProof("dpop.algorithm")
    if not isinstance(jwk, dict) or not _PRIVATE.isdisjoint(jwk):
        raise InvalidProof("dpop.key")
    if len(str(jwk.get("n", ""))) > _MAX_RSA_CHARACTERS:
        raise InvalidProof("dpop.key")
    try:
        key = admit(jwk, algorithms=(algorithm,))
        if key is None:
            raise InvalidProof("dpop.key")
        return key, thumbprint(jwk)
    except (RefusedKey, ValueError):
        raise InvalidProof("dpop.key") from None


def _claims(payload: bytes) -> dict[str, Any]:
    return _object(payload, _CLAIMS_LIMITS, "dpop.claims")


def _object(text: bytes, limits: JSONLimits, reason: ProofReason) -> dict[str, Any]:
    try:
        value = parse_json(base64url.decode(text), limits)
    except (ValueError, MalformedJSON):
        raise InvalidProof(reason) from None
    if not isinstance(value, dict):
        raise InvalidProof(reason)
    return value


def _judge_signature(key: VerificationKey, signing_input: bytes, signature: bytes) -> None:
    try:
        key.verify(signing_input, base64url.decode(signature))
    except (InvalidToken, ValueError):
        raise InvalidProof("dpop.signature") from None


def _issued_at(value: object, now: float) -> float:
    # A boolean is an int in Python and not a NumericDate anywhere.
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidProof("dpop.claims")
    if now - value > WINDOW:
        raise InvalidProof("dpop.expired")
    if value - now > WINDOW:
        raise InvalidProof("dpop.not-yet")
    return float(value)


def _judge_token(ath: object, access_token: bytes) -> None:
    # RFC 9449 §4.3 check 12: `ath` is the hash of the token that came with the proof (B-197).
    expected = base64url_digest(access_token)
    if not isinstance(ath, str) or not ath.isascii() or not hmac.compare_digest(ath, expected):
        raise InvalidProof("dpop.token")


def _nonce_made_at(
    nonce: object, nonces: Nonces | None, now: float, *, is_needed: bool
) -> float | None:
    if nonces is None or (nonce is None and not is_needed):
        return None
    if not isinstance(nonce, str):
        raise InvalidProof("dpop.nonce")
    try:
        return nonces.made_at(nonce, now)
    except UnknownNonce:
        # SECURITY: also where none is needed. A proof that names one was made for a server that
        # gave it, and not for us now (B-199).
        raise InvalidProof("dpop.nonce") from None


def _replay_id(jkt: str, uri: str, jti: str) -> bytes:
    # The thumbprint has one length, and a normalised URI has no control character.
    text = f"{jkt}{uri}\0{jti}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).digest()
