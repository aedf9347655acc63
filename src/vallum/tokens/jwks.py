"""A JWK Set (RFC 7517 §5): parsed strictly, or refused whole so that the last good one stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Container, Sequence
from typing import Any, Final, Protocol

from vallum.tokens.errors import InvalidKeySet, InvalidToken, RefusedKey
from vallum.tokens.jwk import PRIVATE_MEMBERS, SIGNATURES, WEAK_SECRETS, VerificationKey, admit
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

MAX_DOCUMENT: Final = 256 * 1024
"""Bytes of a JWK Set (B-151)."""

MAX_KEYS: Final = 100
"""Keys of a JWK Set."""

MAX_CANDIDATES: Final = 3
"""Keys that are tried for a token without `kid` (B-135)."""

_LIMITS: Final = JSONLimits(depth=8, width=MAX_KEYS, string=32 * 1024)


class KeySet:
    """The verification keys of one issuer at one time."""

    __slots__ = ("_by_kid", "keys", "problems")

    def __init__(self, keys: Sequence[VerificationKey] = (), problems: Sequence[str] = ()) -> None:
        self.keys = tuple(keys)
        self.problems = tuple(problems)
        """Keys that were left out and why, as `kid: code`; for the operator."""
        self._by_kid = {key.kid: key for key in keys if key.kid is not None}

    def __contains__(self, kid: object) -> bool:
        return kid in self._by_kid

    def __len__(self) -> int:
        return len(self.keys)

    def candidates(self, kid: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """The keys that may have signed a token with this `kid` and `alg`.

        Raises:
            InvalidToken: `jwt.key-unknown`, or `jwt.alg` when the key is for another algorithm.
        """
        if kid is not None:
            key = self._by_kid.get(kid)
            if key is None:
                raise InvalidToken("jwt.key-unknown")
            if key.algorithm.name != algorithm:
                raise InvalidToken("jwt.alg")
            return (key,)
        fitting = tuple(key for key in self.keys if key.algorithm.name == algorithm)
        if not 0 < len(fitting) <= MAX_CANDIDATES:
            raise InvalidToken("jwt.key-unknown")
        return fitting


class KeySource(Protocol):
    """Where the keys of one issuer come from."""

    @property
    def version(self) -> int:
        """Another number whenever the keys are others."""
        ...

    def keys(self, kid: str | None) -> KeySet | Awaitable[KeySet]:
        """The present keys; an awaitable when they must be fetched because `kid` is unknown.

        Raises:
            KeysUnavailable: (of the store room) there are none, or none recent enough to trust.
        """
        ...


def parse_jwks(
    document: bytes,
    *,
    algorithms: tuple[str, ...],
    weak_secrets: Container[bytes] = WEAK_SECRETS,
    uses: Container[str] = SIGNATURES,
) -> KeySet:
    """Read a JWK Set.

    Args:
        document: the JSON text.
        algorithms: what the issuer may sign with; keys for others are left out.
        weak_secrets: HMAC keys to refuse.
        uses: what `use` says of the keys that are meant.

    Raises:
        InvalidKeySet: not a JWK Set, ambiguous, or without a single usable key.
    """
    keys: list[VerificationKey] = []
    problems: list[str] = []
    kids: Counter[str] = Counter()
    for jwk in _members(document):
        kid = str(jwk.get("kid", ""))
        try:
            key = admit(jwk, algorithms=algorithms, weak_secrets=weak_secrets, uses=uses)
        except RefusedKey as refusal:
            # `!a` keeps control characters of a hostile document out of the operator's log.
            problems.append(f"{kid[:128]!a}: {refusal}")
            kids[kid] += 1
            continue
        if key is not None:
            keys.append(key)
            kids[kid] += 1
    # SECURITY: which of two keys is meant must never depend on who reads the set (B-135).
    if any(number > 1 for kid, number in kids.items() if kid):
        raise InvalidKeySet("two keys have the same kid")
    if not keys:
        raise InvalidKeySet(f"no usable key ({'; '.join(problems) or 'none for this issuer'})")
    return KeySet(keys, problems)


def private_keys(document: bytes) -> tuple[str, ...]:
    """The private keys in a JWK Set, by `kid`; whoever reads it could sign for its owner.

    Raises:
        InvalidKeySet: not a JWK Set.
    """
    return tuple(
        str(jwk.get("kid", "without a kid"))[:128]
        for jwk in _members(document)
        if jwk.get("kty") != "oct" and not PRIVATE_MEMBERS.isdisjoint(jwk)
    )


def _members(document: bytes) -> list[dict[str, Any]]:
    if len(document) > MAX_DOCUMENT:
        raise InvalidKeySet("larger than 256 KiB")
    try:
        value = parse_json(document, _LIMITS)
    except MalformedJSON as error:
        raise InvalidKeySet(f"not strict JSON ({error.code})") from None
    members = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(members, list) or not all(isinstance(jwk, dict) for jwk in members):
        raise InvalidKeySet("not a JWK Set: `keys` must be an array of objects")
    # SECURITY: a secret beside public keys means that one of them is in the wrong hands, and that
    # one could be taken for the other (B-128).
    if len({jwk.get("kty") == "oct" for jwk in members}) > 1:
        raise InvalidKeySet("symmetric and public keys in one set")
    return members
