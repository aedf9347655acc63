"""Whether a schema leaves room for a text that could do harm.

What a format, an enumeration or a tight pattern pins down needs no detector: the validator has
judged it already.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found, unused-ignore]
import re._parser as sre_parser  # type: ignore[import-not-found, unused-ignore]
from typing import Any, Final

from vallum.openapi.patterns import is_enforced

PINNING_FORMATS: Final = frozenset(
    ["uuid", "date", "date-time", "time", "duration", "ipv4", "ipv6", "hostname"]
)
"""Formats (asserted by the validator) whose every value is harmless."""

_SHORTEST_HARM: Final = 3
"""No family has an attack of fewer characters."""
_TIGHT: Final = frozenset(map(ord, "_-.:+"))
_LONGEST_RANGE: Final = 26


def is_pinned(schema: dict[str, Any]) -> bool:
    """Whether every string that `schema` takes, by its own keywords, is harmless."""
    if "enum" in schema or "const" in schema:
        return True
    longest = schema.get("maxLength")
    if isinstance(longest, int) and longest < _SHORTEST_HARM:
        return True
    if schema.get("format") in PINNING_FORMATS:
        return True
    pattern = schema.get("pattern")
    # SECURITY: `{,3}` is a repetition to the parser below, and nothing to the validator's engine.
    return isinstance(pattern, str) and is_tight(pattern) and is_enforced(pattern)


def is_tight(pattern: str) -> bool:
    """Whether a pattern takes whole strings of letters, digits and `_-.:+` only.

    Anything that is not plainly so, a pattern that is not anchored at both ends included, is not.
    """
    if not pattern.startswith("^") or not pattern.endswith("$") or "|" in pattern:
        return False
    try:
        parsed = sre_parser.parse(pattern[1:-1])
    except (re.error, ValueError, RecursionError, OverflowError):
        return False
    return _all_tight(parsed)


def _all_tight(parsed: Any) -> bool:
    return all(_is_tight_part(code, argument) for code, argument in parsed)


def _is_tight_part(code: Any, argument: Any) -> bool:
    if code is sre.LITERAL:
        return _is_tight_character(argument)
    if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _all_tight(argument[2])
    if code is sre.SUBPATTERN:
        return _all_tight(argument[3])
    return code is sre.IN and all(_is_tight_set(*part) for part in argument)


def _is_tight_set(code: Any, argument: Any) -> bool:
    if code is sre.LITERAL:
        return _is_tight_character(argument)
    if code is sre.RANGE:
        first, last = argument
        return last - first < _LONGEST_RANGE and all(
            _is_tight_character(point) for point in range(first, last + 1)
        )
    # `\d` is digits of every alphabet to some readers; none of them is a mark.
    return code is sre.CATEGORY and argument in (sre.CATEGORY_DIGIT, sre.CATEGORY_WORD)


def _is_tight_character(point: int) -> bool:
    return point in _TIGHT or (point < 128 and chr(point).isalnum())
