"""One JSON Web Key (RFC 7517): judged once, then bound to exactly one algorithm."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from vallum.tokens.algorithms import ALGORITHMS, Algorithm
from vallum.tokens.base64url import decode_text
from vallum.tokens.errors import InvalidToken, RefusedKey
from vallum.tokens.weak import WeakSecrets, has_roca_fingerprint

KID: Final = re.compile(r"[A-Za-z0-9._~=@-]{1,128}")
"""What a key id may be (B-133). `@` is there because real issuers use it (RFC 7515 A.1 ff)."""

RSA_BITS: Final = range(2048, 8193)
"""RFC 7518 §3.3: 2048 bits or larger MUST be used. The upper end bounds the work of a check."""

WEAK_SECRETS: Final = WeakSecrets()
"""Secrets with an obvious pattern; what is refused where there is no dictionary."""

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
"""What only who signs has of a key (RFC 7518 §6.2.2, §6.3.2)."""
_COORDINATE_BYTES: Final = {"P-256": 32, "P-384": 48, "P-521": 66}
_ECDSA: Final = {"P-256": ECDSA(SHA256()), "P-384": ECDSA(SHA384()), "P-521": ECDSA(SHA512())}
_OKP_BYTES: Final = {"Ed25519": 32, "Ed448": 57}

# y coordinates of the points whose order divides the cofactor (RFC 8032 §5.1.7, §5.2.7): such a
# key verifies forged signatures. The two large ones are the points of order 8.
_ED25519_P: Final = 2**255 - 19
_ED25519_Y8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_ED448_P: Final = 2**448 - 2**224 - 1
_SMALL_ORDER: Final = {
    "Ed25519": frozenset({0, 1, _ED25519_P - 1, _ED25519_Y8, _ED25519_P - _ED25519_Y8}),
    "Ed448": frozenset({0, 1, _ED448_P - 1}),
}
_FIELD: Final = {"Ed25519": _ED25519_P, "Ed448": _ED448_P}


SIGNATURES: Final = ("sig",)
"""`use` of keys that verify signatures (RFC 7517 §4.2)."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key that may verify signatures of one algorithm and nothing else (RFC 8725 §3.1)."""

    kid: str | None
    algorithm: Algorithm
    _key: Any = field(repr=False)

    def verify(self, signing_input: bytes, signature: bytes) -> None:
        """Check one signature, in constant time for MACs.

        Raises:
            InvalidToken: `jwt.signature`.
        """
        try:
            if self.algorithm.key_type == "EC":
                is_genuine = _is_ecdsa(self._key, self.algorithm.curve, signing_input, signature)
            else:
                is_genuine = self.algorithm.model.verify(signing_input, signature, self._key)
        except ValueError:
            # Lengths and numbers that the library does not even begin to look at.
            is_genuine = False
        if is_genuine is not True:
            raise InvalidToken("jwt.signature")


def _is_ecdsa(
    key: EllipticCurvePublicKey, curve: str, signing_input: bytes, signature: bytes
) -> bool:
    """What joserfc does, without its look-ups: proofs are verified on every request."""
    size = _COORDINATE_BYTES[curve]
    # RFC 7518 §3.4: R and S, each of the full size of a coordinate.
    if len(signature) != 2 * size:
        return False
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signing_input, _ECDSA[curve])
    except InvalidSignature:
        return False
    return True


def admit(
    jwk: Mapping[str, Any],
    *,
    algorithms: Collection[str],
    weak_secrets: Container[bytes] = WEAK_SECRETS,
    uses: Container[str] = SIGNATURES,
) -> VerificationKey | None:
    """Judge one member of a JWK Set.

    Args:
        jwk: the key as JSON.
        algorithms: what its issuer may sign with.
        weak_secrets: HMAC keys to refuse.
        uses: what `use` says of a key that is meant for verifying.

    Returns:
        The key, or None when it is not meant for verifying tokens of this issuer: another use,
        another algorithm, an unknown type (RFC 7517 §5 asks to ignore those).

    Raises:
        RefusedKey: it is meant for that and must not be trusted.
    """
    if not _is_for_verifying(jwk, uses):
        return None
    algorithm = _algorithm_of(jwk, algorithms)
    if algorithm is None:
        return None
    kid = jwk.get("kid")
    if kid is not None and (not isinstance(kid, str) or KID.fullmatch(kid) is None):
        raise RefusedKey("kid")
    # SECURITY: a private key that was published is everyone's key (B-151).
    if not algorithm.is_symmetric and not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise RefusedKey("private")
    try:
        key = _ADMIT[algorithm.key_type](jwk, algorithm, weak_secrets)
    except RefusedKey:
        raise
    except (ValueError, JoseError):
        raise RefusedKey("malformed") from None
    return VerificationKey(kid, algorithm, key)


def _is_for_verifying(jwk: Mapping[str, Any], uses: Container[str]) -> bool:
    # RFC 7517 §4.2, §4.3: `use` and `key_ops` say what a key is for. Absent: for anything.
    if jwk.get("use", "sig") not in uses:
        return False
    operations = jwk.get("key_ops", ["verify"])
    return isinstance(operations, list) and "verify" in operations


def _algorithm_of(jwk: Mapping[str, Any], allowed: Collection[str]) -> Algorithm | None:
    key_type, curve = jwk.get("kty"), jwk.get("crv", "")
    if "alg" in jwk:
        name = jwk["alg"]
        algorithm = ALGORITHMS.get(name) if isinstance(name, str) else None
        if algorithm is None or algorithm.name not in allowed:
            return None
        if algorithm.key_type != key_type or algorithm.curve != (curve if algorithm.curve else ""):
            raise RefusedKey("alg-mismatch")
        return algorithm
    fitting = [
        algorithm
        for algorithm in map(ALGORITHMS.__getitem__, allowed)
        if algorithm.key_type == key_type and algorithm.curve in ("", curve)
    ]
    # SECURITY: one key, one algorithm (B-129). Where neither the key nor the allow-list says
    # which, guessing would let the token choose.
    if len(fitting) > 1:
        raise RefusedKey("alg-ambiguous")
    return fitting[0] if fitting else None


def _admit_rsa(jwk: Mapping[str, Any], algorithm: Algorithm, weak: Container[bytes]) -> RSAKey:
    modulus = int.from_bytes(decode_text(jwk.get("n")), "big")
    exponent = int.from_bytes(decode_text(jwk.get("e")), "big")
    if modulus.bit_length() not in RSA_BITS:
        raise RefusedKey("weak-rsa")
    # RFC 8017 §3.1: the exponent is odd and between 3 and n - 1. Huge ones only cost time.
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 33 or modulus % 2 == 0:
        raise RefusedKey("rsa-exponent")
    if has_roca_fingerprint(modulus):
        raise RefusedKey("roca")
    return RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})


def _admit_ec(
    jwk: Mapping[str, Any], algorithm: Algorithm, weak: Container[bytes]
) -> EllipticCurvePublicKey:
    # RFC 7518 §6.2.1.2: the length of the octet string MUST be the full size of a coordinate.
    for name in ("x", "y"):
        if len(decode_text(jwk.get(name))) != _COORDINATE_BYTES[algorithm.curve]:
            raise RefusedKey("malformed")
    # The library refuses points that are not on the curve.
    key = ECKey.import_key({"kty": "EC", "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"]})
    return key.public_key


def _admit_okp(jwk: Mapping[str, Any], algorithm: Algorithm, weak: Container[bytes]) -> OKPKey:
    point = decode_text(jwk.get("x"))
    if len(point) != _OKP_BYTES[algorithm.curve]:
        raise RefusedKey("malformed")
    # The most significant bit is the sign of x (RFC 8032 §5.1.2, §5.2.2).
    y = int.from_bytes(point, "little") & ~(1 << (len(point) * 8 - 1))
    if y >= _FIELD[algorithm.curve] or y in _SMALL_ORDER[algorithm.curve]:
        raise RefusedKey("small-order")
    return OKPKey.import_key({"kty": "OKP", "crv": jwk["crv"], "x": jwk["x"]})


def _admit_oct(jwk: Mapping[str, Any], algorithm: Algorithm, weak: Container[bytes]) -> OctKey:
    text = jwk.get("k")
    secret = decode_text(text)
    if len(secret) < algorithm.secret_bytes:
        raise RefusedKey("short-secret")
    # Both the bytes and their text: people paste a password where base64url belongs.
    if secret in weak or str(text).encode("ascii") in weak:
        raise RefusedKey("weak-secret")
    return OctKey.import_key({"kty": "oct", "k": str(text)})


_ADMIT: Final[dict[str, Callable[[Mapping[str, Any], Algorithm, Container[bytes]], object]]] = {
    "RSA": _admit_rsa,
    "EC": _admit_ec,
    "OKP": _admit_okp,
    "oct": _admit_oct,
}
