"""Regular expressions of a contract: linear time or not at all (B-122)."""

from __future__ import annotations

import re

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from vallum.openapi.problems import Problems

LINEAR = RegexOptions()
"""The engine that cannot backtrack: no look-around, no back-references."""

_LOOKS_BACK = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9k]|\(\?>")


class Patterns:
    """Which patterns the linear engine takes; each is tried once."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._known: dict[str, bool] = {}

    def check(self, pattern: str, pointer: str) -> bool:
        """Whether `pattern` can be used; a warning says so where it cannot."""
        usable = self._known.get(pattern)
        if usable is None:
            usable = self._known[pattern] = is_enforced(pattern)
        if not usable:
            if _LOOKS_BACK.search(pattern):
                message = "the pattern is not enforced: it cannot be checked in linear time"
                hint = "write it without look-around and back-references"
            else:
                message = "the pattern is not enforced: it is not a regular expression of ECMA 262"
                hint = "escape literal brackets and braces; write `^` and `$` for both ends"
            self._problems.warn(pointer, message, hint)
        return usable


def is_enforced(pattern: str) -> bool:
    """Whether the linear engine takes a pattern; what it does not take, nobody holds texts to."""
    try:
        Draft202012Validator({"pattern": pattern}, pattern_options=LINEAR, offline=True)
    except ValidationError:
        return False
    return True
