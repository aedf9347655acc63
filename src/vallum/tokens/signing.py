"""Making compact JWTs (RFC 7515 §7.1) with one key of ours."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any, Final, cast

import orjson
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")

SIGNING_ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")
"""What this provider can sign with."""


def to_base64url(value: bytes) -> str:
    """RFC 7515 §2: base64url without padding."""
    return b2a_base64(value, newline=False).rstrip(b"=").translate(_TO_BASE64URL).decode("ascii")


class Signer:
    """A private key, bound to one algorithm and one key id."""

    __slots__ = ("_headers", "_key", "_model", "algorithm", "kid", "public_jwk")

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
        name = "Ed25519" if self.algorithm == "EdDSA" else self.algorithm
        self._model = JWSRegistry.algorithms[name]
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
        signature = self._model.sign(signing_input, self._key)
        return f"{signing_input.decode('ascii')}.{to_base64url(signature)}"


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
