"""Keys that look right and protect nothing (B-148)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

_FEWEST_VALUES: Final = 8
"""Different byte values in a secret; 32 random bytes have fewer once in about 10^28."""

_ROCA_PRIMES: Final = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83),
    *(89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)


class WeakSecrets:
    """The secrets that are refused as HMAC keys: those with a pattern, and those that are known."""

    __slots__ = ("_known",)

    def __init__(self, known: Iterable[bytes] = ()) -> None:
        """
        Args:
            known: lines of a dictionary of secrets that attackers try, with or without their ends.
        """
        self._known = frozenset(line.rstrip(b"\r\n") for line in known)

    def __contains__(self, secret: object) -> bool:
        return isinstance(secret, bytes) and (secret in self._known or is_guessable(secret))


def is_guessable(secret: bytes) -> bool:
    """Whether a secret has an obvious pattern: few values, a repetition, or even steps."""
    if len(set(secret)) < _FEWEST_VALUES:
        return True
    # A text is a repetition of a shorter one exactly when it occurs within its own double
    # other than at both ends.
    if secret in (secret + secret)[1:-1]:
        return True
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    return len(steps) == 1


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether an RSA modulus was made by the flawed generator of CVE-2017-15361.

    Its primes are of the form k·M + (65537^a mod M), M a product of small primes, so the modulus
    is a power of 65537 modulo each of them (Nemec et al., "The Return of Coppersmith's Attack",
    CCS 2017, §2.2). Another modulus has this property once in more than 10^8.
    """
    return all(modulus % prime in _powers(prime) for prime in _ROCA_PRIMES)


def _powers(prime: int) -> set[int]:
    powers = set()
    power = 1
    while power not in powers:
        powers.add(power)
        power = power * 65537 % prime
    return powers
