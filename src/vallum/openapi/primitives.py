"""Text to primitive values, strictly: what does not spell a type exactly is not of that type.

No coercion (B-104): `1e3` is no integer, `True` is no boolean, ` 5` is nothing but text.
"""

from __future__ import annotations

import re
from typing import Final

from vallum.openapi.shapes import Shape
from vallum.wire.json_exact import MAX_SAFE_INTEGER, check_number

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})").fullmatch
_BOOLEANS: Final = {"true": True, "false": False}


class NotOfTypeError(ValueError):
    """The text does not spell a value of a declared type."""


def integer(text: str, *, int64: bool) -> int:
    """Read an integer.

    Raises:
        NotOfTypeError: not `-?(0|[1-9][0-9]*)`, or outside the interoperable range.
    """
    if _INTEGER(text) is None:
        raise NotOfTypeError("integer")
    value = int(text)
    if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER and not (
        int64 and -(2**63) <= value < 2**63
    ):
        raise NotOfTypeError("integer")
    return value


def number(text: str) -> float:
    """Read a number by the grammar of JSON (RFC 8259 §6).

    Raises:
        NotOfTypeError: another spelling, or outside the range of a double.
    """
    try:
        check_number(text, int64=False)
    except ValueError:
        raise NotOfTypeError("number") from None
    return float(text)


def primitive(text: str, shape: Shape) -> str | int | float | bool | None:
    """Read `text` as the narrowest type that the shape allows.

    Raises:
        NotOfTypeError: it spells none of them.
    """
    types = shape.types
    if not types:
        return text
    if "integer" in types and _INTEGER(text):
        return integer(text, int64=shape.int64)
    if "boolean" in types and text in _BOOLEANS:
        return _BOOLEANS[text]
    if "null" in types and text in ("", "null"):
        return None
    if "number" in types:
        try:
            return number(text)
        except NotOfTypeError:
            if "string" not in types:
                raise
    if "string" in types:
        return text
    raise NotOfTypeError(" or ".join(sorted(types)))
