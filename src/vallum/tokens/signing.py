"""Making compact JWTs (RFC 7515 §7.1) with one key of ours."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, cast

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")
_ECDSA: Final = ECDSA(SHA256())

SIGNING_ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")
"""What this provider can sign with."""


def to_base64url(value: bytes) -> str:
    """RFC 7515 §2: base64url without padding."""
    return b2a_base64(value, newline=False).rstrip(b"=").translate(_TO_BASE64URL).decode("ascii")


class Signer:
    """A private key, bound to one algorithm and one key id."""

    __slots__ = ("_headers", "_key", "_sign", "algorithm", "kid", "public_jwk")

    def __init__(self, private_jwk: Mapping[str, Any]) -> None:
        """
        Args:
            private_jwk: with `kid` and `alg` (RFC 7517).

        Raises:
            ValueError: its algorithm is none of ours.
        """
        self.kid: Final = str(private_jwk["kid"])
        self.algorithm: Final = str(private_jwk["alg"])
        if self.algorithm not in SIGNING_ALGORITHMS:
            raise ValueError(f"cannot sign with `{self.algorithm}`")
        self._key = KeySet.import_key_set({"keys": [dict(private_jwk)]}).keys[0]
        self._sign = _signing(self.algorithm, self._key)
        self._headers: dict[str, bytes] = {}
        self.public_jwk: Final = {
            **self._key.as_dict(private=False),
            "kid": self.kid,
            "alg": self.algorithm,
            "use": "sig",
        }

    def sign(self, claims: Mapping[str, Any], type_: str) -> str:
        """A JWT with these claims and this `typ`."""
        header = self._headers.get(type_)
        if header is None:
            fields = {"alg": self.algorithm, "kid": self.kid, "typ": type_}
            header = self._headers[type_] = to_base64url(orjson.dumps(fields)).encode("ascii")
        signing_input = header + b"." + to_base64url(orjson.dumps(claims)).encode("ascii")
        signature = self._sign(signing_input)
        return f"{signing_input.decode('ascii')}.{to_base64url(signature)}"


def _signing(algorithm: str, key: Any) -> Callable[[bytes], bytes]:
    if algorithm != "ES256":
        model = JWSRegistry.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
        return partial(model.sign, key=key)
    private: EllipticCurvePrivateKey = key.private_key

    # The token endpoint signs all the time, mostly with this algorithm; a third of the library's
    # time goes by around the signature.
    def sign(signing_input: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(signing_input, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def new_private_jwk(algorithm: str, kid: str) -> dict[str, Any]:
    """A new key pair; RSA with 3072 bits.

    Raises:
        ValueError: the algorithm is none of ours.
    """
    key: ECKey | OKPKey | RSAKey
    if algorithm == "ES256":
        key = ECKey.generate_key("P-256")
    elif algorithm == "EdDSA":
        key = OKPKey.generate_key("Ed25519")
    elif algorithm == "RS256":
        key = RSAKey.generate_key(3072)
    else:
        raise ValueError(f"cannot sign with `{algorithm}`")
    return {**cast("dict[str, Any]", key.as_dict(private=True)), "kid": kid, "alg": algorithm}
