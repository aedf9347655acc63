"""The signature algorithms that can be allowed, and the kind of key that each needs.

The mathematics is joserfc's and cryptography's. `none` and the algorithms on secp256k1 are not in
the table, so nothing can allow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from joserfc.jws import JWSRegistry

KeyType = Literal["RSA", "EC", "OKP", "oct"]


class SignatureCheck(Protocol):
    """What we use of joserfc's algorithm objects."""

    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool:
        """Whether `key` signed `msg`."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One value of `alg`."""

    name: str
    key_type: KeyType
    curve: str
    """`crv` of the keys that it works with; empty for RSA and oct."""
    secret_bytes: int
    """RFC 7518 §3.2: a MAC key of the size of the hash output or larger MUST be used."""
    model: SignatureCheck

    @property
    def is_symmetric(self) -> bool:
        """Whether whoever can verify can also sign."""
        return self.key_type == "oct"


def _algorithm(
    name: str, key_type: KeyType, curve: str = "", secret_bytes: int = 0, model: str = ""
) -> Algorithm:
    return Algorithm(name, key_type, curve, secret_bytes, JWSRegistry.algorithms[model or name])


ALGORITHMS: Final[dict[str, Algorithm]] = {
    algorithm.name: algorithm
    for algorithm in (
        *(_algorithm(name, "RSA") for name in ("RS256", "RS384", "RS512")),
        *(_algorithm(name, "RSA") for name in ("PS256", "PS384", "PS512")),
        _algorithm("ES256", "EC", "P-256"),
        _algorithm("ES384", "EC", "P-384"),
        _algorithm("ES512", "EC", "P-521"),
        # RFC 9864 deprecates the polymorphic `EdDSA`. We are stricter than RFC 8037 and give it
        # the one meaning that it has in practice, so that a key is bound to one curve (B-129).
        _algorithm("EdDSA", "OKP", "Ed25519", model="Ed25519"),
        _algorithm("Ed25519", "OKP", "Ed25519"),
        _algorithm("Ed448", "OKP", "Ed448"),
        _algorithm("HS256", "oct", secret_bytes=32),
        _algorithm("HS384", "oct", secret_bytes=48),
        _algorithm("HS512", "oct", secret_bytes=64),
    )
}
"""Every algorithm by name."""


SVID_ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
)
"""Those of workloads' tokens (SPIFFE JWT-SVID §2.1): no MAC, no `none`, no EdDSA."""


def require_algorithms(names: tuple[str, ...]) -> None:
    """Judge an allow-list.

    Raises:
        ValueError: empty (there is no default), an unknown name, or HMAC beside signatures.
    """
    if not names:
        raise ValueError("no algorithm is allowed: name at least one, such as RS256")
    for name in names:
        if name not in ALGORITHMS:
            raise ValueError(f"unknown algorithm `{name}`; known are {', '.join(ALGORITHMS)}")
    # SECURITY: RFC 8725 §3.1. With both, a public key can be taken for a MAC key (B-128).
    if len({ALGORITHMS[name].is_symmetric for name in names}) > 1:
        raise ValueError("HMAC algorithms cannot be allowed together with signature algorithms")
