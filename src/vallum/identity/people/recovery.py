"""Recovery codes as people see them: made, written down, typed in again."""

from __future__ import annotations

import secrets
from typing import Final

HOW_MANY: Final = 10
# Crockford's base32: no I, L, O and U, which are taken for others when they are read or heard.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS: Final = 24
"""120 bits: from 112 on a code needs no slow hash (ASVS 5.0, 6.5.2), and one UPDATE can use it."""
_GROUP: Final = 4
_MEANT: Final = str.maketrans("ILO", "110", " -\u00a0\u2010\u2011\u2012\u2013")


def new_codes() -> tuple[str, ...]:
    """Ten new codes, such as `7K3M-…`."""
    return tuple(_new_code() for _ in range(HOW_MANY))


def canonical_code(typed: str) -> str | None:
    """The code that somebody typed, without what makes it readable; None where it can be none."""
    code = typed[:128].upper().translate(_MEANT)
    if len(code) != _CHARACTERS or not set(code) <= set(_ALPHABET):
        return None
    return code


def _new_code() -> str:
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
    return "-".join(code[place : place + _GROUP] for place in range(0, _CHARACTERS, _GROUP))
