"""Which public keys of authenticators are taken (RFC 9053): of three kinds, each spelt in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from vallum.tokens.weak import has_roca_fingerprint

_KTY, _ALG, _CRV, _X, _Y = 1, 3, -1, -2, -3
_N, _E = -1, -2
_OKP, _EC2, _RSA = 1, 2, 3
_P256, _ED25519 = 1, 6
ES256: Final = -7
EDDSA: Final = -8
RS256: Final = -257

ALGORITHMS: Final = (ES256, EDDSA, RS256)
"""Those that authenticators are asked for, the best first."""
_RSA_BYTES: Final = range(256, 513)


class BadKey(ValueError):  # noqa: N818  (a verdict on a key)
    """A public key that is none, or of an algorithm that nobody asked for."""


def require_key(key: Any) -> None:
    """Refuse what is no key of ours, before it is kept.

    Raises:
        BadKey: another algorithm, a member too many or too few, or no point of the curve.
    """
    check = _CHECKS.get(key.get(_ALG)) if isinstance(key, dict) else None
    if check is None:
        raise BadKey("not one of the algorithms that were asked for")
    check(key)


def _es256(key: Mapping[int, Any]) -> None:
    _members(key, {_KTY: _EC2, _ALG: ES256, _CRV: _P256}, (_X, _Y))
    point = _bytes(key[_X], 32) + _bytes(key[_Y], 32)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
    except ValueError:
        raise BadKey("no point of the curve") from None


def _eddsa(key: Mapping[int, Any]) -> None:
    _members(key, {_KTY: _OKP, _ALG: EDDSA, _CRV: _ED25519}, (_X,))
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(_bytes(key[_X], 32))
    except ValueError:
        raise BadKey("no point of the curve") from None


def _rs256(key: Mapping[int, Any]) -> None:
    _members(key, {_KTY: _RSA, _ALG: RS256}, (_N, _E))
    modulus = key[_N]
    if not isinstance(modulus, bytes) or len(modulus) not in _RSA_BYTES or not modulus[0] & 0x80:
        raise BadKey("a modulus of another length")
    if key[_E] != b"\x01\x00\x01":
        raise BadKey("an unusual exponent")
    if has_roca_fingerprint(int.from_bytes(modulus, "big")):
        raise BadKey("made by a generator that is broken")


def _members(key: Mapping[int, Any], fixed: Mapping[int, int], others: tuple[int, ...]) -> None:
    if key.keys() != {*fixed, *others}:
        raise BadKey("other members than it must have")
    if any(type(key[name]) is not int or key[name] != value for name, value in fixed.items()):
        raise BadKey("of another type or curve")


def _bytes(value: Any, length: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != length:
        raise BadKey("a coordinate of another length")
    return value


_CHECKS: Final[Mapping[Any, Callable[[Mapping[int, Any]], None]]] = {
    ES256: _es256,
    EDDSA: _eddsa,
    RS256: _rs256,
}
